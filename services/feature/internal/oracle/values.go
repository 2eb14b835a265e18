package oracle

import (
	"cmp"
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/catalog/expr"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// item is one thing that a definition looks at.
type item struct {
	at    int64
	n     *big.Int // nil: it has no number
	text  string   // "": none
	key   string
	event *eventv1.Event
}

// Values are the features of one customer at asOf, by position.
func Values(c *catalog.Catalog, events []*eventv1.Event, posted []*orderv1.Posting, asOf int64) []catalog.Value {
	out := make([]catalog.Value, len(c.Features))
	for pass := range 2 {
		for i := range c.Features {
			f := &c.Features[i]
			if (len(f.Of) > 0) != (pass == 1) {
				continue
			}
			v := value(c, f, events, posted, asOf, out)
			if !v.Present && f.Default != nil {
				v = catalog.Value{Present: true, Int: *f.Default}
			}
			out[i] = v
		}
	}
	return out
}

func value(c *catalog.Catalog, f *catalog.Feature, events []*eventv1.Event, posted []*orderv1.Posting, asOf int64, done []catalog.Value) catalog.Value {
	if len(f.Of) > 0 {
		return derived(c, f, done)
	}
	from := start(f, asOf)
	var items []item
	if f.From == "orders" {
		items = ofOrders(f, posted, asOf)
	} else {
		items = ofEvents(f, events, asOf)
	}
	slices.SortStableFunc(items, func(a, b item) int { return cmp.Compare(a.at, b.at) })
	whole := items
	items = slices.DeleteFunc(slices.Clone(items), func(x item) bool { return x.at < from })
	switch f.Aggregate {
	case "count":
		return whole64(int64(len(items)))
	case "sum":
		if f.From == "events" {
			items = having(items)
		}
		return bigValue(total(items))
	case "average":
		n := int64(len(having(items)))
		if f.From == "orders" {
			n = 0
			for _, p := range posted {
				if p.GetAtMs() <= asOf && p.GetAtMs() >= from {
					n += p.GetOrders()
				}
			}
		}
		if n <= 0 {
			return catalog.Value{}
		}
		return bigValue(new(big.Int).Quo(total(having(items)), big.NewInt(n)))
	case "min", "max":
		return extreme(having(items), f.Aggregate == "max")
	case "first", "last", "first_number", "last_number":
		return edge(f, items)
	case "first_time", "since_first":
		if len(items) == 0 {
			return catalog.Value{}
		}
		return whole64(items[0].at)
	case "last_time", "since_last":
		if len(items) == 0 {
			return catalog.Value{}
		}
		return whole64(items[len(items)-1].at)
	case "distinct":
		return distinct(items)
	case "top", "top_key", "top_share", "breakdown":
		return byKey(f, items, asOf)
	case "decayed_sum":
		return bigValue(floor(decay(having(items), asOf, f.HalfLife)))
	case "gap_mean", "gap_deviation", "gap_cv", "gap_longest":
		return gaps(f.Aggregate, items)
	case "session_count", "session_length", "session_depth", "session_bounce":
		return sessions(f.Aggregate, whole, from)
	case "streak_current", "streak_longest":
		return streak(f.Aggregate, items, asOf)
	case "latest":
		return latest(f, items)
	case "traits":
		return traits(items)
	}
	panic("the oracle knows no aggregate " + f.Aggregate)
}

// start is the first millisecond of a feature's window.
func start(f *catalog.Feature, asOf int64) int64 {
	w := f.Window
	if w.Length == 0 {
		return -1 << 62
	}
	at := time.UnixMilli(asOf).UTC().Add(-w.Length)
	hop := 24 * time.Hour
	switch {
	case f.Mode == "exact":
		hop = time.Millisecond
	case w.Length <= 12*time.Hour:
		hop = 5 * time.Minute
	case w.Length <= 12*24*time.Hour:
		hop = time.Hour
	}
	return at.Truncate(hop).UnixMilli()
}

// What was parsed before.
var bools, texts, numbers sync.Map

func once[T any](kept *sync.Map, text string, scope expr.Scope, parse func(string, expr.Scope) (*T, []error)) *T {
	type key struct {
		text  string
		scope expr.Scope
	}
	v, ok := kept.Load(key{text, scope})
	if !ok {
		parsed, _ := parse(text, scope)
		v, _ = kept.LoadOrStore(key{text, scope}, parsed)
	}
	return v.(*T)
}

// ofEvents are what a definition looks at of the events.
func ofEvents(f *catalog.Feature, events []*eventv1.Event, asOf int64) []item {
	var out []item
	scope := expr.Scope{Each: f.Each != ""}
	for _, e := range events {
		if e.GetOccurredMs() > asOf {
			continue
		}
		x := expr.Of(e)
		take := func() {
			if f.Where != "" {
				if b := once(&bools, f.Where, scope, expr.ParseBool); !b.Holds(x) {
					return
				}
			}
			it := item{at: e.GetOccurredMs(), event: e}
			textual := f.Aggregate == "first" || f.Aggregate == "last" || f.Aggregate == "distinct"
			switch {
			case f.Value == "" && f.Aggregate == "decayed_sum":
				it.n = big.NewInt(1_000_000) // it has decimals
			case f.Value == "":
				it.n = big.NewInt(1)
			case textual:
				it.text, _ = once(&texts, f.Value, scope, expr.ParseText).Of(x)
			default:
				if n, ok := once(&numbers, f.Value, scope, expr.ParseNumber).Of(x); ok {
					it.n = big.NewInt(n)
				}
			}
			if f.By != "" {
				it.key, _ = once(&texts, f.By, scope, expr.ParseText).Of(x)
			}
			if f.Value != "" && it.n == nil && it.text == "" && f.Aggregate != "average" || f.By != "" && it.key == "" {
				return
			}
			out = append(out, it)
		}
		if f.Each == "" {
			take()
			continue
		}
		p, _ := expr.ParsePath(f.Each)
		p.Each(x, take)
	}
	return out
}

// ofOrders are what orders post; for what looks at times only, the moments at which sales stand, each once.
func ofOrders(f *catalog.Feature, posted []*orderv1.Posting, asOf int64) []item {
	var out []item
	stand := map[int64]int64{}
	for _, p := range posted {
		if p.GetAtMs() > asOf {
			continue
		}
		stand[p.GetAtMs()] += p.GetOrders()
		n := map[string]int64{"": p.GetOrders(), "orders": p.GetOrders(), "quantity": p.GetQuantityMicros(), "spend": p.GetSpendMicros(),
			"refunds": p.GetRefunds(), "refund": p.GetRefundMicros()}[f.Value]
		out = append(out, item{at: p.GetAtMs(), n: big.NewInt(n)})
	}
	switch f.Aggregate {
	case "sum", "average", "decayed_sum":
		return out
	}
	out = nil
	for at, n := range stand {
		if n > 0 {
			out = append(out, item{at: at, n: big.NewInt(n)})
		}
	}
	return out
}

func having(items []item) []item {
	return slices.DeleteFunc(slices.Clone(items), func(x item) bool { return x.n == nil })
}

func total(items []item) *big.Int {
	sum := new(big.Int)
	for _, x := range items {
		sum.Add(sum, x.n)
	}
	return sum
}

func whole64(n int64) catalog.Value { return catalog.Value{Present: true, Int: n} }

// bigValue cuts to 64 bits.
func bigValue(n *big.Int) catalog.Value {
	limit := new(big.Int).SetUint64(1<<63 - 1)
	if n.CmpAbs(limit) > 0 {
		n = limit.Mul(limit, big.NewInt(int64(n.Sign())))
	}
	return whole64(n.Int64())
}

// derived is a ratio or the time between two moments.
func derived(c *catalog.Catalog, f *catalog.Feature, done []catalog.Value) catalog.Value {
	var of [2]catalog.Value
	var scale [2]int64
	for i, name := range f.Of {
		g := c.Feature(name + "_" + f.Window.Name)
		if g == nil {
			g = c.Feature(name)
		}
		of[i], scale[i] = done[g.Position], 1
		if g.Kind == catalog.KindCount {
			scale[i] = 1_000_000
		}
	}
	if !of[0].Present || !of[1].Present {
		return catalog.Value{}
	}
	if f.Aggregate == "elapsed" {
		if of[1].Int < of[0].Int {
			return catalog.Value{}
		}
		return whole64(of[1].Int - of[0].Int)
	}
	if of[1].Int <= 0 {
		return catalog.Value{}
	}
	r := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(of[0].Int), big.NewInt(scale[0])), new(big.Int).Mul(big.NewInt(of[1].Int), big.NewInt(scale[1])))
	v := bigValue(floor(r.Mul(r, big.NewRat(1_000_000, 1))))
	if f.Complement {
		v.Int = max(0, min(1_000_000, 1_000_000-v.Int))
	}
	return v
}
