package rule

import (
	"testing"

	"github.com/freshet/freshet/pkg/catalog"
)

const now = int64(1_700_000_000_000)

// shop is a schema like the shipped one's: windowed numbers, moments, a text, a duration, an age, lists and a tag; and beside them scores: two numbers,
// a band, a warning and the hold-out.
var shop = func() *Both {
	b, err := Beside(newFeatures(), newScores())
	if err != nil {
		panic(err)
	}
	return b
}()

// fields are those of both sources, by name.
func fields() map[string]catalog.Field {
	out := map[string]catalog.Field{}
	for _, l := range []layout{shop.first, shop.second} {
		for _, f := range l.Fields {
			out[f.Name] = f
		}
	}
	return out
}

func newFeatures() *catalog.Layout {
	var all []catalog.Field
	for _, w := range []string{"1h", "24h", "30d", "90d", "365d", "lifetime"} {
		for _, n := range []string{"events", "orders", "refunds"} {
			all = append(all, catalog.Field{Name: n + "_" + w, Kind: catalog.KindCount, Zero: true})
		}
		for _, n := range []string{"quantity", "spend", "refund", "average_basket"} {
			all = append(all, catalog.Field{Name: n + "_" + w, Kind: catalog.KindDecimal, Zero: true})
		}
	}
	for _, n := range []string{"first_seen", "last_seen", "first_order", "last_order"} {
		all = append(all, catalog.Field{Name: n, Kind: catalog.KindMoment})
	}
	return catalog.NewLayout(append(all,
		catalog.Field{Name: "plan", Kind: catalog.KindText},
		catalog.Field{Name: "purchase_cycle", Kind: catalog.KindDuration, UnitMs: dayMs},
		catalog.Field{Name: "tenure", Kind: catalog.KindAge, UnitMs: dayMs},
		catalog.Field{Name: "categories", Kind: catalog.KindList, EntryKind: catalog.KindDecimal},
		catalog.Field{Name: "hours", Kind: catalog.KindList, EntryKind: catalog.KindCount},
		catalog.Field{Name: LastEvents, Kind: catalog.KindList, EntryKind: catalog.KindMoment},
		catalog.Field{Name: Traits, Kind: catalog.KindList, EntryKind: catalog.KindText},
		catalog.Field{Name: "bargain_hunter", Kind: catalog.KindTag},
		catalog.Field{Name: "night_owl", Kind: catalog.KindTag},
	))
}

func newScores() *catalog.Layout {
	return catalog.NewLayout([]catalog.Field{
		{Name: "churn_risk_90d", Kind: catalog.KindDecimal}, {Name: "churn_risk_90d_band", Kind: catalog.KindText},
		{Name: "spend_next_90d", Kind: catalog.KindDecimal}, {Name: "warning_frequency_halved", Kind: catalog.KindTag}, {Name: "churn_holdout", Kind: catalog.KindTag},
	})
}

// facts are values by name, of both sources.
type facts struct {
	ints  map[string]int64
	texts map[string]string
	lists map[string][]catalog.Entry
}

// pair has the values read as they are kept: as a vector of each source.
func (f facts) pair() *Pair {
	vector := func(l *catalog.Layout) catalog.Vector {
		values := make([]catalog.Value, len(l.Fields))
		for i, field := range l.Fields {
			n, isInt := f.ints[field.Name]
			text, isText := f.texts[field.Name]
			list, isList := f.lists[field.Name]
			values[i] = catalog.Value{Present: isInt || isText || isList, Int: n, Text: text, List: list}
		}
		return catalog.NewVector(l, l.Encode(nil, values))
	}
	p := shop.Facts(vector(shop.first.Layout), vector(shop.second.Layout))
	return &p
}

// one compiles a single condition.
func one(t *testing.T, when string) *Set {
	t.Helper()
	s := NewSet(shop)
	if faults := s.Add(Rule{Name: "x", When: when}); len(faults) > 0 {
		t.Fatalf("%s: %v", when, faults)
	}
	return s
}

// customer has spent 499.99 in three orders in 30 days and ordered 30 days ago to the millisecond.
// Its risk of leaving is .8, it is warned of since a day, and it is not held out.
func customer() Facts {
	return facts{
		ints: map[string]int64{
			"events_1h": 1, "events_30d": 12, "orders_30d": 3, "quantity_30d": 7_250_000, "spend_30d": 499_990_000, "refunds_30d": 1,
			"refund_30d": 10_500_000, "average_basket_30d": 166_663_333, "events_lifetime": 40, "orders_lifetime": 3, "spend_lifetime": 499_990_000,
			"first_seen": now - 60*dayMs, "last_seen": now - hourMs, "first_order": now - 40*dayMs, "last_order": now - 30*dayMs,
			"purchase_cycle": 5 * dayMs, "tenure": now - 60*dayMs, "bargain_hunter": now - 2*dayMs,
			"churn_risk_90d": 800_000, "warning_frequency_halved": now - dayMs,
		},
		texts: map[string]string{"plan": "gold", "churn_risk_90d_band": "high"},
		lists: map[string][]catalog.Entry{
			LastEvents:   {{Key: "Product Viewed", Int: now - 2*hourMs}, {Key: "Order Completed", Int: now - 30*dayMs}},
			"categories": {{Key: "shoes", Int: 600_000}, {Key: "bags", Int: 400_000}},
			"hours":      {{Key: "23", Int: 4}},
			Traits:       {{Key: "level", Text: "silver"}, {Key: "age", Text: "31"}, {Key: "vip", Text: "true"}, {Key: "pet name", Text: "Rex"}},
		},
	}.pair()
}
