package spec

import (
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// Measure is one number of a window: a count of events, or a sum over what orders post (package order).
type Measure struct {
	// Name is the field of feature.v1.WindowFeatures and, of a measure of orders, the column of dw.order_postings.
	Name string
	// Posted says that orders post it. Else it counts events.
	Posted bool
	// of reads it from a posting.
	of func(*orderv1.Posting) int64
}

// NumMeasures is the length of Measures.
const NumMeasures = 6

// Positions in Measures, Sums and Values.
const (
	Events = iota
	Orders
	Quantity
	Spend
	Refunds
	Refunded
)

var measures = [NumMeasures]Measure{
	Events:   {Name: "events"},
	Orders:   {Name: "orders", Posted: true, of: (*orderv1.Posting).GetOrders},
	Quantity: {Name: "quantity_micros", Posted: true, of: (*orderv1.Posting).GetQuantityMicros},
	Spend:    {Name: "spend_micros", Posted: true, of: (*orderv1.Posting).GetSpendMicros},
	Refunds:  {Name: "refunds", Posted: true, of: (*orderv1.Posting).GetRefunds},
	Refunded: {Name: "refund_micros", Posted: true, of: (*orderv1.Posting).GetRefundMicros},
}

// Measures lists every measure in the order of Values.
func Measures() [NumMeasures]Measure { return measures }

// Values are the measures of a window as they are read: sums cut to 64 bits.
type Values [NumMeasures]int64

// Sample is all that features need of one event.
type Sample struct {
	// AtMs is when the event happened, Unix milliseconds.
	AtMs int64
	// Name is NameOf the event.
	Name string
}

// Read takes the sample of an event.
func Read(e *eventv1.Event) Sample { return Sample{AtMs: e.GetOccurredMs(), Name: NameOf(e)} }

// Posting is what one posting of an order adds, or takes when it no longer counts.
type Posting struct {
	// AtMs is when it counts, Unix milliseconds.
	AtMs int64
	// Sums are what it adds; Events is zero.
	Sums Sums
}

// ReadPosting takes a posting as it counts. Of one that counts no more, taken turns every sum round.
func ReadPosting(p *orderv1.Posting, taken bool) Posting {
	out := Posting{AtMs: p.GetAtMs()}
	for i, m := range measures {
		if !m.Posted {
			continue
		}
		out.Sums[i] = SumOf(m.of(p))
		if taken {
			out.Sums[i] = out.Sums[i].Negative()
		}
	}
	return out
}

// Fill makes the message for one window from its values.
func Fill(w Window, v *Values) *featurev1.WindowFeatures {
	out := &featurev1.WindowFeatures{
		Window:         w.Name,
		Events:         v[Events],
		Orders:         v[Orders],
		QuantityMicros: v[Quantity],
		SpendMicros:    v[Spend],
		Refunds:        v[Refunds],
		RefundMicros:   v[Refunded],
	}
	if v[Orders] > 0 {
		out.AverageBasketMicros = v[Spend] / v[Orders]
	}
	for _, x := range v {
		out.Saturated = out.Saturated || x == Limit || x == -Limit
	}
	return out
}
