// Package workbook reads the sheets of an Excel workbook (.xlsx, .xlsm) one row after the other. It knows cells, not what columns mean: see rows.
//
// The XML of sheets and texts is cut by a scanner of its own, as strict as encoding/xml and several times as fast (FuzzScannerAgainstEncodingXML).
//
// Why not a library: excelize keeps the whole file in memory and gives, while it streams, texts without their types; xlsxreader takes a broken sheet
// for a finished one, and knows neither 1904 nor rounding. What a cell's format means is read by excelize's own parser of formats (nfp).
//
// Memory: the texts that cells share are held (up to 256 MiB, beyond it is an error), one row, and the names and formats. A file that unpacks to far
// more than it is (a bomb), an element without end or nested without end is an error, never memory (TestHostileWorkbooks).
//
// Values: a number has the 15 digits that Excel has, so that 1.1, which Excel writes as 1.1000000000000001, is 1.1; whole numbers keep up to 18. A
// date is wall time, to the millisecond, by the workbook's own epoch (1900 or 1904). A formula is its result; one that was never calculated is
// NoResult, not an empty cell.
package workbook

// Kind says what a Cell is.
type Kind uint8

const (
	// Text is a text; also a number whose format has leading zeros, as that of post codes does.
	Text Kind = iota
	// Number is a JSON number.
	Number
	// Boolean is true or false.
	Boolean
	// Time is a date (2006-01-02), a time of day (15:04:05) or both (2006-01-02T15:04:05, with milliseconds when there are some), without a zone.
	Time
	// Error is what a formula gives that cannot be calculated: #N/A, #DIV/0!.
	Error
	// NoResult is a formula whose result the file does not have.
	NoResult
)

// Cell is a cell that is not empty. Of merged cells, the first has the value.
type Cell struct {
	// Column counts from 0.
	Column int
	Kind   Kind
	Text   string
}

// Row is a row with at least one cell, in the order of columns. Number counts from 1, as people see it.
type Row struct {
	Number int
	Cells  []Cell
	// Fault says what is wrong with the row, "" for nothing; its cells are then those that could be read.
	Fault string
}

// MaxRow is the longest row taken, in bytes of text.
const MaxRow = 1 << 20
