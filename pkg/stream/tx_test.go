package stream

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/broker"
)

func memoryTx(t testing.TB) *Tx {
	t.Helper()
	s, err := openStore(t.TempDir(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.close() })
	s.recent = newRecent(2 * 300) // so small that it forgets all the time
	return &Tx{ctx: t.Context(), store: s, batch: newChanges(), record: newChanges()}
}

// A transaction over a store reads like one map, whatever is stored, kept, pending or undone.
func TestTransactionReadsLikeAMap(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		tx := memoryTx(t)
		stored, pending := map[string]string{}, map[string]string{}
		key := rapid.StringMatching(`[abc]{1,3}`)
		r.Repeat(map[string]func(*rapid.T){
			"set": func(r *rapid.T) {
				k, v := key.Draw(r, "key"), rapid.StringN(0, 4, -1).Draw(r, "value")
				tx.Set([]byte(k), []byte(v))
				pending[k] = v
			},
			"delete": func(r *rapid.T) {
				k := key.Draw(r, "key")
				tx.Delete([]byte(k))
				delete(pending, k)
			},
			"keep": func(*rapid.T) { tx.keep(); stored = maps.Clone(pending) },
			"undo": func(*rapid.T) { tx.undo(); pending = maps.Clone(stored) },
			"commit": func(r *rapid.T) {
				tx.keep()
				if err := tx.store.apply(tx.batch, nil); err != nil {
					r.Fatal(err)
				}
				tx.batch = newChanges()
				stored = maps.Clone(pending)
			},
			"": func(r *rapid.T) { checkReads(r, tx, pending, key) },
		})
	})
}

func checkReads(r *rapid.T, tx *Tx, want map[string]string, key *rapid.Generator[string]) {
	k := key.Draw(r, "get")
	v, ok, err := tx.Get([]byte(k))
	w, wok := want[k]
	if err != nil || ok != wok || string(v) != w {
		r.Fatalf("get %q = %q, %v, %v; want %q, %v", k, v, ok, err, w, wok)
	}
	prefix, from, limit := rapid.SampledFrom([]string{"", "a", "ab", "c"}).Draw(r, "prefix"), key.Draw(r, "from"), rapid.IntRange(1, 4).Draw(r, "limit")
	var got, expect []string
	err = tx.Scan([]byte(prefix), []byte(from), func(k, v []byte) (bool, error) {
		got = append(got, string(k)+"="+string(v))
		return len(got) < limit, nil
	})
	if err != nil {
		r.Fatal(err)
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if strings.HasPrefix(k, prefix) && k >= from && len(expect) < limit {
			expect = append(expect, k+"="+want[k])
		}
	}
	if d := cmp.Diff(expect, got); d != "" {
		r.Fatalf("scan %q from %q: %s", prefix, from, d)
	}
}

func TestScanGivesBackTheCallersError(t *testing.T) {
	tx := memoryTx(t)
	tx.Set([]byte("a"), nil)
	tx.keep()
	if err := tx.store.apply(tx.batch, nil); err != nil {
		t.Fatal(err)
	}
	want := fmt.Errorf("no more")
	err := tx.Scan(nil, nil, func(_, _ []byte) (bool, error) { return true, want })
	if err == nil || !strings.Contains(err.Error(), "no more") {
		t.Errorf("Scan gave %v", err)
	}
}

func TestTimersFireInOrderOnceAndInBoundedBatches(t *testing.T) {
	tx := memoryTx(t)
	at := func(ms int64) time.Time { return time.UnixMilli(ms) }
	apply := func() {
		t.Helper()
		tx.keep()
		if err := tx.store.apply(tx.batch, nil); err != nil {
			t.Fatal(err)
		}
		tx.batch = newChanges()
	}
	due := func(now int64, limit int) string {
		t.Helper()
		list, err := tx.store.due(now, limit)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, d := range list {
			fmt.Fprintf(&b, "%s@%d ", d.key, d.due)
			tx.ClearTimer(d.key)
		}
		apply()
		return strings.TrimSpace(b.String())
	}
	tx.SetTimer([]byte("b"), at(20))
	tx.SetTimer([]byte("a"), at(10))
	tx.SetTimer([]byte("c"), at(30))
	tx.SetTimer([]byte("gone"), at(5))
	tx.SetTimer([]byte("moved"), at(6))
	apply()
	tx.ClearTimer([]byte("gone"))
	tx.SetTimer([]byte("moved"), at(40))
	apply()
	for _, step := range []struct {
		now   int64
		limit int
		want  string
	}{
		{9, 10, ""}, {25, 1, "a@10"}, {25, 1, "b@20"}, {25, 1, ""}, {29, 9, ""}, {30, 9, "c@30"}, {1000, 9, "moved@40"}, {2000, 9, ""},
	} {
		if got := due(step.now, step.limit); got != step.want {
			t.Errorf("at %d: fired %q, want %q", step.now, got, step.want)
		}
	}
	tx.SetTimer([]byte("past"), at(-7)) // earlier than all that ever fired
	apply()
	if got := due(2000, 9); got != "past@-7" {
		t.Errorf("fired %q, want past@-7", got)
	}
}

