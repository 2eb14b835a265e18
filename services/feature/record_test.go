package feature

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/catalog/expr"
	"github.com/freshet/freshet/pkg/wire/wiretest"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/feature/internal/oracle"
)

func drawID(t *rapid.T, label string) (c customerID) {
	c[15] = rapid.Byte().Draw(t, label)
	return c
}

func drawRecord(t *rapid.T) *record {
	r := mediumBook.living()
	r.workspace, r.version = rapid.StringN(0, 5, -1).Draw(t, "workspace"), rapid.Int64().Draw(t, "version")
	if rapid.IntRange(0, 3).Draw(t, "gone") == 0 {
		r.gone = &tombstone{handedTo: drawID(t, "handed to"), mergedInto: drawID(t, "merged into"), epoch: rapid.Int64().Draw(t, "epoch")}
		return r
	}
	r.publishedMs, r.timerMs = rapid.Int64().Draw(t, "published"), rapid.Int64().Draw(t, "timer")
	for range rapid.IntRange(0, 9).Draw(t, "marks") {
		in := numbering{life: rapid.SampledFrom([]uint32{0, 0, 7, 1 << 31}).Draw(t, "life"), partition: rapid.Int32Range(-2, 3).Draw(t, "partition")}
		r.marks.raise(drawID(t, "route"), in, rapid.Int64Range(0, 1e9).Draw(t, "offset"))
	}
	for range rapid.IntRange(0, 5).Draw(t, "absorbed") {
		r.absorb(absorption{id: drawID(t, "absorbed"), epoch: rapid.Int64().Draw(t, "absorbed epoch")})
	}
	for range rapid.IntRange(0, 3).Draw(t, "arrived") {
		r.arrive(mark{numbering: numbering{partition: rapid.Int32Range(0, 3).Draw(t, "book")}, offset: rapid.Int64Range(1, 1e9).Draw(t, "sequence")})
	}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 3, rapid.ID).Draw(t, "tags") {
		r.tags = append(r.tags, heldTag{name, rapid.Int64().Draw(t, "since")})
	}
	slices.SortFunc(r.tags, byTagName)
	now := oracle.Epoch.UnixMilli()
	for n := range rapid.IntRange(0, 5).Draw(t, "events") {
		e := oracle.Event(t, n, oracle.Edges(t, "at", now))
		r.state.Insert(expr.Of(e), now)
		r.state.Post(&orderv1.Posting{AtMs: e.OccurredMs, Orders: 1, SpendMicros: e.GetOrder().GetTotalMicros()}, n%3 == 2, now)
	}
	return r
}

// A record reads back as it was written, and nothing that is cut short or too long does.
func TestRecordCodec(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawRecord(t).encode()
		r, err := decodeRecord(mediumBook.engine, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		if again := r.encode(); !bytes.Equal(b, again) {
			t.Fatalf("%x became %x", b, again)
		}
		if _, err := decodeRecord(mediumBook.engine, b[:rapid.IntRange(0, len(b)-1).Draw(t, "cut")], nil); err == nil {
			t.Fatal("a record cut short was read")
		}
		if _, err := decodeRecord(mediumBook.engine, append(b, 0), nil); err == nil {
			t.Fatal("a record with a byte too many was read")
		}
	})
}

// Marks only rise, whatever the order, and keep routes and partitions apart.
func TestMarks(t *testing.T) {
	var m marks
	a, b := customerID{1}, customerID{2}
	steps := []struct {
		route     customerID
		partition int32
		offset    int64
		fresh     bool
	}{
		{b, 0, 5, true}, {b, 0, 5, false}, {b, 0, 4, false}, {b, 1, 4, true}, {a, 0, 0, true}, {a, 0, 0, false}, {b, 0, 6, true},
	}
	for i, s := range steps {
		if got := m.raise(s.route, numbering{partition: s.partition}, s.offset); got != s.fresh {
			t.Errorf("step %d: fresh %t", i, got)
		}
	}
	var o marks
	o.raise(b, numbering{partition: 0}, 9)
	o.raise(b, numbering{partition: 1}, 1)
	m.merge(o)
	want := marks{{a, []mark{{numbering{0, 0}, 0}}}, {b, []mark{{numbering{0, 0}, 9}, {numbering{0, 1}, 4}}}}
	if diff := cmp.Diff(want, m, cmp.AllowUnexported(route{}, mark{}, numbering{})); diff != "" {
		t.Error(diff)
	}
}

func FuzzDecodeRecord(f *testing.F) {
	record := rapid.Custom(drawRecord)
	for seed := range 5 {
		f.Add(record.Example(seed).encode())
	}
	for _, b := range wiretest.Bytes(f, "feature-record") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeRecord(mediumBook.engine, b, nil)
		if err != nil {
			return
		}
		again, err := decodeRecord(mediumBook.engine, r.encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.encode(), r.encode()) {
			t.Fatal("a record that was read and written reads differently")
		}
	})
}
