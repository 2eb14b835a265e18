package feature

import (
	"testing"

	"google.golang.org/protobuf/proto"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// inLife puts an event at an offset of a life of events.raw.v1.
func inLife(in input, life uint32, offset int64) input {
	ev := proto.Clone(in.value).(*eventv1.ResolvedEvent)
	ev.RawLife, ev.RawOffset = life, offset
	in.value = ev
	return in
}

// TestOffsetsOfAnotherLifeAreNew: events.raw.v1 is made anew, or loses its tail, and gives offsets out again. What stands there now is new; what
// stood there before is a repeat, also when it comes late.
func TestOffsetsOfAnotherLifeAreNew(t *testing.T) {
	b := newBench(t)
	c := id(1)
	for i, step := range []struct {
		life   uint32
		offset int64
		views  int64 // in all, after it
	}{
		{life: 7, offset: 10, views: 1},
		{life: 7, offset: 10, views: 1}, // a repeat
		{life: 9, offset: 0, views: 2},  // made anew: the first event
		{life: 9, offset: 10, views: 3}, // at an offset that was there before
		{life: 9, offset: 10, views: 3},
		{life: 7, offset: 9, views: 3}, // a straggler of the old life
		{life: 7, offset: 11, views: 4},
		{life: 3, offset: 1, views: 5}, // lives have no order
	} {
		b.batch(nil, inLife(b.event(c, nil), step.life, step.offset))
		if got := lifetimeViews(t, b, c); got != step.views {
			t.Errorf("step %d, offset %d of life %d: %d events counted, want %d", i, step.offset, step.life, got, step.views)
		}
	}
}

// lifetimeViews is how many page views a customer has.
func lifetimeViews(t *testing.T, b *bench, customer string) int64 {
	t.Helper()
	c, err := parseID(customer)
	if err != nil {
		t.Fatal(err)
	}
	return b.reads(c, "events_lifetime")
}

// TestALifeCostsFourBytes: a customer with events in eight partitions.
func TestALifeCostsFourBytes(t *testing.T) {
	size := func(life uint32) int {
		var m marks
		for p := range int32(8) {
			m.raise(customerID{1}, numbering{life: life, partition: p}, 1<<27)
		}
		return len(m[0].append(nil))
	}
	if was, is := size(0), size(5); is != was+4 {
		t.Errorf("%d bytes without a life and %d with one, want 4 more", was, is)
	}
}