// Timers are part of the state: they survive a restart and the loss of the disk, and fire at the clock's time.
func TestTimersSurviveALostDisk(t *testing.T) {
	c := newCluster(t, 1)
	clock := newClock(time.UnixMilli(1_000_000))
	fired := make(chan string, 10)
	h := timed{sums: sums{timers: func(tx *Tx, key []byte, due time.Time) error {
		fired <- fmt.Sprintf("%s@%d", key, due.UnixMilli())
		return nil
	}}}
	c.send(t, 3, 3)
	p, stop := c.start(t, testConfig(t.TempDir()), h, clock.now)
	c.settled(t, p)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	p, _ = c.start(t, testConfig(t.TempDir()), h, clock.now)
	c.send(t, 1, 1)
	c.settled(t, p)
	select {
	case f := <-fired:
		t.Fatalf("%s fired before its time", f)
	default:
	}
	clock.set(time.UnixMilli(1_060_000))
	var got []string
	for range 3 {
		select {
		case f := <-fired:
			got = append(got, f)
		case <-time.After(time.Minute):
			t.Fatalf("only %v fired", got)
		}
	}
	slices.Sort(got)
	if d := cmp.Diff([]string{"k0@1060000", "k1@1060000", "k2@1060000"}, got); d != "" {
		t.Error(d)
	}
}

// timed sets a timer a minute ahead for each key.
type timed struct{ sums }

func (h timed) Process(tx *Tx, rec broker.Record) error {
	tx.SetTimer(rec.Key, time.UnixMilli(1_060_000))
	return h.sums.Process(tx, rec)
}

func TestCommitRecordsComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		blob := rapid.SliceOfN(rapid.Byte(), 0, 20)
		c := commit{
			seq:    rapid.Int64().Draw(r, "seq"),
			inputs: rapid.MapOf(rapid.String(), rapid.Custom(somePlace)).Draw(r, "inputs"),
		}
		for range rapid.IntRange(0, 3).Draw(r, "outputs") {
			m := broker.Message{Topic: rapid.String().Draw(r, "topic"), Key: blob.Draw(r, "key")}
			if rapid.Bool().Draw(r, "value") {
				m.Value = blob.Draw(r, "v")
			}
			if rapid.Bool().Draw(r, "header") {
				m.Headers = []broker.Header{{Key: "h", Value: blob.Draw(r, "hv")}}
			}
			c.outputs = append(c.outputs, m)
		}
		got, err := decodeCommit(c.encode())
		if err != nil {
			r.Fatal(err)
		}
		if d := cmp.Diff(c, got, cmp.AllowUnexported(commit{})); d != "" {
			r.Fatal(d)
		}
	})
}

func FuzzDecodeCommit(f *testing.F) {
	f.Add(commit{seq: 9, inputs: map[string]broker.Place{"in": {Offset: 7, Life: 3}}, outputs: []broker.Message{{Topic: "t", Key: []byte("k")}}}.encode())
	f.Add([]byte{1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeCommit(b)
		if err != nil {
			return
		}
		again, err := decodeCommit(c.encode())
		if err != nil || again.seq != c.seq || len(again.outputs) != len(c.outputs) {
			t.Fatalf("%v does not come back: %v", c, err)
		}
	})
}

func TestUpperBound(t *testing.T) {
	for in, want := range map[string][]byte{"a": []byte("b"), "a\xff": []byte("b"), "\xff\xff": nil, "": nil} {
		if got := upperBound([]byte(in)); !bytes.Equal(got, want) {
			t.Errorf("upperBound(%q) = %q, want %q", in, got, want)
		}
	}
}

func somePlace(r *rapid.T) broker.Place {
	return broker.Place{Offset: rapid.Int64().Draw(r, "offset"), Life: rapid.Uint32().Draw(r, "life"), Proof: rapid.Uint64().Draw(r, "proof"), TimeMs: rapid.Int64().Draw(r, "time")}
}

// TestOneLargeRecordCostsNoOtherTime: after a record of a hundred thousand changes the next ones are as cheap as those before it.
func TestOneLargeRecordCostsNoOtherTime(t *testing.T) {
	perRecord := func(large bool) time.Duration {
		tx := memoryTx(t)
		if large {
			for i := range 100_000 {
				tx.SetTimer(fmt.Appendf(nil, "%d", i), time.UnixMilli(1))
				tx.Set(fmt.Appendf(nil, "%d", i), nil)
			}
			tx.keep()
			tx.batch = newChanges()
		}
		least := time.Hour // of many: the machine may be busy
		for range 50 {
			began := time.Now()
			for range 20 {
				tx.Set([]byte("k"), nil)
				tx.keep()
			}
			least = min(least, time.Since(began))
		}
		return least
	}
	if small, after := perRecord(false), perRecord(true); after > 20*small {
		t.Errorf("20 records take %s, after a large one %s", small, after)
	}
}
