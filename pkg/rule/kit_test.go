package rule

import (
	"slices"
	"testing"

	"github.com/freshet/freshet/pkg/catalog"
)

const now = int64(1_700_000_000_000)

// shop is a schema like the shipped one's: windowed numbers, moments, a text, a duration, an age, lists and a tag.
var shop = newSchema()

type schema struct {
	names  []string
	fields map[string]Field
}

func (s schema) Field(name string) (Field, bool) { f, ok := s.fields[name]; return f, ok }
func (s schema) Names() []string                 { return s.names }

func newSchema() schema {
	s := schema{fields: map[string]Field{}}
	add := func(name string, f Field) {
		f.Index = len(s.names)
		s.names = append(s.names, name)
		s.fields[name] = f
	}
	for _, w := range []string{"1h", "24h", "30d", "90d", "365d", "lifetime"} {
		for _, n := range []string{"events", "orders", "refunds"} {
			add(n+"_"+w, Field{Kind: catalog.KindCount})
		}
		for _, n := range []string{"quantity", "spend", "refund", "average_basket"} {
			add(n+"_"+w, Field{Kind: catalog.KindDecimal})
		}
	}
	for _, n := range []string{"first_seen", "last_seen", "first_order", "last_order"} {
		add(n, Field{Kind: catalog.KindMoment})
	}
	add("plan", Field{Kind: catalog.KindText})
	add("purchase_cycle", Field{Kind: catalog.KindDuration, UnitMs: dayMs})
	add("tenure", Field{Kind: catalog.KindAge, UnitMs: dayMs})
	add("categories", Field{Kind: catalog.KindList, EntryScale: million})
	add("hours", Field{Kind: catalog.KindList, EntryScale: 1})
	add(LastEvents, Field{Kind: catalog.KindList, EntryMoments: true})
	add(Traits, Field{Kind: catalog.KindList})
	add("bargain_hunter", Field{Kind: catalog.KindTag})
	add("night_owl", Field{Kind: catalog.KindTag})
	return s
}

// facts are values by name.
type facts struct {
	ints  map[string]int64
	texts map[string]string
	lists map[string][]catalog.Entry
}

func (f facts) Int(i int) (int64, bool) {
	x, ok := f.ints[shop.names[i]]
	if kind := shop.fields[shop.names[i]].Kind; kind == catalog.KindCount || kind == catalog.KindDecimal {
		ok = true
	}
	return x, ok
}

func (f facts) Text(i int) (string, bool) { x, ok := f.texts[shop.names[i]]; return x, ok }

func (f facts) Entry(i int, key string) (catalog.Entry, bool) {
	list := f.lists[shop.names[i]]
	at := slices.IndexFunc(list, func(e catalog.Entry) bool { return e.Key == key })
	if at < 0 {
		return catalog.Entry{}, false
	}
	return list[at], true
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
func customer() Facts {
	return facts{
		ints: map[string]int64{
			"events_1h": 1, "events_30d": 12, "orders_30d": 3, "quantity_30d": 7_250_000, "spend_30d": 499_990_000, "refunds_30d": 1,
			"refund_30d": 10_500_000, "average_basket_30d": 166_663_333, "events_lifetime": 40, "orders_lifetime": 3, "spend_lifetime": 499_990_000,
			"first_seen": now - 60*dayMs, "last_seen": now - hourMs, "first_order": now - 40*dayMs, "last_order": now - 30*dayMs,
			"purchase_cycle": 5 * dayMs, "tenure": now - 60*dayMs, "bargain_hunter": now - 2*dayMs,
		},
		texts: map[string]string{"plan": "gold"},
		lists: map[string][]catalog.Entry{
			LastEvents:   {{Key: "Product Viewed", Int: now - 2*hourMs}, {Key: "Order Completed", Int: now - 30*dayMs}},
			"categories": {{Key: "shoes", Int: 600_000}, {Key: "bags", Int: 400_000}},
			"hours":      {{Key: "23", Int: 4}},
			Traits:       {{Key: "level", Text: "silver"}, {Key: "age", Text: "31"}, {Key: "vip", Text: "true"}, {Key: "pet name", Text: "Rex"}},
		},
	}
}
