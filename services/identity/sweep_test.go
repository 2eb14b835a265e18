package identity

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
)

// localTx is a transaction over a store of its own, as a task's is, without a broker.
type localTx struct {
	t           testing.TB
	db          *pebble.DB
	now, passed time.Time
	record      map[string][]byte // nil deletes
	timer       time.Time
	steps       int // that iterators took, over what was deleted too
	gets        int
}

func newLocalTx(t testing.TB, now time.Time) *localTx {
	opts := &pebble.Options{MemTableSize: 4 << 20, CacheSize: 64 << 20, Logger: silent{}} // as identity.seen_cache_bytes has it
	for i := range opts.Levels {
		opts.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	db, err := pebble.Open(t.TempDir(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &localTx{t: t, db: db, now: now, passed: now.Add(-time.Hour), record: map[string][]byte{}}
}

// silent drops Pebble's own chatter.
type silent struct{}

func (silent) Infof(string, ...any)         {}
func (silent) Errorf(string, ...any)        {}
func (silent) Fatalf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }

func (tx *localTx) Now() time.Time                  { return tx.now }
func (tx *localTx) Passed() time.Time               { return tx.passed }
func (tx *localTx) Set(k, v []byte)                 { tx.record[string(k)] = v }
func (tx *localTx) Delete(k []byte)                 { tx.record[string(k)] = nil }
func (tx *localTx) SetTimer(_ []byte, at time.Time) { tx.timer = at }

func (tx *localTx) Get(k []byte) ([]byte, bool, error) {
	tx.gets++
	if v, ok := tx.record[string(k)]; ok {
		return v, v != nil, nil
	}
	v, closer, err := tx.db.Get(k)
	if err != nil {
		return nil, false, nil
	}
	return slices.Clone(v), true, closer.Close()
}

func (tx *localTx) Scan(prefix, from []byte, fn func(k, v []byte) (bool, error)) error {
	it, err := tx.db.NewIter(&pebble.IterOptions{LowerBound: slices.MaxFunc([][]byte{prefix, from}, slices.Compare), UpperBound: []byte{prefix[0] + 1}})
	if err != nil {
		return err
	}
	for ok := it.First(); ok; ok = it.Next() {
		if more, err := fn(slices.Clone(it.Key()), it.Value()); !more || err != nil {
			break
		}
	}
	stats := it.Stats()
	tx.steps += stats.ForwardStepCount[pebble.InternalIterCall]
	return it.Close()
}

// commit applies what was written; undo forgets it.
func (tx *localTx) commit() {
	b := tx.db.NewBatch()
	for k, v := range tx.record {
		if v == nil {
			_ = b.Delete([]byte(k), nil)
		} else {
			_ = b.Set([]byte(k), v, nil)
		}
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		tx.t.Fatal(err)
	}
	clear(tx.record)
}

func (tx *localTx) undo() { clear(tx.record) }

// fill keeps n ids of a bucket.
func (tx *localTx) fill(bucket, n int) {
	for i := range n {
		var hash [16]byte
		binary.BigEndian.PutUint64(hash[:], uint64(i)*0x9e3779b97f4a7c15)
		tx.Set(seenKey(bucket, hash), make([]byte, 16))
		if i%5000 == 4999 {
			tx.commit()
		}
	}
	tx.commit()
}

// piece is what one piece of sweeping cost before it was committed.
type piece struct {
	took  time.Duration
	steps int
}

// sweepAll sweeps until nothing is left to do.
func sweepAll(tx *localTx, s *seen) (pieces []piece) {
	for {
		tx.timer, tx.steps = time.Time{}, 0
		began := time.Now()
		if err := s.sweep(tx); err != nil {
			tx.t.Fatal(err)
		}
		pieces = append(pieces, piece{time.Since(began), tx.steps})
		tx.commit()
		if tx.timer.IsZero() {
			return pieces
		}
		tx.now = tx.timer
	}
}

func (tx *localTx) count() (n int) {
	_ = tx.Scan([]byte{spaceSeen}, nil, func(_, _ []byte) (bool, error) { n++; return true, nil })
	return n
}

// Every piece of a long sweep looks at what it deletes and little more: one that began at the front each time waded through
// all that it had deleted before, and live events waited for it.
func TestSweepingDoesNotSlowDown(t *testing.T) {
	tx := newLocalTx(t, time.UnixMilli(3002*bucketMS+bucketMS/2))
	tx.fill(3000, 30*sweepKeys)
	tx.fill(3001, 10)
	s := &seen{newest: 3002, filled: map[int]bool{}}
	pieces := sweepAll(tx, s)
	if n := tx.count(); n != 10 || len(pieces) < 30 {
		t.Fatalf("%d ids are left after %d pieces, want 10", n, len(pieces))
	}
	if got, want := slices.MaxFunc(pieces, func(a, b piece) int { return a.steps - b.steps }).steps, 3*sweepKeys; got > want {
		t.Errorf("one of %d pieces took %d steps through the store to delete %d ids, want at most %d", len(pieces), got, sweepKeys, want)
	}
}

// What is undone leaves no trace: neither an id nor a newest bucket of which the state knows nothing.
func TestAnEventThatIsUndoneWasNotSeen(t *testing.T) {
	tx := newLocalTx(t, time.UnixMilli(3000*bucketMS+bucketMS/2))
	s := &seen{newest: -1}
	e := rawEvent{workspace: "w", id: "m1", receivedMS: tx.now.UnixMilli(), content: 1}
	at, err := s.look(tx, e)
	if err != nil || at.verdict != first {
		t.Fatalf("%v, %v", at, err)
	}
	tx.undo() // what came between look and keep failed
	if s.newest != -1 || len(s.filled) != 0 {
		t.Errorf("newest is %d and filled %v after an event that was not kept", s.newest, s.filled)
	}
	at, _ = s.look(tx, e)
	s.keep(tx, at)
	tx.commit()
	again, fresh := &seen{newest: -1}, e
	if at, _ := again.look(tx, fresh); at.verdict != repeated || again.newest != 3000 || !again.filled[3000] || tx.timer.IsZero() {
		t.Errorf("after it was kept: %+v, %+v", at, again)
	}
}

// An id is forgotten by what has certainly passed, not by a clock that is weeks ahead together with the collector's.
func TestAClockAheadForgetsNoIDs(t *testing.T) {
	tx := newLocalTx(t, time.UnixMilli(3000*bucketMS+bucketMS/2))
	s := &seen{newest: -1}
	note := func(id string) verdict {
		at, err := s.look(tx, rawEvent{workspace: "w", id: id, receivedMS: tx.now.UnixMilli(), content: 1})
		if err != nil {
			t.Fatal(err)
		}
		s.keep(tx, at)
		tx.commit()
		return at.verdict
	}
	note("m1")
	right := tx.now
	tx.now = right.Add(100 * 7 * 24 * time.Hour) // the broker, or the records, say otherwise: Passed stays
	note("m2")
	sweepAll(tx, s)
	tx.now = right
	if v := note("m1"); v != repeated {
		t.Errorf("m1 is %v after the clock was ahead, want repeated", v)
	}
}

// BenchmarkSweep is a million ids that are old: "go test -bench Sweep -benchtime 1x ./services/identity".
func BenchmarkSweep(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		tx := newLocalTx(b, time.UnixMilli(3002*bucketMS+bucketMS/2))
		tx.fill(3000, 1_000_000)
		s := &seen{newest: 3002, filled: map[int]bool{}}
		b.StartTimer()
		pieces := sweepAll(tx, s)
		slices.SortFunc(pieces, func(a, b piece) int { return int(a.took - b.took) })
		b.ReportMetric(float64(pieces[len(pieces)-1].took.Microseconds())/1000, "longest-ms")
		b.ReportMetric(float64(pieces[len(pieces)*99/100].took.Microseconds())/1000, "p99-ms")
		b.ReportMetric(float64(len(pieces)), "pieces")
	}
}
