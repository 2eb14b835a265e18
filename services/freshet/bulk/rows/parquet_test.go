package rows

import (
	"bytes"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
)

type order struct {
	ID     int64     `parquet:"id"`
	Total  int64     `parquet:"total,decimal(3:18)"`
	Big    [12]byte  `parquet:"big,decimal(4:28)"`
	At     time.Time `parquet:"at,timestamp(microsecond)"`
	Day    int32     `parquet:"day,date"`
	Ratio  float64   `parquet:"ratio"`
	Paid   bool      `parquet:"paid"`
	Note   *string   `parquet:"note,optional"`
	Person struct {
		Name string `parquet:"name"`
		Age  *int32 `parquet:"age,optional"`
	} `parquet:"person"`
	Tags   []string         `parquet:"tags,list"`
	Old    deprecated.Int96 `parquet:"old"`
	Key    uuid.UUID        `parquet:"key,uuid"`
	Count  uint32           `parquet:"count"`
	Nested []struct {
		Inner []string `parquet:"inner"`
	} `parquet:"nested"`
}

func TestParquetIsReadExactly(t *testing.T) {
	note, age := "näh", int32(7)
	big1, _ := new(big.Int).SetString("-1234567890123456789012345", 10)
	o := order{ID: 1 << 60, Total: -1005, At: time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC), Day: 20000, Ratio: 0.1, Paid: true, Note: &note,
		Tags: []string{"a", "b\""}, Count: 4_000_000_000, Key: uuid.MustParse("123e4567-e89b-12d3-a456-426614174000")}
	new(big.Int).And(big1, new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 96), big.NewInt(1))).FillBytes(o.Big[:])
	o.Person.Name, o.Person.Age = "Ann", &age
	o.Old = deprecated.Int96{5, 0, 2_440_589}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[order](&b)
	if _, err := w.Write([]order{o, {Old: deprecated.Int96{0, 0, 2_440_588}}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"id|total|big|at|day|ratio|paid|note|person.name|person.age|tags|old|key|count",
		"1@0: n:1152921504606846976|n:-1.005|n:-123456789012345678901.2345|i:2026-01-02T03:04:05.678901Z|2024-10-04|n:0.1|b:true|näh|Ann|n:7|" +
			`j:["a","b\""]|i:1970-01-02T00:00:00.000000005Z|123e4567-e89b-12d3-a456-426614174000|n:4000000000`,
		"2@0: n:0|n:0.000|n:0.0000|i:0001-01-01T00:00:00Z|1970-01-01|n:0|b:false|-||-|-|i:1970-01-01T00:00:00Z|00000000-0000-0000-0000-000000000000|n:0",
	}, "\n")
	if got := table(t, b.String(), Format{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	r, err := open(t, b.String(), Format{})
	if err != nil {
		t.Fatal(err)
	}
	if got := Notes(r); len(got) != 1 || got[0] != "nested.inner is a list inside a list: it cannot be read and is left out" {
		t.Errorf("unread: %v", got)
	}
	r.Bind([]string{"person.name"}, true)
	row, err := r.Next()
	if err != nil || !strings.HasPrefix(string(r.Data(row)), `{"id":1152921504606846976,"total":-1.005,`) || row.Value(0).Text != "Ann" {
		t.Errorf("%s, %v", r.Data(row), err)
	}
}

// The layers of a list have names that members of its elements may have too.
func TestMembersOfListsKeepTheirNames(t *testing.T) {
	type line struct {
		Item    string `parquet:"item"`
		Element int32  `parquet:"element"`
	}
	type receipt struct {
		ID    int64    `parquet:"id"`
		Lines []line   `parquet:"lines,list"`
		Old   []line   `parquet:"old"`
		Tags  []string `parquet:"tags,list"`
	}
	var b bytes.Buffer
	lines := []line{{"a", 1}, {"b", 2}}
	if err := parquet.Write(&b, []receipt{{7, lines, lines, []string{"x"}}}); err != nil {
		t.Fatal(err)
	}
	want := "id|lines.item|lines.element|old.item|old.element|tags\n" + `1@0: n:7|j:["a","b"]|j:[1,2]|j:["a","b"]|j:[1,2]|j:["x"]`
	if got := table(t, b.String(), Format{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestManyRowGroupsAreReadInOrder(t *testing.T) {
	type small struct {
		ID int64 `parquet:"id"`
	}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[small](&b, parquet.MaxRowsPerRowGroup(300), parquet.Compression(&parquet.Zstd))
	for i := range 1000 {
		if _, err := w.Write([]small{{int64(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(table(t, b.String(), Format{}), "\n")
	if len(lines) != 1001 {
		t.Fatal(len(lines))
	}
	for i, l := range lines[1:] {
		if l != fmt.Sprintf("%d@0: n:%d", i+1, i) {
			t.Fatal(l)
		}
	}
}

func TestCorruptParquetIsAnError(t *testing.T) {
	var b bytes.Buffer
	if err := parquet.Write(&b, make([]order, 50)); err != nil {
		t.Fatal(err)
	}
	good := b.String()
	for i := 0; i < len(good); i += 7 {
		broken := []byte(good)
		broken[i] ^= 0xff
		_ = table(t, string(broken), Format{Type: "parquet"}) // an error or other values, never a panic
	}
	if got := table(t, good[:len(good)-9], Format{}); !strings.HasPrefix(got, "error: open as Parquet") {
		t.Error(got)
	}
}
