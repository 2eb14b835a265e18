package spec

import (
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// Term is what one event adds to a measure.
type Term int

// The terms. Each has a Go form (Term.of) and a ClickHouse form (Term.column).
const (
	// One counts.
	One Term = iota
	// Units is the signed sum of the quantities of the order's lines.
	Units
	// Total is the signed value of the order in millionths.
	Total
	// Magnitude is the value of the order without its sign.
	Magnitude
)

// Measure is one number of a window: the sum of a term over some events.
type Measure struct {
	// Name is the field of feature.v1.WindowFeatures.
	Name string
	// Kind selects order events of that kind; unspecified selects all events.
	Kind eventv1.OrderKind
	// Term is what is added.
	Term Term
}

// NumMeasures is the length of Measures.
const NumMeasures = 6

// Positions in Measures and Values.
const (
	Events = iota
	Orders
	Quantity
	Spend
	Refunds
	Refunded
)

var measures = [NumMeasures]Measure{
	Events:   {Name: "events", Term: One},
	Orders:   {Name: "orders", Kind: eventv1.OrderKind_ORDER_KIND_COMPLETED, Term: One},
	Quantity: {Name: "quantity_micros", Kind: eventv1.OrderKind_ORDER_KIND_COMPLETED, Term: Units},
	Spend:    {Name: "spend_micros", Kind: eventv1.OrderKind_ORDER_KIND_COMPLETED, Term: Total},
	Refunds:  {Name: "refunds", Kind: eventv1.OrderKind_ORDER_KIND_REFUNDED, Term: One},
	Refunded: {Name: "refund_micros", Kind: eventv1.OrderKind_ORDER_KIND_REFUNDED, Term: Magnitude},
}

// Measures lists every measure in the order of Values.
func Measures() [NumMeasures]Measure { return measures }

// Values are the measures of some events. Sums wrap around at 64 bits, as they do
// in ClickHouse.
type Values [NumMeasures]int64

// Add adds o to v, measure by measure.
func (v *Values) Add(o *Values) {
	for i := range v {
		v[i] += o[i]
	}
}

// Sample is all that features need of one event.
type Sample struct {
	// AtMs is when the event happened, Unix milliseconds.
	AtMs int64
	// Name is NameOf the event.
	Name string
	// Values are what it adds to every measure.
	Values Values
}

// Read takes the sample of an event.
func Read(e *eventv1.Event) Sample {
	s := Sample{AtMs: e.GetOccurredMs(), Name: NameOf(e)}
	for i, m := range measures {
		if m.Kind == eventv1.OrderKind_ORDER_KIND_UNSPECIFIED || m.Kind == e.GetOrder().GetKind() {
			s.Values[i] = m.Term.of(e.GetOrder())
		}
	}
	return s
}

func (t Term) of(o *eventv1.Order) int64 {
	switch t {
	case Units:
		var sum int64
		for _, item := range o.GetItems() {
			sum += item.GetQuantityMicros()
		}
		return sum
	case Total:
		return o.GetTotalMicros()
	case Magnitude:
		return max(o.GetTotalMicros(), -o.GetTotalMicros())
	default:
		return 1
	}
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
	return out
}
