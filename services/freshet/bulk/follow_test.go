package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/ledger"
	"github.com/freshet/freshet/services/simulator/send"
)

// followed is a file that grows, and what was sent of it.
type followed struct {
	t                     testing.TB
	path, mapping, ledger string
	forget                bool // the place, so that it is read from its beginning each time
	sent                  map[string]string
	rows                  int64 // of all passes
	notes                 []string
}

func follow(t testing.TB, mapping string) *followed {
	dir := t.TempDir()
	f := &followed{t: t, path: filepath.Join(dir, "x.csv"), mapping: filepath.Join(dir, "map.yaml"), ledger: filepath.Join(dir, "ledger"), sent: map[string]string{}}
	if err := os.WriteFile(f.mapping, []byte(mapping), 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

// pass writes the file and imports what is new of it.
func (f *followed) pass(content string) Result {
	f.t.Helper()
	if err := os.WriteFile(f.path, []byte(content), 0o600); err != nil {
		f.t.Fatal(err)
	}
	in, err := file.OpenGrowing(f.path)
	if err != nil {
		f.t.Fatal(err)
	}
	defer in.Close()
	if in.Size == 0 {
		return Result{}
	}
	i, _, err := Prepare(in, f.mapping)
	if err != nil {
		f.t.Fatal(err)
	}
	if f.forget {
		f.unplace()
	}
	res, err := i.send(f.t.Context(), Settings{Ledger: f.ledger, Follow: f.path, Beside: f.path, Note: func(line string) { f.notes = append(f.notes, line) }}, f.deliver)
	if err != nil {
		f.t.Fatal(err)
	}
	f.rows += res.Counts.Rows
	return res
}

// deliver notes events by their message ids, without the row that they came from.
func (f *followed) deliver(_ context.Context, items [][]byte) (send.Answer, error) {
	for _, item := range items {
		var e map[string]any
		if err := json.Unmarshal(item, &e); err != nil {
			return send.Answer{}, err
		}
		id := fmt.Sprint(e["messageId"])
		delete(e["context"].(map[string]any), "import")
		b, err := json.Marshal(e)
		if err != nil {
			return send.Answer{}, err
		}
		if f.sent[id] != "" {
			f.t.Errorf("%s was sent twice", id)
		}
		f.sent[id] = string(b)
	}
	return send.Answer{Accepted: len(items)}, nil
}

func (f *followed) record() (path string, r ledger.Record) {
	files, _ := filepath.Glob(filepath.Join(f.ledger, "*.json"))
	if len(files) == 0 {
		return "", r
	}
	b, err := os.ReadFile(files[0])
	if err != nil || json.Unmarshal(b, &r) != nil {
		f.t.Fatal(err, string(b))
	}
	return files[0], r
}

func (f *followed) unplace() {
	if path, r := f.record(); path != "" {
		r.Place = nil
		b, err := json.Marshal(r)
		if err != nil || os.WriteFile(path, b, 0o600) != nil {
			f.t.Fatal(err)
		}
	}
}

func (f *followed) rejects() string {
	b, err := os.ReadFile(f.path + ".rejects.ndjson")
	if err != nil && !os.IsNotExist(err) {
		f.t.Fatal(err)
	}
	return string(b)
}

const followedRows = "source_name: f\nevent: E\nidentifiers: {user_id: id}\ntimestamp: at\nmessage_id: [n]\nproperties: {n: {column: n, type: integer}, text: text}\n"

const followedOrders = "source_name: f\nevent: Order Completed\nidentifiers: {user_id: id}\ntimestamp: at\nmessage_id: [n]\ngroup_by: [n]\n" +
	"properties: {order_id: n}\nlines: {fields: {name: text}}\n"

// TestReadingOnIsReadingFromTheBeginning: whatever stands in a file, and however it grows by whole orders, a pass that goes on where the last one was sends
// what a pass from the beginning would, and leaves the same rejects.
func TestReadingOnIsReadingFromTheBeginning(t *testing.T) {
	for name, mapping := range map[string]string{"rows": followedRows, "orders": followedOrders} {
		for seed := range uint64(12) {
			r := rand.New(rand.NewPCG(seed, 1))
			on, anew := follow(t, mapping), follow(t, mapping)
			anew.forget = true
			content, n := pick(r, "", "\xef\xbb\xbf", "sep=,\n")+"id,at,n,text\n", 0
			for range 5 {
				for range r.IntN(6) {
					n++
					content += grown(r, n, name == "orders")
				}
				on.pass(content)
				anew.pass(content)
				if !maps.Equal(on.sent, anew.sent) {
					t.Fatalf("%s, seed %d, of %q\nread on   %v\nread anew %v", name, seed, content, on.sent, anew.sent)
				}
				if a, b := on.rejects(), anew.rejects(); a != b {
					t.Fatalf("%s, seed %d, of %q\nrejects read on\n%s\nread anew\n%s", name, seed, content, a, b)
				}
			}
		}
	}
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

// grown are the rows of an order, or one row, and what people leave behind them.
func grown(r *rand.Rand, n int, several bool) (content string) {
	key, rows := fmt.Sprint(n), 1
	if r.IntN(10) == 0 {
		key += "x"
	}
	if several {
		rows += r.IntN(3)
	}
	for range rows {
		text := pick(r, "x", "x", "x", "\"two, and\nlines\"", "\"open", "end\" of it", "\"a\"\"b\"", "é", "\xff", "a,b", "", "\"one\n\"", "lone \" quote")
		content += "u,2026-01-02," + key + "," + text + "\n"
	}
	return content + pick(r, "", "", "\n", ",,,\n", "id,at,n,text\n")
}

// A file that only grew is read from its last row or order; one in which a byte before that changed, or which was cut, from its beginning.
func TestAFileThatGrewIsReadOn(t *testing.T) {
	line := func(n int, text string) string { return fmt.Sprintf("u,2026-01-02,%d,%s\n", n, text) }
	content := "id,at,n,text\n"
	for n := range 1000 {
		content += line(n, "x")
	}
	f := follow(t, followedRows)
	for _, c := range []struct {
		name, content string
		rows          int64
		notes         int
	}{
		{"at first", content, 1000, 0},
		{"as it was", content, 1, 0},
		{"grown", content + line(1000, "x") + line(1001, "x"), 3, 0},
		{"half a row more", content + line(1000, "x") + line(1001, "x") + "u,2026", 1, 0},
		{"another byte", strings.Replace(content, ",500,x", ",1500,x", 1) + line(1002, "x"), 1001, 1},
		{"cut", content[:len(content)/2], 502, 1},
		{"grown again", content, 499, 0},
	} {
		f.notes = nil
		if res := f.pass(c.content); res.Counts.Rows != c.rows || len(f.notes) != c.notes {
			t.Errorf("%s: %d rows were read, want %d; told %q", c.name, res.Counts.Rows, c.rows, f.notes)
		}
	}
	if got := len(f.sent); got != 1004 {
		t.Errorf("%d events, want 1004", got)
	}
	f = follow(t, followedOrders)
	orders := "id,at,n,text\n" + line(1, "a") + line(1, "b") + line(2, "a") + line(2, "b") + line(2, "c")
	f.pass(orders)
	if res := f.pass(orders + line(3, "a") + line(3, "b")); res.Counts.Rows != 5 || res.Counts.Accepted != 1 {
		t.Errorf("from the last order on: %+v", res.Counts)
	}
}
