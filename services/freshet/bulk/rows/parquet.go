package rows

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/freshet/freshet/services/freshet/bulk/file"
)

// parquetReader reads Parquet. A column is a leaf of the schema under its dotted path; a list of plain values is one JSON array. Lists inside lists
// are no columns.
type parquetReader struct {
	in      *file.File
	file    *parquet.File
	columns []string
	leaves  []leaf // by index of the leaf in the file
	unread  []string
	used    []bool
	slots   []int
	rest    bool
	groups  []parquet.RowGroup
	rows    parquet.Rows
	buffer  []parquet.Row
	ready   []parquet.Row
	number  int64
}

// leaf is how a leaf of the schema becomes a column.
type leaf struct {
	column  int // in columns; -1 when it is none
	list    bool
	element int // the definition level from which an element is there, of lists
	read    func(parquet.Value) (Value, error)
}

func openParquet(in *file.File) (r Reader, err error) {
	defer recovered(&err)
	at, size, err := in.At()
	if err != nil {
		return nil, err
	}
	f, err := parquet.OpenFile(at, size)
	if err != nil {
		return nil, fmt.Errorf("open as Parquet: %w", err)
	}
	p := &parquetReader{in: in, file: f, groups: f.RowGroups(), buffer: make([]parquet.Row, 128)}
	for _, path := range f.Schema().Columns() {
		p.add(path)
	}
	return p, nil
}

// recovered makes an error of a panic: the library means corrupt files by it.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("the Parquet file is corrupt: %v", r)
	}
}

// add takes a leaf. The names of the two layers that Parquet puts around a list's elements are left out; an element's members keep theirs.
func (p *parquetReader) add(path []string) {
	l := leaf{column: -1}
	defer func() { p.leaves = append(p.leaves, l) }()
	found, ok := p.file.Schema().Lookup(path...)
	if !ok || found.MaxRepetitionLevel > 1 {
		p.unread = append(p.unread, strings.Join(path, "."))
		return
	}
	var names []string
	var node parquet.Node = p.file.Schema()
	definition, layer := 0, false
	for _, name := range path {
		parent := node
		if node = child(parent, name); node == nil {
			return
		}
		if node.Optional() || node.Repeated() {
			definition++
		}
		switch {
		case node.Repeated():
			l.list, l.element = true, definition
			if layer = isList(parent); !layer {
				names = append(names, name)
			}
			layer = layer && !node.Leaf() && len(node.Fields()) == 1
		case layer:
			layer = false
		default:
			names = append(names, name)
		}
	}
	l.column, l.read = len(p.columns), converter(found.Node.Type())
	p.columns = append(p.columns, strings.Join(names, "."))
}

// isList says that a group is annotated as a list, of one repeated layer.
func isList(n parquet.Node) bool {
	t := n.Type().LogicalType()
	if t == nil {
		return false
	}
	_, is := t.Value.(*format.ListType)
	return is
}

func child(n parquet.Node, name string) parquet.Node {
	for _, f := range n.Fields() {
		if f.Name() == name {
			return f
		}
	}
	return nil
}

func (p *parquetReader) Columns() ([]string, bool) { return p.columns, true }

func (p *parquetReader) Bind(columns []string, rest bool) {
	p.slots, p.used, p.rest = bind(p.columns, columns, rest)
}

func (p *parquetReader) Next() (row *Row, err error) {
	defer recovered(&err)
	for len(p.ready) == 0 {
		if err := p.fill(); err != nil {
			return nil, err
		}
	}
	p.number++
	row = &Row{Number: p.number, slots: p.slots, fields: make([]Value, len(p.columns))}
	p.convert(row, p.ready[0])
	p.ready = p.ready[1:]
	if total := p.file.NumRows(); total > 0 {
		p.in.SetDone(int64(float64(p.in.Size) * float64(p.number) / float64(total)))
	}
	if p.rest && row.Fault == nil {
		for i, v := range row.fields {
			if !p.used[i] {
				row.rest = append(row.rest, member{p.columns[i], v})
			}
		}
	}
	return row, nil
}

// fill reads the next rows of the current group, or opens the next one.
func (p *parquetReader) fill() error {
	if p.rows == nil {
		if len(p.groups) == 0 {
			return io.EOF
		}
		p.rows, p.groups = p.groups[0].Rows(), p.groups[1:]
	}
	n, err := p.rows.ReadRows(p.buffer)
	p.ready = p.buffer[:n]
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the row behind %d: %w", p.number, err)
	}
	if err != nil || n == 0 {
		err := p.rows.Close()
		p.rows = nil
		return err
	}
	return nil
}

// convert copies a row's values: those of the library live as long as their page.
func (p *parquetReader) convert(row *Row, values parquet.Row) {
	lists := map[int][]byte(nil)
	for _, v := range values {
		l := &p.leaves[v.Column()]
		if l.column < 0 || v.IsNull() && (!l.list || v.DefinitionLevel() < l.element) {
			continue
		}
		var cell Value
		if !v.IsNull() {
			var err error
			if cell, err = l.read(v); err != nil {
				row.Fault = &Fault{ReasonEncoding, fmt.Sprintf("column %s: %s", p.columns[l.column], err)}
				continue
			}
		}
		if !l.list {
			row.fields[l.column] = cell
			continue
		}
		if lists == nil {
			lists = map[int][]byte{}
		}
		lists[l.column] = cell.Append(append(lists[l.column], ','))
	}
	for c, b := range lists {
		b[0] = '['
		row.fields[c] = Value{Kind: JSON, Text: string(append(b, ']'))}
	}
}

func (p *parquetReader) Data(row *Row) []byte {
	b := []byte{'{'}
	for i, v := range row.fields {
		if v.Kind == Absent {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(AppendText(b, p.columns[i]), ':')
		b = v.Append(b)
	}
	return append(b, '}')
}
