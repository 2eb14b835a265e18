package tiles_test

import (
	"bytes"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/order"
	"github.com/freshet/freshet/pkg/wire/wiretest"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/feature/internal/oracle"
	"github.com/freshet/freshet/services/feature/spec"
	"github.com/freshet/freshet/services/feature/tiles"
)

// drawEvents draws up to limit events before nowMs.
func drawEvents(t *rapid.T, limit int, nowMs int64) []*eventv1.Event {
	events := make([]*eventv1.Event, rapid.IntRange(0, limit).Draw(t, "events"))
	for i := range events {
		events[i] = oracle.Event(t, i, oracle.Edges(t, "at", nowMs))
	}
	return events
}

// orders keeps books of orders, as the order book does.
type orders map[string]*orderv1.Book

// add gives what an event makes its order post and take back.
func (o orders) add(e *eventv1.Event) (out []spec.Posting) {
	kept := order.Of(&eventv1.ResolvedEvent{Event: e, CustomerId: "c"})
	if kept == nil {
		return nil
	}
	id := kept.GetOrder().GetOrderId()
	if o[id] == nil {
		o[id] = &orderv1.Book{}
	}
	if !order.Add(o[id], kept) {
		return nil
	}
	now := order.Fold("default", id, o[id])
	for _, c := range order.Diff(o[id].Told, now) {
		for _, p := range c.Taken {
			out = append(out, spec.ReadPosting(p, true))
		}
		for _, p := range c.Added {
			out = append(out, spec.ReadPosting(p, false))
		}
	}
	o[id].Told = now
	return out
}

func equal(t *rapid.T, what string, got, want *featurev1.FeatureSet) {
	t.Helper()
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// Any order of insertion, at rising clocks, split over any number of states that are
// merged, pruned and encoded on the way, reads as the oracle does, at once and at
// many later moments.
func TestReadingEqualsOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := oracle.Epoch.UnixMilli() + rapid.Int64Range(0, 3_600_000).Draw(t, "now")
		var log oracle.Log
		parts := make([]*tiles.State, rapid.IntRange(1, 4).Draw(t, "parts"))
		for i := range parts {
			parts[i] = &tiles.State{}
		}
		book := orders{}
		for _, e := range drawEvents(t, 90, now) {
			log.Add("c", e)
			p := rapid.IntRange(0, len(parts)-1).Draw(t, "part")
			clock := rapid.Int64Range(e.OccurredMs, now).Draw(t, "clock")
			parts[p].Insert(spec.Read(e), clock)
			for _, x := range book.add(e) { // what an order adds and takes may go to different parts
				parts[rapid.IntRange(0, len(parts)-1).Draw(t, "posted to")].Post(x, clock)
			}
			if rapid.Bool().Draw(t, "prune") {
				parts[p].Prune(clock)
				parts[p] = reload(t, parts[p])
			}
		}
		whole := parts[0]
		for _, p := range parts[1:] {
			whole.Merge(p)
		}
		for range 4 {
			equal(t, "features", whole.Features(now), log.Features("c", now))
			whole.Prune(now)
			now = later(t, whole, now)
		}
	})
}

// later draws a moment after now, often exactly at the next flip or just before it.
func later(t *rapid.T, s *tiles.State, now int64) int64 {
	flip, ok := s.NextFlip(now)
	if !ok || rapid.IntRange(0, 3).Draw(t, "free step") == 0 {
		return now + rapid.Int64Range(0, 100*86_400_000).Draw(t, "step")
	}
	return flip - rapid.Int64Range(0, 1).Draw(t, "before flip")
}

func reload(t *rapid.T, s *tiles.State) *tiles.State {
	t.Helper()
	out, rest, err := tiles.Decode(append(s.Append(nil), "rest"...))
	if err != nil || string(rest) != "rest" {
		t.Fatalf("decode what was encoded: rest %q, %v", rest, err)
	}
	return out
}

// Between a reading and its next flip no value changes; at the flip one does.
func TestNextFlipIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := oracle.Epoch.UnixMilli()
		var s tiles.State
		book := orders{}
		for _, e := range drawEvents(t, 20, now) {
			s.Insert(spec.Read(e), now)
			for _, x := range book.add(e) {
				s.Post(x, now)
			}
		}
		for range 50 {
			flip, ok := s.NextFlip(now)
			if !ok {
				late := s.Features(now + 400*86_400_000)
				late.AsOfMs = now
				equal(t, "a year later with nothing left to flip", late, s.Features(now))
				return
			}
			if flip <= now {
				t.Fatalf("flip at %d, not after %d", flip, now)
			}
			before := s.Features(flip - 1)
			before.AsOfMs = now
			equal(t, "just before the flip", before, s.Features(now))
			at := s.Features(flip)
			at.AsOfMs = now
			if cmp.Equal(at, before, protocmp.Transform()) {
				t.Fatalf("nothing changed at the flip %d", flip)
			}
			now = flip
		}
	})
}

// The encoding of a state depends on the events alone, not on the order they came in.
func TestEncodingIsCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := oracle.Epoch.UnixMilli()
		events := drawEvents(t, 100, now)
		var a, b tiles.State
		first, second := orders{}, orders{}
		for _, e := range events {
			a.Insert(spec.Read(e), now)
			for _, x := range first.add(e) {
				a.Post(x, now)
			}
		}
		for _, e := range rapid.Permutation(events).Draw(t, "order") {
			b.Insert(spec.Read(e), e.OccurredMs)
			for _, x := range second.add(e) {
				b.Post(x, min(now, x.AtMs))
			}
		}
		a.Prune(now)
		b.Prune(now)
		if x, y := a.Append(nil), b.Append(nil); !slices.Equal(x, y) {
			t.Fatalf("encodings differ:\n%x\n%x", x, y)
		}
	})
}

