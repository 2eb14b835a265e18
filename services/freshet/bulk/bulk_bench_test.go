package bulk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"

	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/mapping"
)

type benchRow struct {
	ID    string `parquet:"id"`
	At    string `parquet:"at"`
	N     int64  `parquet:"n"`
	Price string `parquet:"price"`
	Text  string `parquet:"text"`
}

// BenchmarkRows is reading and mapping alone, per row.
func BenchmarkRows(b *testing.B) {
	const n = 20_000
	var text, lines, columns bytes.Buffer
	text.WriteString("id,at,n,price,text\n")
	var table []benchRow
	for i := range n {
		r := benchRow{fmt.Sprintf("user-%d", i), "2026-01-02 03:04:05", int64(i), fmt.Sprintf("%d.%02d", i, i%100), fmt.Sprintf("a text, %d", i)}
		table = append(table, r)
		fmt.Fprintf(&text, "%s,%s,%d,%s,\"%s\"\n", r.ID, r.At, r.N, r.Price, r.Text)
		fmt.Fprintf(&lines, `{"id":%q,"at":%q,"n":%d,"price":%s,"text":%q}`+"\n", r.ID, r.At, r.N, r.Price, r.Text)
	}
	if err := parquet.Write(&columns, table); err != nil {
		b.Fatal(err)
	}
	book, err := workbookOf(table)
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	spec := filepath.Join(dir, "map.yaml")
	if err := os.WriteFile(spec, []byte("source_name: bench\nevent: E\nidentifiers: {user_id: id}\ntimestamp: at\n"+
		"properties: {n: {column: n, type: integer}, price: {column: price, type: decimal}, text: text}\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	for name, content := range map[string][]byte{"csv": text.Bytes(), "ndjson": lines.Bytes(), "parquet": columns.Bytes(), "xlsx": book} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				b.Fatal(err)
			}
			for done := 0; done < b.N; done += n {
				in, err := file.Open(path, nil)
				if err != nil {
					b.Fatal(err)
				}
				i, _, err := Prepare(in, spec)
				if err != nil {
					b.Fatal(err)
				}
				for {
					row, err := i.reader.Next()
					if errors.Is(err, io.EOF) {
						break
					}
					if err == nil {
						err = i.mapper.Add(row, func(u mapping.Unit) error {
							if u.Fault != nil {
								return u.Fault
							}
							return nil
						})
					}
					if err != nil {
						b.Fatal(err)
					}
				}
				if err := in.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// workbookOf writes rows as a workbook.
func workbookOf(table []benchRow) ([]byte, error) {
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	if err == nil {
		err = w.SetRow("A1", []any{"id", "at", "n", "price", "text"})
	}
	for i, r := range table {
		price, _ := strconv.ParseFloat(r.Price, 64)
		if err == nil {
			err = w.SetRow(fmt.Sprint("A", i+2), []any{r.ID, r.At, r.N, price, r.Text})
		}
	}
	var out bytes.Buffer
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Write(&out)
	}
	return out.Bytes(), err
}
