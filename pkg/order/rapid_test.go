package order

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// drawEvents draws the events of one order, few times and values, so that they meet.
func drawEvents(t *rapid.T, most int) []*orderv1.Event {
	var out []*orderv1.Event
	for n := range rapid.IntRange(1, most).Draw(t, "events") {
		out = append(out, drawEvent(t, n))
	}
	return out
}

func drawEvent(t *rapid.T, n int) *orderv1.Event {
	amount := rapid.OneOf(rapid.Int64Range(-50, 500), rapid.SampledFrom([]int64{0, math.MaxInt64, math.MinInt64, 1_000_000}))
	o := &eventv1.Order{
		Kind:     rapid.SampledFrom([]eventv1.OrderKind{completed, completed, refunded, refunded, inAll, inAll, updated, cancelled, adjusted}).Draw(t, "kind"),
		Currency: rapid.SampledFrom([]string{"EUR", "USD", "XXX"}).Draw(t, "currency"),
	}
	if rapid.IntRange(0, 5).Draw(t, "rate known") > 0 {
		o.Conversion = &eventv1.Conversion{RateE12: rapid.SampledFrom([]int64{rateUnit, rateUnit / 3, 7 * rateUnit}).Draw(t, "rate")}
	}
	if rapid.Bool().Draw(t, "has total") {
		o.TotalMicros = new(amount.Draw(t, "total"))
	}
	for range rapid.IntRange(0, 2).Draw(t, "lines") {
		item := &eventv1.OrderItem{ProductId: rapid.SampledFrom([]string{"p", "q", ""}).Draw(t, "product"),
			QuantityMicros: rapid.SampledFrom([]int64{1_000_000, -2_000_000, 0, 1_250_000, 999999999999999999}).Draw(t, "units")}
		if rapid.Bool().Draw(t, "has price") {
			item.UnitPriceMicros = new(amount.Draw(t, "price"))
		}
		if rapid.IntRange(0, 3).Draw(t, "has line total") == 0 {
			item.TotalMicros = new(amount.Draw(t, "line total"))
		}
		o.Items = append(o.Items, item)
	}
	when := rapid.Int64Range(1, 9).Draw(t, "at")
	return &orderv1.Event{EventId: fmt.Sprint("e", n), OccurredMs: when, ReceivedMs: when + rapid.Int64Range(0, 3).Draw(t, "delay"), Order: o,
		CustomerId: rapid.SampledFrom([]string{"ann", "bob"}).Draw(t, "customer"), Identified: rapid.Bool().Draw(t, "identified"), History: rapid.Bool().Draw(t, "history")}
}

// Any order, any repeats: the same order comes out, also when there are more events than are kept.
func TestOnlyTheSetMatters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := drawEvents(t, rapid.SampledFrom([]int{8, 60}).Draw(t, "most"))
		if rapid.IntRange(0, 3).Draw(t, "many copies") == 0 {
			for n := range 40 {
				e := proto.CloneOf(events[0])
				e.EventId, e.OccurredMs = fmt.Sprint("copy", n), int64(n%11)
				events = append(events, e)
			}
		}
		want := Fold("w", "O", book(events...))
		shuffled := rapid.Permutation(events).Draw(t, "order")
		for range rapid.IntRange(0, 5).Draw(t, "repeats") {
			shuffled = append(shuffled, rapid.SampledFrom(events).Draw(t, "again"))
		}
		b := &orderv1.Book{}
		for _, e := range shuffled {
			before := proto.CloneOf(b)
			if changed := Add(b, e); changed == proto.Equal(before, b) {
				t.Fatalf("Add of %s says %t; the book was %v, is %v", e.EventId, changed, before, b)
			}
		}
		if diff := cmp.Diff(want, Fold("w", "O", b), protocmp.Transform()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Where a value is known, what is given back is within it, in the order's currency and in the workspace's.
func TestNeverMoreIsGivenBackThanWasPaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Fold("w", "O", book(drawEvents(t, 12)...))
		if len(o.GetPostings()) == 0 {
			return
		}
		var sales int
		var spend, back int64
		for _, p := range o.Postings {
			sales += int(p.Orders)
			spend += p.SpendMicros
			if p.RefundMicros < 0 || p.Refunds < 0 {
				t.Fatalf("a negative refund: %v", p)
			}
			back = add(back, p.RefundMicros)
		}
		if sales > 1 {
			t.Fatalf("%d sales of one order", sales)
		}
		if sales == 1 && o.TotalMicros != nil && (o.RefundedMicros > max(0, o.GetTotalMicros()) || back > max(0, spend)) {
			t.Fatalf("paid %d (%d), given back %d (%d)", o.GetTotalMicros(), spend, o.RefundedMicros, back)
		}
	})
}

// Whatever is heard in whatever steps, the changes told sum up to the postings of the last outcome.
func TestChangesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, told := &orderv1.Book{}, (*orderv1.Order)(nil)
		count := map[string]int{} // of each posting, written out
		for _, e := range drawEvents(t, 12) {
			Add(b, e)
			now := Fold("w", "O", b)
			for _, c := range Diff(told, now) {
				for _, p := range c.Added {
					count[p.String()]++
				}
				for _, p := range c.Taken {
					count[p.String()]--
				}
				for _, p := range c.Moved {
					count[p.String()]++
					if p.CustomerId == c.CustomerId || p.CustomerId != now.CustomerId {
						t.Fatalf("a posting of %s moved from %s, the order is %s's", p.CustomerId, c.CustomerId, now.CustomerId)
					}
				}
				for _, p := range append(c.Added, c.Taken...) {
					if p.CustomerId != c.CustomerId {
						t.Fatalf("a posting of %s in the change of %s", p.CustomerId, c.CustomerId)
					}
				}
			}
			told = now
		}
		for _, p := range told.GetPostings() {
			count[p.String()]--
		}
		for p, n := range count {
			if n != 0 {
				t.Fatalf("%d too many of %s", n, p)
			}
		}
	})
}

func TestAmountsStopAtTheEndsOf64Bits(t *testing.T) {
	cases := map[string]struct{ got, want int64 }{
		"sum":          {add(math.MaxInt64, 1), math.MaxInt64},
		"negative sum": {add(-math.MaxInt64, -2), -math.MaxInt64},
		"no sign":      {abs(math.MinInt64), math.MaxInt64},
		"product":      {scale(math.MaxInt64, 7*rateUnit, rateUnit), math.MaxInt64},
		"half up":      {scale(5, 1, 2), 3},
		"half down":    {scale(-5, 1, 2), -3},
		"third":        {scale(1_000_000, rateUnit/3, rateUnit), 333_333},
	}
	for name, c := range cases {
		if c.got != c.want {
			t.Errorf("%s: got %d, want %d", name, c.got, c.want)
		}
	}
}
