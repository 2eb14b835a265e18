package catalogue

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// change is what somebody says of item "a".
func change(id string, atMs int64, kind recommendationv1.ItemChangeKind, item *recommendationv1.Item, fields ...string) *recommendationv1.ItemChange {
	return &recommendationv1.ItemChange{Workspace: "w", ItemId: "a", ChangeId: id, AtMs: atMs, Kind: kind, Item: item, Fields: fields}
}

func price(micros int64) *recommendationv1.Item {
	return &recommendationv1.Item{PriceMicros: &micros, Currency: "EUR"}
}

func foldAll(changes ...*recommendationv1.ItemChange) *recommendationv1.ItemState {
	s := &recommendationv1.ItemState{}
	for _, c := range changes {
		fold(s, c)
	}
	return s
}

// drawChange draws one of item "a": few values and moments, so that they meet.
func drawChange(t *rapid.T, n int) *recommendationv1.ItemChange {
	text := rapid.SampledFrom([]string{"", "x", "y"})
	item := &recommendationv1.Item{Name: text.Draw(t, "name"), Brand: text.Draw(t, "brand"), Currency: rapid.SampledFrom([]string{"EUR", "USD"}).Draw(t, "currency")}
	if rapid.Bool().Draw(t, "priced") {
		item.PriceMicros = proto.Int64(rapid.Int64Range(1, 3).Draw(t, "price"))
	}
	if rapid.Bool().Draw(t, "stocked") {
		item.Stock = proto.Int64(rapid.Int64Range(0, 1).Draw(t, "stock"))
	}
	fields := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"name", "brand", "price_micros", "currency", "stock", "removed", "attributes", "attributes.a", "attributes.b"}), rapid.ID).Draw(t, "fields")
	item.Attributes = map[string]string{"a": text.Draw(t, "a"), "b": text.Draw(t, "b")}
	maps.DeleteFunc(item.Attributes, func(_, v string) bool { return v == "" })
	kind := rapid.SampledFrom([]recommendationv1.ItemChangeKind{kindUpsert, kindRemove, kindSeen}).Draw(t, "kind")
	return change(fmt.Sprint("c", n), rapid.Int64Range(1, 6).Draw(t, "at"), kind, item, fields...)
}

func TestAnyOrderAndRepeatsGiveTheSameItem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []*recommendationv1.ItemChange
		for n := range rapid.IntRange(1, mostPrices).Draw(t, "changes") {
			all = append(all, drawChange(t, n))
		}
		want := foldAll(all...)
		other := rapid.Permutation(all).Draw(t, "order")
		for range rapid.IntRange(0, 5).Draw(t, "repeats") {
			c := rapid.SampledFrom(all).Draw(t, "again")
			other = slices.Insert(other, rapid.IntRange(0, len(other)).Draw(t, "where"), c)
		}
		got := foldAll(other...)
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Fatalf("in another order:\n%s", diff)
		}
		for _, c := range all {
			if out := fold(got, c); out.item || out.state {
				t.Fatalf("a copy of %v changed something: %+v", c, out)
			}
		}
	})
}

// oracle is the item by definition: of each field the highest word of all.
func TestTheHighestWordHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []*recommendationv1.ItemChange
		for n := range rapid.IntRange(1, 10).Draw(t, "changes") {
			all = append(all, drawChange(t, n))
		}
		got := foldAll(all...).Item
		highest := func(counts func(*recommendationv1.ItemChange) bool) *recommendationv1.ItemChange {
			var best *recommendationv1.ItemChange
			for _, c := range all {
				if counts(c) && (best == nil || compare(wordOf(c), wordOf(best)) > 0) {
					best = c
				}
			}
			return best
		}
		says := func(field string) func(*recommendationv1.ItemChange) bool {
			return func(c *recommendationv1.ItemChange) bool {
				return c.Kind != kindRemove && slices.Contains(c.Fields, field)
			}
		}
		if c := highest(says("name")); got.Name != c.GetItem().GetName() {
			t.Errorf("name %q, want %q", got.Name, c.GetItem().GetName())
		}
		if c := highest(says("price_micros")); got.GetPriceMicros() != c.GetItem().GetPriceMicros() {
			t.Errorf("price %d, want %d", got.GetPriceMicros(), c.GetItem().GetPriceMicros())
		}
		gone := highest(func(c *recommendationv1.ItemChange) bool { return c.Kind != kindSeen })
		if got.Removed != (gone.GetKind() == kindRemove) {
			t.Errorf("removed %v after %v", got.Removed, gone)
		}
		one, every := highest(says("attributes.a")), highest(says("attributes"))
		want := one.GetItem().GetAttributes()["a"]
		if one != nil && every != nil && compare(wordOf(one), wordOf(every)) < 0 {
			want = ""
		}
		if got.GetAttributes()["a"] != want {
			t.Errorf("attribute %q, want %q", got.GetAttributes()["a"], want)
		}
	})
}

