package rows

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/freshet/freshet/services/freshet/bulk/encoding"
	"github.com/freshet/freshet/services/freshet/bulk/file"
)

// Format says how a file is written. The zero Format finds out by itself, which is right for most files.
type Format struct {
	// Type is csv, tsv, ndjson, json (one array), parquet or xlsx; by default what the content looks like.
	Type string `yaml:"type,omitempty"`
	// Encoding of CSV and JSON by any of its usual names; utf-8 by default, and utf-16 where its mark stands.
	Encoding string `yaml:"encoding,omitempty"`
	// Delimiter between CSV's fields, one ASCII character or "tab"; by default the most frequent of , ; tab | in the header.
	Delimiter string `yaml:"delimiter,omitempty"`
	// Quotes set to "none" takes quotes as any other character, as many database dumps mean them.
	Quotes string `yaml:"quotes,omitempty"`
	// SkipLines is how many lines, of a workbook rows, to leave out before the header.
	SkipLines int `yaml:"skip_lines,omitempty"`
	// Ignore lists records that are no rows, wherever they stand, by the text they have or, with a * at the end, begin with: "Total*". Of a workbook
	// it is the text of the first cell that has one. They are skipped and counted, not rejected.
	Ignore []string `yaml:"ignore,omitempty"`
	// Sheet of a workbook, by its name or its number from 1; by default the first one that is shown and has rows.
	Sheet string `yaml:"sheet,omitempty"`
	// Columns names the columns of a CSV file that has no header.
	Columns []string `yaml:"columns,omitempty"`
	// Null lists texts that mean "no value", beside the empty one: NULL, \N, n/a.
	Null []string `yaml:"null,omitempty"`
	// End is the text of the first record behind the rows, where a file ends in sums and remarks; a * at its end means what it begins with.
	End string `yaml:"end,omitempty"`
	// TextSign is a sign that some exports put before values so that spreadsheets take them for texts ("'" or "`"): it is left out.
	TextSign string `yaml:"text_sign,omitempty"`
	// KeepBlanks keeps the blanks around texts.
	KeepBlanks bool `yaml:"keep_blanks,omitempty"`
	// Decimal is the decimal sign of numbers, "." by default; Thousands is the sign between groups of digits, none by default.
	Decimal   string `yaml:"decimal,omitempty"`
	Thousands string `yaml:"thousands,omitempty"`
	// Zone is the time zone of times that name none: an IANA name such as Europe/Berlin, UTC by default.
	Zone string `yaml:"zone,omitempty"`
}

var types = []string{"csv", "tsv", "ndjson", "json", "parquet", "xlsx"}

// Validate reports every fault, each under its key.
func (f Format) Validate() (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf("format."+format, args...)) }
	if f.Type != "" && !slices.Contains(types, f.Type) {
		fault("type: %q is none of %s", f.Type, strings.Join(types, ", "))
	}
	if _, _, err := encoding.Decoder(f.Encoding); err != nil {
		fault("encoding: %v", err)
	}
	if d := f.Delimiter; d != "" && d != "tab" && (len(d) != 1 || d[0] >= 0x80 || d == `"` || d == "\n" || d == "\r") {
		fault("delimiter: %q is not one ASCII character, or tab", d)
	}
	if f.Quotes != "" && f.Quotes != "none" {
		fault("quotes: %q is not none", f.Quotes)
	}
	if len([]rune(f.TextSign)) > 1 {
		fault("text_sign: %q is more than one sign", f.TextSign)
	}
	if f.SkipLines < 0 {
		fault("skip_lines: %d is below 0", f.SkipLines)
	}
	if f.Decimal != "" && f.Decimal != "." && f.Decimal != "," {
		fault(`decimal: %q is neither "." nor ","`, f.Decimal)
	}
	if f.Thousands != "" && (len([]rune(f.Thousands)) != 1 || f.Thousands == f.DecimalSign() || strings.ContainsAny(f.Thousands, "0123456789+-eE")) {
		fault("thousands: %q is not one sign other than the decimal one", f.Thousands)
	}
	return append(faults, f.validateIgnore()...)
}

// DecimalSign is the decimal sign, with its default.
func (f Format) DecimalSign() string {
	if f.Decimal == "" {
		return "."
	}
	return f.Decimal
}

// Open reads the beginning of a file and returns the reader of its rows. Faults name what the file is not.
func Open(in *file.File, f Format) (Reader, error) {
	r, err := OpenAll(in, f)
	if err != nil {
		return nil, err
	}
	return only{r}, nil
}

// OpenAll is Open, but what is no row comes as a Row with Skipped, for those who count.
func OpenAll(in *file.File, f Format) (Reader, error) {
	r, err := in.Reader()
	if err != nil {
		return nil, err
	}
	b := bufio.NewReaderSize(r, MaxRow+64)
	head, err := b.Peek(4096)
	if err != nil && err != io.EOF && len(head) == 0 { //nolint:errorlint // Peek gives the reader's own errors
		return nil, err
	}
	if f.Type == "" {
		f.Type = guess(head)
	}
	if bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")) {
		return nil, errors.New("it is an old workbook of Excel (.xls), or one with a password: save it as .xlsx without a password and import that")
	}
	switch f.Type {
	case "xlsx":
		return openXLSX(in, f)
	case "parquet":
		return openParquet(in)
	case "ndjson", "json":
		return openJSON(b, f)
	}
	return openCSV(b, f)
}

// guess tells a type by the first bytes.
func guess(head []byte) string {
	if bytes.HasPrefix(head, []byte("PAR1")) {
		return "parquet"
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		return "xlsx" // file unpacks other archives
	}
	if marked16(head) {
		head = bytes.ReplaceAll(head[2:], []byte{0}, nil) // its ASCII
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte(mark)), " \t\r\n")
	switch {
	case bytes.HasPrefix(head, []byte("{")):
		return "ndjson"
	case bytes.HasPrefix(head, []byte("[")):
		return "json"
	}
	return "csv"
}
