// Package frame is a table that models learn from: columns of numbers and of categories, in which a value may be missing, read from CSV and Parquet
// files as people have them.
//
// What it promises:
//
//   - A column is numbers when every value that is there is one (TestKinds); what stands for "nothing" is a missing value and no category
//     (TestMissing).
//   - Nothing is guessed in silence: each column that is left out, and each row, is in Report with the reason (TestReport).
//   - The same bytes give the same frame (TestRead), whatever the file is called and however it is compressed.
package frame

import (
	"math"
	"slices"
)

// Kind is what the values of a column are.
type Kind uint8

// The kinds.
const (
	// Number is a measure: missing is NaN, and infinities do not occur.
	Number Kind = iota + 1
	// Category is one of Levels: the value is its index, missing is NaN.
	Category
)

// Column is one column. It has one value a row.
type Column struct {
	Name   string
	Kind   Kind
	Values []float64
	// Levels are a category's names, alphabetically; nil for numbers.
	Levels []string
}

// Level is the name of a category's value in a row; false when it is missing, or the column is numbers.
func (c *Column) Level(row int) (string, bool) {
	x := c.Values[row]
	if c.Kind != Category || math.IsNaN(x) {
		return "", false
	}
	return c.Levels[int(x)], true
}

// Frame is a table. Columns have one length each, Rows.
type Frame struct {
	Columns []Column
	Rows    int
}

// Find is a column by its name; nil when there is none.
func (f *Frame) Find(name string) *Column {
	if i := slices.IndexFunc(f.Columns, func(c Column) bool { return c.Name == name }); i >= 0 {
		return &f.Columns[i]
	}
	return nil
}

// Take copies some rows, in the order given.
func (f *Frame) Take(rows []int) *Frame {
	out := &Frame{Rows: len(rows), Columns: make([]Column, len(f.Columns))}
	for i, c := range f.Columns {
		values := make([]float64, len(rows))
		for j, r := range rows {
			values[j] = c.Values[r]
		}
		out.Columns[i] = Column{Name: c.Name, Kind: c.Kind, Levels: c.Levels, Values: values}
	}
	return out
}