func wordOf(c *recommendationv1.ItemChange) *recommendationv1.FieldWord {
	return &recommendationv1.FieldWord{AtMs: c.GetAtMs(), ChangeId: c.GetChangeId(), Upsert: c.GetKind() != kindSeen}
}

func TestFold(t *testing.T) {
	named := func(name string) *recommendationv1.Item { return &recommendationv1.Item{Name: name} }
	none := &recommendationv1.Item{}
	cases := map[string]struct {
		changes []*recommendationv1.ItemChange
		want    string
	}{
		"what an event says makes a stub":               {[]*recommendationv1.ItemChange{change("1", 5, kindSeen, named("n"), "name")}, "n stub created 5"},
		"an upsert holds over a later stub":             {[]*recommendationv1.ItemChange{change("1", 5, kindUpsert, named("shop"), "name"), change("2", 9, kindSeen, named("event"), "name")}, "shop created 5"},
		"a field that no upsert said is the stub's":     {[]*recommendationv1.ItemChange{change("1", 5, kindUpsert, none), change("2", 9, kindSeen, named("event"), "name")}, "event created 5"},
		"created is the first upsert's":                 {[]*recommendationv1.ItemChange{change("1", 2, kindSeen, named("n"), "name"), change("2", 7, kindUpsert, none), change("3", 6, kindUpsert, none)}, "n created 6"},
		"a removal":                                     {[]*recommendationv1.ItemChange{change("1", 5, kindUpsert, named("n"), "name"), change("2", 6, kindRemove, nil)}, "n removed created 5"},
		"an upsert after it brings it back":             {[]*recommendationv1.ItemChange{change("2", 6, kindRemove, nil), change("3", 7, kindUpsert, named("n"), "name")}, "n created 7"},
		"an upsert of before it does not":               {[]*recommendationv1.ItemChange{change("2", 6, kindRemove, nil), change("3", 5, kindUpsert, named("n"), "name")}, "n removed created 5"},
		"an event that names it does not":               {[]*recommendationv1.ItemChange{change("2", 6, kindRemove, nil), change("3", 7, kindSeen, named("n"), "name", "removed")}, "n removed stub created 6"},
		"an upsert may remove":                          {[]*recommendationv1.ItemChange{change("1", 6, kindUpsert, &recommendationv1.Item{Removed: true}, "removed")}, "removed created 6"},
		"a field that is named and empty is taken away": {[]*recommendationv1.ItemChange{change("1", 5, kindUpsert, named("n"), "name"), change("2", 6, kindUpsert, none, "name")}, "created 5"},
		"of equal times the higher id holds":            {[]*recommendationv1.ItemChange{change("2", 5, kindUpsert, named("two"), "name"), change("1", 5, kindUpsert, named("one"), "name")}, "two created 5"},
		"a field of a newer release is passed over":     {[]*recommendationv1.ItemChange{change("1", 5, kindUpsert, named("n"), "name", "colour_of_the_sky", "version")}, "n created 5"},
		"a price": {[]*recommendationv1.ItemChange{change("1", 5, kindUpsert, price(10), "price_micros")}, "10 created 5"},
		"a price that is told again has not changed":          {[]*recommendationv1.ItemChange{change("1", 5, kindUpsert, price(10), "price_micros"), change("2", 6, kindUpsert, price(10), "price_micros")}, "10 created 5"},
		"a price that changed":                                {[]*recommendationv1.ItemChange{change("1", 5, kindUpsert, price(10), "price_micros"), change("2", 6, kindUpsert, price(8), "price_micros"), change("3", 7, kindUpsert, price(8), "price_micros")}, "8 was 10 at 6 created 5"},
		"a late price between two tellings of one":            {[]*recommendationv1.ItemChange{change("1", 5, kindUpsert, price(8), "price_micros"), change("2", 7, kindUpsert, price(8), "price_micros"), change("3", 8, kindUpsert, price(8), "price_micros"), change("4", 6, kindUpsert, price(10), "price_micros")}, "8 was 10 at 7 created 5"},
		"a stub's price is no price of before":                {[]*recommendationv1.ItemChange{change("1", 5, kindSeen, price(10), "price_micros"), change("2", 6, kindUpsert, price(8), "price_micros")}, "8 created 6"},
		"another currency is no price of before":              {[]*recommendationv1.ItemChange{change("1", 5, kindUpsert, &recommendationv1.Item{PriceMicros: proto.Int64(10), Currency: "USD"}, "price_micros", "currency"), change("2", 6, kindUpsert, price(8), "price_micros", "currency")}, "8 EUR created 5"},
		"a price that was taken away for a while is no price": {[]*recommendationv1.ItemChange{change("1", 5, kindUpsert, price(8), "price_micros"), change("2", 6, kindUpsert, none, "price_micros"), change("3", 7, kindUpsert, price(8), "price_micros")}, "8 created 5"},
	}
	for name, c := range cases {
		if got := short(foldAll(c.changes...).Item); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// short is an item in few words.
func short(i *recommendationv1.Item) string {
	var words []any
	add := func(is bool, w ...any) {
		if is {
			words = append(words, w...)
		}
	}
	add(i.Name != "", i.Name)
	add(i.PriceMicros != nil, i.GetPriceMicros())
	add(i.Currency != "", i.Currency)
	add(i.PriceWasMicros != nil, "was", i.GetPriceWasMicros(), "at", i.PriceChangedMs)
	add(i.Removed, "removed")
	add(i.Stub, "stub")
	add(true, "created", i.CreatedMs)
	line := fmt.Sprintln(words...)
	return line[:len(line)-1]
}

// Daily tellings of one price do not push out what it cost before.
func TestRepeatsOfAPriceAreForgottenFirst(t *testing.T) {
	s := foldAll(change("0", 1, kindUpsert, price(10), "price_micros"))
	for n := range int64(100) {
		fold(s, change(fmt.Sprint(n), 10+n, kindUpsert, price(8), "price_micros"))
	}
	if got := short(s.Item); got != "8 was 10 at 10 created 1" || len(s.Prices) != mostPrices {
		t.Errorf("%q, %d prices", got, len(s.Prices))
	}
}

func TestAnItemOfTenThousandAttributes(t *testing.T) {
	many := func(id string, at int64, from, to int) *recommendationv1.ItemChange {
		item := &recommendationv1.Item{Attributes: map[string]string{}}
		var fields []string
		for n := from; n < to; n++ {
			name := fmt.Sprintf("n%05d", n)
			item.Attributes[name] = id
			fields = append(fields, "attributes."+name)
		}
		return change(id, at, kindUpsert, item, fields...)
	}
	a, b := many("a", 5, 0, 10_000), many("b", 6, 500, 550)
	s := &recommendationv1.ItemState{}
	if out := fold(s, a); out.left != 9_800 || len(s.Item.Attributes) != MostAttributes || s.Item.Attributes["n00199"] == "" {
		t.Fatalf("%+v, %d attributes", out, len(s.Item.Attributes))
	}
	if out := fold(s, b); out.left != 50 || len(s.Item.Attributes) != MostAttributes || s.Item.Attributes["n00549"] != "b" || s.Item.Attributes["n00150"] != "" {
		t.Errorf("the newest are not kept: %+v", out)
	}
	if diff := cmp.Diff(s, foldAll(b, a), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if got := len(s.Said); got > MostAttributes+len(sayable) {
		t.Errorf("%d words are kept", got)
	}
}