// A clock that runs ahead of ours stamps an event after now: it is in the answer,
// and the answer says until when it holds.
func TestEventAheadOfClock(t *testing.T) {
	now := oracle.Epoch.UnixMilli()
	var s tiles.State
	s.Insert(spec.Sample{AtMs: now + 70, Name: "page"}, now)
	fs := s.Features(now)
	if fs.AsOfMs != now+70 || fs.Windows[0].Events != 1 {
		t.Fatalf("as of %d with %d events, want %d and 1", fs.AsOfMs, fs.Windows[0].Events, now+70)
	}
}

// Pruning keeps one hop more than is needed at the clock that pruned.
func TestPruneSparesReadersWithSlowClocks(t *testing.T) {
	at := oracle.Epoch.UnixMilli()
	var s tiles.State
	s.Insert(spec.Sample{AtMs: at, Name: "page"}, at)
	leaves := at + (65 * time.Minute).Milliseconds()
	s.Prune(leaves + (5 * time.Minute).Milliseconds() - 1)
	if got := s.Features(leaves - 1).Windows[0].Events; got != 1 {
		t.Fatalf("%d events within the hour just before the tile leaves, want 1", got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	cases := map[string][]byte{
		"nothing":                    {},
		"an unknown version":         {9, 0, 0, 0, 0, 0, 0},
		"the version before":         {1, 0, 0, 0, 0, 0, 0},
		"a mask of unknown measures": {2, 0xff},
		"a sum that is zero":         {2, 2, 0, 0, 0, 0, 0, 0},
		"a sum beyond 128 bits":      append(append([]byte{2, 2}, bytes.Repeat([]byte{0xff}, 18)...), 4, 0, 0, 0, 0, 0),
		"a count beyond the input":   {2, 0, 0, 0xff, 0xff, 0xff, 0x7f},
		"sales that do not rise":     {2, 0, 2, 2, 2, 0, 2, 0, 0, 0, 0},
		"a moment without sales":     {2, 0, 1, 2, 0, 0, 0, 0, 0},
		"tiles that do not rise":     {2, 0, 0, 2, 2, 1, 2, 0, 1, 2, 0, 0, 0},
		"a tile of nothing":          {2, 0, 0, 1, 2, 0, 0, 0, 0},
		"65 names":                   append([]byte{2, 0, 0, 0, 0, 0, 65}, make([]byte, 200)...),
	}
	for name, b := range cases {
		if _, _, err := tiles.Decode(b); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, rest, err := tiles.Decode([]byte{2, 0, 0, 0, 0, 0, 0}); err != nil || len(rest) != 0 {
		t.Errorf("an empty state: %d bytes left, %v", len(rest), err)
	}
}

// Sums beyond 64 bits stand at the end of them and say so, and come back exactly when what made them large is taken back.
func TestSumsSaturateAndComeBack(t *testing.T) {
	now := oracle.Epoch.UnixMilli()
	var s tiles.State
	post := func(spend int64, taken bool) *featurev1.WindowFeatures {
		s.Post(spec.ReadPosting(&orderv1.Posting{AtMs: now, Orders: 1, SpendMicros: spend}, taken), now)
		out, _, err := tiles.Decode(s.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		return out.Features(now).Windows[0]
	}
	steps := []struct {
		spend     int64
		taken     bool
		want      int64
		saturated bool
	}{
		{math.MaxInt64 - 1, false, math.MaxInt64 - 1, false},
		{math.MaxInt64, false, math.MaxInt64, true},
		{1, false, math.MaxInt64, true},
		{math.MaxInt64, true, math.MaxInt64, true}, // one short of it and one: exactly the limit
		{1, true, math.MaxInt64 - 1, false},
		{math.MaxInt64 - 1, true, 0, false},
		{-math.MaxInt64, false, -math.MaxInt64, true},
		{-5, false, -math.MaxInt64, true},
	}
	for i, x := range steps {
		if got := post(x.spend, x.taken); got.SpendMicros != x.want || got.Saturated != x.saturated {
			t.Errorf("step %d: spend %d, saturated %t; want %d, %t", i, got.SpendMicros, got.Saturated, x.want, x.saturated)
		}
	}
}

func FuzzDecode(f *testing.F) {
	now := oracle.Epoch.UnixMilli()
	var s tiles.State
	f.Add(s.Append(nil))
	for i := range 10 {
		s.Insert(spec.Sample{
			AtMs: now - int64(i)*7_000_000, Name: string(rune('a' + i)),
		}, now)
		s.Post(spec.ReadPosting(&orderv1.Posting{AtMs: now - int64(i)*7_000_000, Orders: 1, SpendMicros: math.MaxInt64 >> (7 * i)}, i%4 == 3), now)
	}
	f.Add(s.Append(nil))
	for _, b := range wiretest.Bytes(f, "feature-state") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, _, err := tiles.Decode(b)
		if err != nil {
			return
		}
		again, rest, err := tiles.Decode(s.Append(nil))
		if err != nil || len(rest) != 0 {
			t.Fatalf("decode of an encoded state: %d bytes left, %v", len(rest), err)
		}
		if diff := cmp.Diff(s.Features(now), again.Features(now), protocmp.Transform()); diff != "" {
			t.Fatal(diff)
		}
		s.Prune(now)
		s.NextFlip(now)
	})
}
