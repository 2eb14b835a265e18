package feature

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/freshet/freshet/pkg/catalog"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// An owner's clock is two years ahead for some batches: it folds an event and fires a timer. When the clock is right
// again, every window has what it has where the clock was always right.
func TestAClockAheadDoesNotEmptyTheWindows(t *testing.T) {
	after := func(ahead time.Duration) []catalog.Value {
		b := newBench(t)
		right := b.world.now
		at := func(ago time.Duration) func(*eventv1.Event) {
			return func(e *eventv1.Event) { e.OccurredMs = right.Add(-ago).UnixMilli() }
		}
		for day := range 100 {
			b.batch(nil, b.event(id(1), at(time.Duration(day)*24*time.Hour)))
		}
		b.world.now, b.world.ahead = right.Add(ahead), ahead
		b.batch(nil, b.event(id(1), at(time.Minute)))
		b.world.now = right.Add(ahead + time.Minute)
		b.batch(nil) // timers that are due fire
		rec := b.world.records()[id(1)]
		return slices.Clone(smallBook.copy().at(rec, right.UnixMilli()))
	}
	want := after(0)
	if want[smallBook.catalog.Feature("events_365d").Position].Int != 101 {
		t.Fatalf("the year's window holds %v", want)
	}
	if diff := cmp.Diff(want, after(2*365*24*time.Hour)); diff != "" {
		t.Errorf("after the clock was ahead (-want +got):\n%s", diff)
	}
}
