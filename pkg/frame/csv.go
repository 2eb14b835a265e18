package frame

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// sniffed is how many bytes the separator is found in.
const sniffed = 64 << 10

// separators are those of tables, the likeliest first.
var separators = []rune{',', ';', '\t', '|'}

// readCSV reads a table with a header. A row of another width is left out and told.
func readCSV(in io.Reader) (*Raw, error) {
	b := bufio.NewReaderSize(in, sniffed)
	if mark, err := b.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		if _, err := b.Discard(3); err != nil {
			return nil, err
		}
	}
	head, err := b.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	r := csv.NewReader(b)
	r.Comma, r.LazyQuotes, r.ReuseRecord, r.FieldsPerRecord = separator(head), true, true, -1
	header, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	raw := newRaw(header)
	raw.comma = r.Comma != ','
	if len(raw.columns) < 2 {
		return nil, fmt.Errorf("the first line has one column, %q: a table for learning has a label and more; separators are comma, semicolon, tab and |", raw.columns[0].name)
	}
	odd, first := 0, 0
	for line := 2; ; line++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(record) != len(raw.columns) {
			if odd++; first == 0 {
				first = line
			}
			continue
		}
		for i, text := range record {
			raw.columns[i].add(text)
		}
		raw.rows++
	}
	if odd > 0 {
		raw.note("%d rows have another number of columns than the header's %d, the first is row %d: left out", odd, len(raw.columns), first)
	}
	return raw, nil
}

// separator is the one that the first lines have most alike.
func separator(head []byte) rune {
	line := string(head)
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	best, most := ',', 0
	for _, s := range separators {
		if n := strings.Count(line, string(s)); n > most {
			best, most = s, n
		}
	}
	return best
}
