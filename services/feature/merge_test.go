package feature

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
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
		want := w.truth.Features(id, w.now.UnixMilli())
		value, ok := w.tasks[w.partition([]byte(id))].kv[string(c[:])]
		if !ok {
			if want.Windows[5].Events != 0 || w.gone[id] {
				w.t.Fatalf("%s has no record", id)
			}
			continue
		}
		rec, err := decodeRecord(value)
		if err != nil {
			w.t.Fatal(err)
		}
		if w.gone[id] {
			want.MergedInto = w.truth.Canonical(id)
		}
		want.CustomerId, want.Workspace, want.Version = id, "default", rec.version
		if diff := cmp.Diff(want, rec.features(c, w.now.UnixMilli()), protocmp.Transform()); diff != "" {
			w.t.Fatalf("record of %s (-want +got):\n%s", id, diff)
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
		want, got := w.truth.Features(id, w.now.UnixMilli()), last[id]
		if got == nil {
			if want.Windows[5].Events != 0 {
				w.t.Fatalf("nothing was published of %s", id)
			}
			continue
		}
		if w.gone[id] {
			want.MergedInto = w.truth.Canonical(id)
		}
		diff := cmp.Diff(want, got, protocmp.Transform(),
			protocmp.IgnoreFields(&featurev1.FeatureSet{}, "customer_id", "workspace", "version", "as_of_ms", "history", "received_ms", "reason"))
		if diff != "" {
			w.t.Fatalf("last set of %s (-want +got):\n%s", id, diff)
		}
	}
}
