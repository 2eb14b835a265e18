package feature

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/feature/internal/oracle"
	"github.com/freshet/freshet/services/feature/spec"
	"github.com/freshet/freshet/services/feature/tiles"
)

// life is what one random world lived through, and the moments to look from.
type life struct {
	w     *world
	times []int64 // before, at and after w.now
}

// drawLife draws a world with events, late events, merges, refunds and repeats, settles
// it, and draws moments at and next to edges of windows.
func drawLife(t *rapid.T) life {
	w := newWorld(t)
	for range rapid.IntRange(50, 200).Draw(t, "steps") {
		switch rapid.IntRange(0, 9).Draw(t, "do") {
		case 0:
			w.merge()
		case 1:
			w.repeat()
		case 2:
			w.tell(rapid.IntRange(0, w.parts-1).Draw(t, "book"), 9, false)
		default:
			w.event()
		}
	}
	w.settle()
	now := w.now.UnixMilli()
	l := life{w: w, times: []int64{now}}
	for range 3 {
		l.times = append(l.times, oracle.Edges(t, "before", now), now+rapid.Int64Range(0, 400*86_400_000).Draw(t, "after"))
	}
	for _, rec := range w.records() {
		if flip, ok := rec.state.NextFlip(now); ok {
			l.times = append(l.times, flip-1, flip)
		}
	}
	return l
}

// Every number is the same whether it comes from the stream's state, from ClickHouse
// or from the oracle, at any moment the source can be asked about.
func TestStreamEqualsSQLEqualsOracle(t *testing.T) {
	f := newFacts(t)
	lives := rapid.Custom(drawLife)
	for seed := range 5 {
		l := lives.Example(seed)
		workspace := fmt.Sprintf(`tenant '%d' \ "x"`, seed)
		half := len(l.w.resolved) / 2
		f.write(workspace, l.w.resolved, l.w.changes(), l.w.mappings)
		f.write(workspace, l.w.resolved[:half], l.w.changes()[:len(l.w.changes())/2], l.w.mappings) // a block that landed twice
		for _, at := range l.times {
			l.compare(t, fmt.Sprintf("seed %d at now%+dms", seed, at-l.w.now.UnixMilli()), f, workspace, at)
		}
	}
}

// The last times of a customer with more names than are kept, most of them at the
// same moment: which ones stay is the same everywhere.
func TestManyNamesAtOnce(t *testing.T) {
	f := newFacts(t)
	var log oracle.Log
	var state tiles.State
	var events []*eventv1.ResolvedEvent
	now := oracle.Epoch.UnixMilli()
	for n := range 100 {
		e := &eventv1.Event{
			EventId: fmt.Sprint(n), Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: fmt.Sprint("name ", n*37%100),
			OccurredMs: now - int64(n%10/7), ReceivedMs: now,
		}
		events = append(events, &eventv1.ResolvedEvent{Event: e, CustomerId: id(1)})
		log.Add(id(1), e)
		state.Insert(spec.Read(e), now)
	}
	f.write("default", events, nil, nil)
	want := log.Features(id(1), now)
	if len(want.LastEventMs) != spec.MaxNames {
		t.Fatalf("the oracle keeps %d names", len(want.LastEventMs))
	}
	same(t, "SQL", f.read("default", id(1), now)[id(1)], want)
	same(t, "state", state.Features(now), want)
}

func (l life) compare(t *testing.T, what string, f *facts, workspace string, at int64) {
	t.Helper()
	all := f.read(workspace, "", at)
	known := 0
	for id, rec := range l.w.records() {
		if rec.gone != nil {
			if all[id] != nil {
				t.Fatalf("%s: %s was merged away and has a row", what, id)
			}
			continue
		}
		want := l.w.truth.Features(id, at)
		if want.Windows[5].Events > 0 {
			known++
			same(t, what+": all in SQL, "+id, all[id], want)
			same(t, what+": one in SQL, "+id, f.read(workspace, id, at)[id], want)
		}
		if at >= l.w.now.UnixMilli() {
			same(t, what+": state, "+id, rec.state.Features(at), want)
		}
	}
	if len(all) != known {
		t.Fatalf("%s: %d customers in SQL, want %d", what, len(all), known)
	}
}

func same(t *testing.T, what string, got, want *featurev1.FeatureSet) {
	t.Helper()
	if diff := cmp.Diff(want, got, protocmp.Transform(), protocmp.IgnoreFields(&featurev1.FeatureSet{}, "customer_id", "workspace")); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}
