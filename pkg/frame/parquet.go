package frame

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"
)

// readParquet reads the flat columns of a file; nested ones are left out and told.
func readParquet(in io.ReaderAt, size int64) (*Raw, error) {
	f, err := parquet.OpenFile(in, size)
	if err != nil {
		return nil, err
	}
	var names []string
	var leaves []int // by leaf: the column, -1 when it is left out
	var nested []string
	for _, field := range f.Schema().Fields() {
		if !field.Leaf() || field.Repeated() {
			nested = append(nested, field.Name())
			leaves = append(leaves, slices.Repeat([]int{-1}, leavesOf(field))...)
			continue
		}
		leaves = append(leaves, len(names))
		names = append(names, field.Name())
	}
	raw := newRaw(names)
	for _, n := range nested {
		raw.note("column %s is nested: left out", n)
	}
	for _, group := range f.RowGroups() {
		if err := raw.group(group, leaves); err != nil {
			return nil, err
		}
	}
	return raw, nil
}

// leavesOf is how many leaves a field has.
func leavesOf(f parquet.Node) int {
	if f.Leaf() {
		return 1
	}
	n := 0
	for _, child := range f.Fields() {
		n += leavesOf(child)
	}
	return n
}

func (r *Raw) group(g parquet.RowGroup, leaves []int) (err error) {
	rows := g.Rows()
	defer func() { err = errors.Join(err, rows.Close()) }()
	buf := make([]parquet.Row, 256)
	for {
		n, err := rows.ReadRows(buf)
		for _, row := range buf[:n] {
			for _, v := range row {
				if at := leaves[v.Column()]; at >= 0 {
					r.columns[at].add(text(v))
				}
			}
			r.rows++
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read rows: %w", err)
		}
	}
}

// text writes a value as a CSV file would.
func text(v parquet.Value) string {
	switch v.Kind() {
	case parquet.Double:
		return strconv.FormatFloat(v.Double(), 'g', -1, 64)
	case parquet.Float:
		return strconv.FormatFloat(float64(v.Float()), 'g', -1, 32)
	}
	if v.IsNull() {
		return ""
	}
	return v.String()
}
