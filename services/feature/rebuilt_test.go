package feature

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A partition's changelog is lost, and its local store with it: the task reads its inputs from their beginning, handovers and stragglers that were sent
// before among them, and comes to the same states, to the byte. The order book keeps its own.
func TestALostChangelogIsRebuiltFromTheInputs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		play := func(steps int) {
			for range steps {
				switch rapid.IntRange(0, 9).Draw(t, "do") {
				case 0, 1, 2, 3:
					w.event()
				case 4:
					w.merge()
				case 5:
					w.tell(rapid.IntRange(0, w.parts-1).Draw(t, "book"), rapid.IntRange(0, 8).Draw(t, "batch"), true)
				case 6:
					w.now = w.now.Add(time.Duration(rapid.Int64Range(0, 3*86_400_000).Draw(t, "wait")) * time.Millisecond)
				default:
					w.step(rapid.IntRange(0, w.parts-1).Draw(t, "task"), rapid.IntRange(0, 8).Draw(t, "batch"), true)
				}
			}
		}
		play(rapid.IntRange(5, 80).Draw(t, "steps"))
		w.settle()
		want := w.digests()
		for p := range w.parts {
			if p == 0 || rapid.Bool().Draw(t, "this one, too") {
				w.tasks[p] = &memoryTask{kv: map[string][]byte{}, timers: map[string]int64{}, next: map[string]int{}}
			}
		}
		w.drain()
		got := w.digests()
		for _, id := range slices.Sorted(maps.Keys(want)) {
			if got[id] != want[id] {
				t.Fatalf("%s is rebuilt as %s, and was %s", id, got[id], want[id])
			}
		}
	})
}

// digests are of what each customer's record holds: the state as of the same pruning, or where it went.
func (w *world) digests() map[string]string {
	out := map[string]string{}
	for id, rec := range w.records() {
		if rec.gone != nil {
			out[id] = "gone to " + rec.gone.mergedInto.String()
			continue
		}
		rec.state.Prune(w.now.Add(-time.Hour).UnixMilli())
		out[id] = fmt.Sprintf("%x", sha256.Sum256(rec.state.Append(nil)))
	}
	return out
}
