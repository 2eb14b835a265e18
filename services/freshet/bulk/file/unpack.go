package file

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/freshet/freshet/services/freshet/bulk/workbook"
)

// packing is how content is packed, found by its first bytes: names lie.
type packing int

const (
	plain packing = iota
	gzipped
	zstandard
	bzipped
	xzipped
	zipped
)

var magic = []struct {
	begins string
	is     packing
}{
	{"\x1f\x8b", gzipped}, {"\x28\xb5\x2f\xfd", zstandard}, {"BZh", bzipped}, {"\xfd7zXZ\x00", xzipped}, {"PK\x03\x04", zipped}, {"PK\x05\x06", zipped},
}

// maxWindow is the most memory a zstd file may ask for, in bytes: what `zstd --long` makes.
const maxWindow = 128 << 20

func detect(r io.ReaderAt, size int64) (packing, error) {
	head := make([]byte, 10)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return plain, err
	}
	head = head[:n]
	for _, m := range magic {
		if bytes.HasPrefix(head, []byte(m.begins)) && (m.is != bzipped || len(head) > 4 && string(head[4:]) == "\x31\x41\x59\x26\x53\x59") {
			if m.is == zipped && workbook.Is(r, size) {
				return plain, nil // to be read at any place, as Parquet is
			}
			return m.is, nil
		}
	}
	return plain, nil
}

// cutArchive parts the path of a file in a zip archive: what ends in .zip and is a file, and the rest.
func cutArchive(path string) (archive, member string, ok bool) {
	at := strings.Index(strings.ToLower(path), ".zip/")
	if at < 0 {
		return "", "", false
	}
	archive, member = path[:at+4], path[at+5:]
	info, err := os.Stat(archive)
	return archive, member, err == nil && info.Mode().IsRegular() && member != ""
}

// unpack reads what is packed in r, of an archive the member; count is told of the packed bytes read.
func unpack(r io.ReaderAt, size int64, member string, count func(int)) (io.Reader, error) {
	kind, err := detect(r, size)
	if err != nil {
		return nil, err
	}
	raw := counted{io.NewSectionReader(r, 0, size), count}
	switch kind {
	case gzipped:
		out, err := gzip.NewReader(raw)
		return wrap("gzip", out, err)
	case zstandard:
		out, err := zstd.NewReader(raw, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(1))
		return wrap("zstd", out, err)
	case bzipped:
		return named{"bzip2", bzip2.NewReader(raw)}, nil
	case xzipped:
		out, err := xz.NewReader(raw)
		return wrap("xz", out, err)
	case zipped:
		return unzip(r, size, member, count)
	}
	return raw, nil
}

// unzip reads the only file of an archive, or the member.
func unzip(r io.ReaderAt, size int64, member string, count func(int)) (io.Reader, error) {
	archive, err := zip.NewReader(countedAt{r, count}, size)
	if err != nil {
		return nil, fmt.Errorf("unpack zip: %w", err)
	}
	var files []*zip.File
	var others []string
	for _, f := range archive.File {
		switch {
		case member != "" && f.Name != member:
			others = append(others, f.Name)
		case f.Name == "xl/workbook.bin":
			return nil, errors.New("it is a binary workbook of Excel (.xlsb): save it as .xlsx and import that")
		case f.Name == "content.xml":
			return nil, errors.New("it is a document of OpenDocument (.ods): save it as .xlsx, or the sheet as CSV, and import that")
		case f.FileInfo().IsDir(), strings.HasPrefix(f.Name, "__MACOSX/"), path.Base(f.Name) == ".DS_Store": // a Mac's notes to itself
		default:
			files = append(files, f)
		}
	}
	switch {
	case len(files) == 0 && member != "":
		return nil, fmt.Errorf("the zip archive holds no %s, but %s", member, strings.Join(others[:min(len(others), 20)], ", "))
	case len(files) == 0:
		return nil, errors.New("the zip archive holds no file")
	case len(files) > 1:
		return nil, fmt.Errorf("the zip archive holds %d files: name one behind the archive, such as set.zip/%s", len(files), largest(files).Name)
	}
	out, err := files[0].Open()
	return wrap("zip", out, err)
}

func largest(files []*zip.File) *zip.File {
	return slices.MaxFunc(files, func(a, b *zip.File) int { return cmp.Compare(a.UncompressedSize64, b.UncompressedSize64) })
}

func wrap(kind string, r io.Reader, err error) (io.Reader, error) {
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", kind, err)
	}
	return named{kind, r}, nil
}

// named says in its errors what could not be unpacked.
type named struct {
	kind string
	r    io.Reader
}

func (n named) Read(p []byte) (int, error) {
	k, err := n.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("unpack %s: %w", n.kind, err)
	}
	return k, err
}

type counted struct {
	r     io.Reader
	count func(int)
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.count(n)
	return n, err
}

type countedAt struct {
	r     io.ReaderAt
	count func(int)
}

func (c countedAt) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.r.ReadAt(p, at)
	c.count(n)
	return n, err
}
