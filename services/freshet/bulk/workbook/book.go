package workbook

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

const (
	// maxPart bounds what is read as a whole (names, formats), in bytes of XML; maxTexts the texts that cells share, in bytes.
	maxPart, maxTexts = 64 << 20, 256 << 20
	// maxUnpacked bounds a part that is streamed, in bytes; maxRatio is how many times more than it is packed, for parts beyond maxPart: real sheets
	// come to 50 times.
	maxUnpacked, maxRatio = 16 << 30, 400
)

// Sheet is one sheet of cells.
type Sheet struct {
	Name string
	// Hidden sheets are not shown to people.
	Hidden bool
	// Size is about how much there is in it, for comparing sheets: the bytes of its XML.
	Size int64

	part *zip.File
}

// Book is an open workbook.
type Book struct {
	// Sheets in the order of their tabs.
	Sheets []Sheet

	epoch1904 bool
	parts     map[string]*zip.File
	formats   []format // by a cell's style
	texts     []string
}

// Is says that a file is a workbook of Excel that this package reads.
func Is(r io.ReaderAt, size int64) bool {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return false
	}
	for _, f := range archive.File {
		if f.Name == "xl/workbook.xml" {
			return true
		}
	}
	return false
}

// Open reads what the sheets of a workbook have in common.
func Open(r io.ReaderAt, size int64) (*Book, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("open the workbook: %w", err)
	}
	b := &Book{parts: map[string]*zip.File{}}
	for _, f := range archive.File {
		b.parts[f.Name] = f
	}
	targets, err := b.relations()
	if err != nil {
		return nil, err
	}
	for _, step := range []func(map[string]target) error{b.readBook, b.readStyles, b.readTexts} {
		if err := step(targets); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// target is a part that the workbook names.
type target struct{ kind, part string }

// relations are the parts of the workbook by the ids it calls them.
func (b *Book) relations() (map[string]target, error) {
	var doc struct {
		Relations []struct {
			ID     string `xml:"Id,attr"`
			Type   string `xml:"Type,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := b.whole("xl/_rels/workbook.xml.rels", &doc); err != nil {
		return nil, err
	}
	out := map[string]target{}
	for _, r := range doc.Relations {
		at := r.Target
		if !strings.HasPrefix(at, "/") {
			at = path.Join("xl", at)
		}
		out[r.ID] = target{path.Base(r.Type), strings.TrimPrefix(at, "/")}
	}
	return out, nil
}

// readBook reads the names of the sheets and the epoch.
func (b *Book) readBook(targets map[string]target) error {
	var doc struct {
		Settings struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name  string     `xml:"name,attr"`
			State string     `xml:"state,attr"`
			Attrs []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := b.whole("xl/workbook.xml", &doc); err != nil {
		return err
	}
	b.epoch1904 = doc.Settings.Date1904 == "1" || doc.Settings.Date1904 == "true"
	for _, s := range doc.Sheets {
		for _, a := range s.Attrs {
			to, ok := targets[a.Value]
			part := b.parts[to.part]
			if a.Name.Local != "id" || !ok || part == nil || to.kind != "worksheet" { // a sheet may be a chart
				continue
			}
			b.Sheets = append(b.Sheets, Sheet{Name: s.Name, Hidden: s.State != "" && s.State != "visible", Size: int64(part.UncompressedSize64), part: part}) //nolint:gosec // bounded by open
		}
	}
	if len(b.Sheets) == 0 {
		return errors.New("the workbook has no sheet of cells")
	}
	return nil
}

// of is the part of a kind; nil when there is none.
func (b *Book) of(kind string, targets map[string]target) *zip.File {
	for _, t := range targets {
		if t.kind == kind {
			return b.parts[t.part]
		}
	}
	return nil
}

// whole reads a small part.
func (b *Book) whole(name string, into any) error {
	f := b.parts[name]
	if f == nil {
		return fmt.Errorf("the workbook is not complete: %s is missing", name)
	}
	r, err := open(f, maxPart)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	d := xml.NewDecoder(r)
	d.CharsetReader = charset
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("read %s of the workbook: %w", f.Name, err)
	}
	return nil
}

// open unpacks a part, unless it is a bomb.
func open(f *zip.File, limit uint64) (io.ReadCloser, error) {
	if f.UncompressedSize64 > limit || f.UncompressedSize64 > maxPart && f.UncompressedSize64 > maxRatio*f.CompressedSize64 {
		return nil, fmt.Errorf("%s of the workbook unpacks from %d bytes to %d: it is refused, as files made to do harm do so", f.Name, f.CompressedSize64, f.UncompressedSize64)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("unpack %s of the workbook: %w", f.Name, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{&bounded{r: r, left: int64(f.UncompressedSize64) + 1, name: f.Name}, r}, nil //nolint:gosec // below limit
}

// bounded reads no more than an archive says there is.
type bounded struct {
	r    io.Reader
	left int64
	name string
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("%s of the workbook is longer than the archive says", b.name)
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// charset takes what XML of workbooks is written in: UTF-8, also under the name of its ASCII part.
func charset(name string, r io.Reader) (io.Reader, error) { return r, charsetOf(name) }

func charsetOf(name string) error {
	if strings.EqualFold(name, "us-ascii") || strings.EqualFold(name, "utf8") || strings.EqualFold(name, "utf-8") {
		return nil
	}
	return fmt.Errorf("its XML is written in %s, not in UTF-8", name)
}
