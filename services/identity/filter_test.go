package identity

import (
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"pgregory.net/rapid"
)

func alone() []int { return []int{0} }

// TestFiltersChangeNoVerdict: ids come for the first time and again, over weeks, with records that are undone, restarts in the middle of
// everything and budgets that suffice or not: with filters each is what it is without.
func TestFiltersChangeNoVerdict(t *testing.T) {
	tx := newLocalTx(t, time.Time{})
	rapid.Check(t, func(rt *rapid.T) {
		clear(tx.record)
		if err := tx.db.DeleteRange([]byte{0}, []byte{0xff}, pebble.NoSync); err != nil {
			rt.Fatal(err)
		}
		tx.now = time.UnixMilli(3000*bucketMS + bucketMS/2)
		budget := newFilterBudget(rapid.SampledFrom([]int64{0, 50 << 10, 1 << 20}).Draw(rt, "budget"), alone)
		s := newSeen(0, budget)
		known := map[string]int64{} // when the first was received
		for n := range rapid.IntRange(1, 60).Draw(rt, "steps") {
			tx.passed = tx.now.Add(-time.Hour)
			switch rapid.IntRange(0, 9).Draw(rt, "what") {
			case 0:
				s = newSeen(0, budget) // another owner, or this one again
			case 1:
				tx.now = tx.now.Add(time.Duration(rapid.IntRange(1, 9).Draw(rt, "days")) * 24 * time.Hour)
			case 2, 3:
				if err := s.refill(tx); err != nil {
					rt.Fatal(err)
				}
			default:
				id := fmt.Sprint(rapid.IntRange(0, 12).Draw(rt, "id"))
				received := tx.now.UnixMilli() - rapid.Int64Range(0, bucketMS).Draw(rt, "late")
				at, err := s.look(tx, rawEvent{workspace: "w", id: id, receivedMS: received, content: 1})
				if err != nil {
					rt.Fatal(err)
				}
				first0, seenBefore := known[id]
				within := seenBefore && received-first0 <= bucketMS && first0-received <= bucketMS
				if within && at.verdict != repeated {
					rt.Fatalf("step %d: id %s is new, though it was received %d ms before", n, id, received-first0)
				}
				if !seenBefore && at.verdict != first {
					rt.Fatalf("step %d: id %s came before, though it did not", n, id)
				}
				s.keep(tx, at)
				if rapid.IntRange(0, 4).Draw(rt, "undone") == 0 {
					tx.undo()
					s = newSeen(0, budget) // what fails after it was kept ends the task
					continue
				}
				tx.commit()
				if at.verdict == first {
					known[id] = received
				}
			}
			if budget.sum() > budget.limit {
				rt.Fatalf("filters take %d bytes of %d", budget.sum(), budget.limit)
			}
		}
	})
}

// TestAFilterSparesTheStore: new ids are known to be new without the store, also after a restart, once the filters are filled; where they
// are not, the store is asked.
func TestAFilterSparesTheStore(t *testing.T) {
	tx := newLocalTx(t, time.UnixMilli(3001*bucketMS+bucketMS/2))
	tx.passed = tx.now
	const kept, asked = 20_000, 2000
	tx.fill(3000, kept)
	tx.fill(3001, kept)
	budget := newFilterBudget(1<<20, alone)
	gets := func(s *seen, prefix string) int {
		tx.gets = 0
		for n := range asked {
			at, err := s.look(tx, rawEvent{workspace: "w", id: fmt.Sprint(prefix, n), receivedMS: tx.now.UnixMilli()})
			if err != nil || at.verdict != first {
				t.Fatal(at, err)
			}
			s.keep(tx, at)
			tx.commit()
		}
		return tx.gets
	}
	s := newSeen(0, budget)
	if n := gets(&s, "unfilled"); n < 2*asked {
		t.Errorf("%d look-ups for %d ids while the filters are not filled", n, asked)
	}
	pieces := 0
	for ; !s.filters[3000].ready || !s.filters[3001].ready; pieces++ {
		if err := s.refill(tx); err != nil || pieces > 1000 {
			t.Fatal(pieces, err)
		}
	}
	if want := (2*kept + asked) / refillKeys; pieces < want {
		t.Errorf("filled in %d pieces, want %d at least", pieces, want)
	}
	if n := gets(&s, "filled"); n > asked/10 {
		t.Errorf("%d look-ups for %d new ids with filters", n, asked)
	}
	if got, want := budget.sum(), s.filters[3000].bytes()+s.filters[3001].bytes(); got != want || got > (2*kept+2*asked)*4 {
		t.Errorf("the filters take %d bytes and are said to take %d", want, got)
	}
	broke := newSeen(1, newFilterBudget(10, alone))
	if n := gets(&broke, "broke"); n < 2*asked {
		t.Errorf("%d look-ups for %d ids without a budget", n, asked)
	}
}

// TestTheBudgetOfPartitionsThatLeftIsFree: what another process has by now does not count.
func TestTheBudgetOfPartitionsThatLeftIsFree(t *testing.T) {
	mine := []int{1, 2}
	b := newFilterBudget(100, func() []int { return mine })
	if !b.take(1, 60) || !b.take(2, 40) || b.take(1, 1) {
		t.Error("the budget is not what was said")
	}
	mine = []int{2}
	if !b.take(2, 60) || b.take(2, 1) {
		t.Error("the other partition's part is not free after it left")
	}
}
