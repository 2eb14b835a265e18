package workbook

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/nfp"
)

// format is what a cell's format says of a number.
type format struct {
	date, clock bool // it is shown as a date, as a time of day, or as both
	zeros       int  // it is shown with leading zeros, to so many digits: a code, not a number
}

// builtIn are formats by the numbers that every workbook knows: days, times of day, both. Numbers 27 to 36 and 50 to 58 are days of East Asian
// calendars.
func builtIn(id int) format {
	switch {
	case id >= 14 && id <= 17, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id == 57, id == 58:
		return format{date: true}
	case id >= 18 && id <= 21, id >= 32 && id <= 35, id == 45, id == 47, id == 55, id == 56:
		return format{clock: true}
	case id == 22:
		return format{date: true, clock: true}
	}
	return format{}
}

// readFormat understands a format's code. A duration, such as [h]:mm, stays a number: of days.
func readFormat(code string) (f format) {
	defer func() {
		if recover() != nil { // of a code that the parser was not made for
			f = format{}
		}
	}()
	if len(code) > 255 {
		return f
	}
	if bare := strings.Trim(code, "0"); bare == "" && len(code) > 1 {
		return format{zeros: len(code)}
	}
	parser := nfp.NumberFormatParser()
	sections := parser.Parse(code)
	if len(sections) == 0 {
		return f
	}
	minutes := false
	for _, item := range sections[0].Items {
		switch item.TType {
		case nfp.TokenTypeElapsedDateTimes:
			return format{}
		case nfp.TokenTypeDateTimes:
			switch lower := strings.ToLower(item.TValue); {
			case strings.ContainsAny(lower, "dyegb"), len(lower) > 2 && lower[0] == 'm':
				f.date = true
			case strings.ContainsAny(lower, "hs") || strings.Contains(lower, "/"): // AM/PM too
				f.clock = true
			default:
				minutes = true
			}
		}
	}
	if minutes && !f.clock {
		f.date = true // a month
	}
	return f
}

// readStyles reads what each style says of numbers.
func (b *Book) readStyles(targets map[string]target) error {
	part := b.of("styles", targets)
	if part == nil {
		return nil
	}
	var doc struct {
		Codes []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Styles []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := b.whole(part.Name, &doc); err != nil {
		return err
	}
	own := map[int]format{}
	for _, c := range doc.Codes {
		own[c.ID] = readFormat(c.Code)
	}
	for _, s := range doc.Styles {
		f, ok := own[s.Format]
		if !ok {
			f = builtIn(s.Format)
		}
		b.formats = append(b.formats, f)
	}
	return nil
}

// readTexts reads the texts that cells share.
func (b *Book) readTexts(targets map[string]target) error {
	part := b.of("sharedStrings", targets)
	if part == nil {
		return nil
	}
	r, err := open(part, maxUnpacked)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	s, held := newStream(r, part.Name), 0
	for {
		t, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if t != begins || known(s.tag) != "si" {
			continue
		}
		text, err := s.rich()
		if err != nil {
			return err
		}
		if held += len(text) + 16; held > maxTexts {
			return fmt.Errorf("the workbook has more than %d MiB of texts: save the sheet as CSV UTF-8 and import that", maxTexts>>20)
		}
		b.texts = append(b.texts, text)
	}
}
