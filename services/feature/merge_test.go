package feature

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// Whatever the interleaving of events, merges, chains of merges, stragglers, crashes
// and repeats of any record, over any number of partitions: once all is folded, every
// customer has exactly the features of their unique events, and every merged id
// points at the survivor.
func TestEveryEventCountsOnceThroughMerges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(5, 120).Draw(t, "steps") {
			switch rapid.IntRange(0, 11).Draw(t, "do") {
			case 0, 1, 2, 3:
				w.event()
			case 10, 11:
				w.tell(rapid.IntRange(0, w.parts-1).Draw(t, "book"), rapid.IntRange(0, 8).Draw(t, "order events"), true)
			case 4:
				w.merge()
			case 5:
				w.repeat()
			case 6:
				w.now = w.now.Add(time.Duration(rapid.Int64Range(0, 3*86_400_000).Draw(t, "wait")) * time.Millisecond)
			default:
				w.step(rapid.IntRange(0, w.parts-1).Draw(t, "task"), rapid.IntRange(0, 8).Draw(t, "batch"), true)
			}
		}
		w.settle()
		w.checkStates()
		w.checkSets()
	})
}

// checkStates holds every record against the oracle.
func (w *world) checkStates() {
	for _, id := range w.ids {
		c, err := parseID(id)
		if err != nil {
			w.t.Fatal(err)
		}
		value, ok := w.tasks[w.partition([]byte(id))].kv[string(c[:])]
		if !ok {
			if w.truth.Known(id, w.now.UnixMilli()) || w.gone[id] {
				w.t.Fatalf("%s has no record", id)
			}
			continue
		}
		rec, err := decodeRecord(w.kept.engine, value, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		if rec.workspace != "default" || w.gone[id] != (rec.gone != nil) || rec.gone != nil && rec.gone.mergedInto.String() != w.truth.Canonical(id) {
			w.t.Fatalf("record of %s: %+v", id, rec)
		}
		if rec.gone == nil {
			w.kept.same(w.t, "record of "+id, w.kept.copy().at(rec, w.now.UnixMilli()), w.truth.Values(w.kept.catalog, id, w.now.UnixMilli()))
		}
	}
}

// checkSets holds what was published against the oracle: the last set of every
// customer, by version, still holds now although time has passed.
func (w *world) checkSets() {
	last := map[string]*featurev1.FeatureSet{}
	for p := range w.parts {
		for _, rec := range w.logs[broker.TopicPartition{Topic: topics.Features.Name, Partition: p}] {
			fs := &featurev1.FeatureSet{}
			if err := proto.Unmarshal(rec.Value, fs); err != nil {
				w.t.Fatal(err)
			}
			if fs.CustomerId != string(rec.Key) || fs.Version <= 0 || fs.Reason == 0 {
				w.t.Fatalf("set under key %s: %v", rec.Key, fs)
			}
			if old := last[fs.CustomerId]; old == nil || old.Version < fs.Version {
				last[fs.CustomerId] = fs
			} else if old.Version == fs.Version && !proto.Equal(old, fs) {
				w.t.Fatalf("two sets of version %d:\n%v\n%v", fs.Version, old, fs)
			}
		}
	}
	for _, id := range w.ids {
		got := last[id]
		if got == nil {
			if w.truth.Known(id, w.now.UnixMilli()) {
				w.t.Fatalf("nothing was published of %s", id)
			}
			continue
		}
		if into := got.GetMergedInto(); w.gone[id] != (into != "") || into != "" && into != w.truth.Canonical(id) {
			w.t.Fatalf("last set of %s: %v", id, got)
		}
		if !w.gone[id] {
			w.kept.same(w.t, "last set of "+id, w.kept.valuesOf(got), w.truth.Values(w.kept.catalog, id, w.now.UnixMilli()))
		}
	}
}
