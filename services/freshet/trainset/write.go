package trainset

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// writer writes rows of cells, one for each column.
type writer interface {
	write(cells []cell) error
	close() error
}

// Formats are the endings of files that can be written.
var Formats = []string{".parquet", ".csv", ".ndjson"}

// CheckOutput says whether a file of that name can be written.
func CheckOutput(name string) error {
	if !slices.Contains(Formats, strings.ToLower(filepath.Ext(name))) {
		return fmt.Errorf("output %s: name a file that ends with one of %s", name, strings.Join(Formats, ", "))
	}
	return nil
}

// newWriter writes to w what the file's ending says.
func newWriter(name string, w io.Writer, columns []column) (writer, error) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".parquet":
		return newParquet(w, columns), nil
	case ".ndjson":
		return &ndjson{w: bufio.NewWriterSize(w, 1<<20), columns: columns}, nil
	default:
		c := &csvWriter{w: csv.NewWriter(w), columns: columns, line: make([]string, len(columns))}
		for i, col := range columns {
			c.line[i] = col.name
		}
		return c, c.w.Write(c.line)
	}
}

type csvWriter struct {
	w       *csv.Writer
	columns []column
	line    []string
}

func (c *csvWriter) write(cells []cell) error {
	for i, x := range cells {
		c.line[i] = plain(c.columns[i].form, x)
	}
	return c.w.Write(c.line)
}

func (c *csvWriter) close() error {
	c.w.Flush()
	return c.w.Error()
}

// ndjson writes an object a line: numbers exactly, absent ones left out.
type ndjson struct {
	w       *bufio.Writer
	columns []column
	line    []byte
}

func (n *ndjson) write(cells []cell) error {
	b := append(n.line[:0], '{')
	for i, x := range cells {
		if !x.present {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		f, text := n.columns[i].form, plain(n.columns[i].form, x)
		name, err := json.Marshal(n.columns[i].name)
		if err != nil {
			return err
		}
		b = append(append(b, name...), ':')
		if f == formText || f == formMoment {
			quoted, err := json.Marshal(text)
			if err != nil {
				return err
			}
			text = string(quoted)
		}
		b = append(b, text...)
	}
	n.line = append(b, '}', '\n')
	_, err := n.w.Write(n.line)
	return err
}

func (n *ndjson) close() error { return n.w.Flush() }

// parquetWriter writes numbers with a point as doubles, which is what models take; the exact ones are in the other formats.
type parquetWriter struct {
	w       *parquet.GenericWriter[any]
	columns []column
	place   []int // of each column in the schema, which is sorted by name
	row     parquet.Row
}

// groupRows is how many rows a row group has: all of it is in memory.
const groupRows = 50_000

func newParquet(w io.Writer, columns []column) *parquetWriter {
	group := parquet.Group{}
	var names []string
	for _, c := range columns {
		group[c.name] = parquet.Compressed(parquet.Optional(node(c.form)), &parquet.Zstd)
		names = append(names, c.name)
	}
	slices.Sort(names)
	p := &parquetWriter{columns: columns, row: make(parquet.Row, len(columns))}
	for _, c := range columns {
		at, _ := slices.BinarySearch(names, c.name)
		p.place = append(p.place, at)
	}
	p.w = parquet.NewGenericWriter[any](w, parquet.NewSchema("training_set", group), parquet.MaxRowsPerRowGroup(groupRows))
	return p
}

func node(f form) parquet.Node {
	switch f {
	case formWhole:
		return parquet.Int(64)
	case formNumber:
		return parquet.Leaf(parquet.DoubleType)
	case formMoment:
		return parquet.Timestamp(parquet.Millisecond)
	case formTruth:
		return parquet.Leaf(parquet.BooleanType)
	case formJSON:
		return parquet.JSON()
	}
	return parquet.String()
}

func (p *parquetWriter) write(cells []cell) error {
	for i, x := range cells {
		at := p.place[i]
		if !x.present {
			p.row[at] = parquet.NullValue().Level(0, 0, at)
			continue
		}
		v, err := value(p.columns[i].form, x)
		if err != nil {
			return fmt.Errorf("column %s: %w", p.columns[i].name, err)
		}
		p.row[at] = v.Level(0, 1, at)
	}
	_, err := p.w.WriteRows([]parquet.Row{p.row})
	return err
}

func value(f form, x cell) (parquet.Value, error) {
	switch f {
	case formWhole, formMoment:
		return parquet.Int64Value(x.n), nil
	case formTruth:
		return parquet.BooleanValue(x.n != 0), nil
	case formNumber:
		n, err := strconv.ParseFloat(x.text, 64)
		return parquet.DoubleValue(n), err
	}
	return parquet.ByteArrayValue([]byte(x.text)), nil
}

func (p *parquetWriter) close() error { return p.w.Close() }
