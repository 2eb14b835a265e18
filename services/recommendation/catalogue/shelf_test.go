package catalogue

import (
	"fmt"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

func item(id string, edit ...func(*recommendationv1.Item)) *Item {
	p := &recommendationv1.Item{Workspace: "w", ItemId: id, Version: 1}
	for _, e := range edit {
		e(p)
	}
	return &Item{ID: id, Proto: p}
}

func TestNumbersStayWhileTheShelfGrows(t *testing.T) {
	s := NewShelf("w", 1<<20)
	const each, writers = 5000, 4
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				id := fmt.Sprint((i + w*1000) % each) // the others' ids too, in another order
				n, ok := s.Ensure(id)
				if !ok || s.Item(n).ID != id {
					t.Errorf("%s has number %d of %s", id, n, s.Item(n).ID)
				}
				if i%3 == 0 {
					s.Put(item(id))
				}
				for n := range int32(min(s.Len(), 7)) {
					if s.Item(n) == nil {
						t.Errorf("number %d was given and has no item", n)
					}
				}
			}
		})
	}
	all.Wait()
	if s.Len() != each {
		t.Fatalf("%d numbers for %d items", s.Len(), each)
	}
	for i := range each {
		id := fmt.Sprint(i)
		if n, ok := s.Number(id); !ok || s.Item(n).ID != id {
			t.Errorf("%s lost its number %d", id, n)
		}
	}
	if v := s.Version(); v < each/3 {
		t.Errorf("version %d", v)
	}
}

func TestAFullShelfCountsWhatItLeavesOut(t *testing.T) {
	s := NewShelf("w", 2)
	for _, id := range []string{"a", "b", "c", "c", "a"} {
		s.Put(item(id))
	}
	if _, ok := s.Number("c"); ok || s.Len() != 2 || s.LeftOut() != 2 || s.Get("c") != nil || s.Get("a") == nil {
		t.Errorf("%d items, %d left out", s.Len(), s.LeftOut())
	}
	if s.Put(item("d")) || !s.Put(item("b")) {
		t.Error("a full shelf takes a new item, or no news of one that it has")
	}
}

func TestTheShelfKnowsWhatSaysNothingNew(t *testing.T) {
	stub := func(i *recommendationv1.Item) { i.Stub, i.Name, i.CreatedMs, i.UpdatedMs = true, "n", 5, 7 }
	upserted := func(i *recommendationv1.Item) { i.Name, i.CreatedMs, i.UpdatedMs = "shop", 5, 7 }
	named := &recommendationv1.Item{Name: "n"}
	other := &recommendationv1.Item{Name: "other"}
	cases := map[string]struct {
		has  func(*recommendationv1.Item)
		c    *recommendationv1.ItemChange
		want bool
	}{
		"the same name":                        {stub, change("1", 8, kindSeen, named, "name"), true},
		"another name":                         {stub, change("1", 8, kindSeen, other, "name"), false},
		"another name of before":               {stub, change("1", 6, kindSeen, other, "name"), true},
		"an event before all others":           {stub, change("1", 4, kindSeen, named, "name"), false},
		"a field that nobody said":             {stub, change("1", 8, kindSeen, &recommendationv1.Item{Brand: "b"}, "brand"), false},
		"no field":                             {stub, change("1", 8, kindSeen, nil), true},
		"of an upserted item, another name":    {upserted, change("1", 8, kindSeen, other, "name"), true},
		"of an upserted item, what it has not": {upserted, change("1", 8, kindSeen, price(7), "price_micros"), false},
		"an upsert":                            {upserted, change("1", 8, kindUpsert, &recommendationv1.Item{Name: "shop"}, "name"), false},
		"a removal":                            {upserted, change("1", 8, kindRemove, nil), false},
	}
	for name, c := range cases {
		s := NewShelf("w", 10)
		s.Put(item("a", c.has))
		if got := s.Knows(c.c); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	s := NewShelf("w", 10)
	if s.Ensure("a"); s.Knows(change("1", 8, kindSeen, nil)) {
		t.Error("an item that is only numbered is known")
	}
}

func TestOffered(t *testing.T) {
	cases := map[string]struct {
		edit func(*recommendationv1.Item)
		want bool
	}{
		"nothing against it": {func(*recommendationv1.Item) {}, true},
		"taken off":          {func(i *recommendationv1.Item) { i.Removed = true }, false},
		"the last one":       {func(i *recommendationv1.Item) { i.Stock = proto.Int64(1) }, true},
		"none left":          {func(i *recommendationv1.Item) { i.Stock = proto.Int64(0) }, false},
		"oversold":           {func(i *recommendationv1.Item) { i.Stock = proto.Int64(-2) }, false},
		"not yet":            {func(i *recommendationv1.Item) { i.ValidFromMs = 101 }, false},
		"from now on":        {func(i *recommendationv1.Item) { i.ValidFromMs = 100 }, true},
		"no longer":          {func(i *recommendationv1.Item) { i.ValidUntilMs = 100 }, false},
		"for a moment more":  {func(i *recommendationv1.Item) { i.ValidUntilMs = 101 }, true},
	}
	for name, c := range cases {
		if got := item("a", c.edit).Offered(100); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if !(&Item{ID: "a"}).Offered(1) {
		t.Error("an item that is only numbered is not offered")
	}
}

func BenchmarkShelf(b *testing.B) {
	s := NewShelf("w", 1<<20)
	ids := make([]string, 100_000)
	for i := range ids {
		ids[i] = fmt.Sprintf("sku-%06d", i)
		s.Put(item(ids[i]))
	}
	b.Run("item", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for n := int32(0); pb.Next(); n = (n + 7919) % 100_000 {
				_ = s.Item(n).Offered(5)
			}
		})
	})
	b.Run("number", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for n := 0; pb.Next(); n = (n + 7919) % 100_000 {
				s.Number(ids[n])
			}
		})
	})
}

// What is plain is offered at any moment, for all ages and in all languages; and it is not any more as soon as it is put otherwise.
func TestPlainIsWhatNothingSpeaksAgainst(t *testing.T) {
	edits := map[string]func(*recommendationv1.Item){
		"removed":     func(i *recommendationv1.Item) { i.Removed = true },
		"sold out":    func(i *recommendationv1.Item) { i.Stock = proto.Int64(0) },
		"to come":     func(i *recommendationv1.Item) { i.ValidFromMs = 5 },
		"to go":       func(i *recommendationv1.Item) { i.ValidUntilMs = 5 },
		"for adults":  func(i *recommendationv1.Item) { i.Adult = true },
		"in a tongue": func(i *recommendationv1.Item) { i.Languages = []string{"de"} },
	}
	s := NewShelf("w", 10_000)
	for n := range 5000 { // over a block's end
		s.Ensure(fmt.Sprint(n))
	}
	for _, id := range []string{"0", "31", "32", "4095", "4096"} {
		n, _ := s.Number(id)
		if s.Plain(n) {
			t.Errorf("%s is only numbered and plain", id)
		}
		for name, edit := range edits {
			if s.Put(item(id, func(i *recommendationv1.Item) { i.Stock = proto.Int64(1) })); !s.Plain(n) {
				t.Errorf("%s is in stock and not plain", id)
			}
			if s.Put(item(id, edit)); s.Plain(n) {
				t.Errorf("%s is %s and plain", id, name)
			}
		}
		for other := range int32(5000) {
			if s.Plain(other) {
				t.Fatalf("%d is plain, nobody put it", other)
			}
		}
	}
}

// What an item says in brief is what the whole of it says, on a shelf and before.
func TestInBriefIsTheWhole(t *testing.T) {
	s := NewShelf("w", 10)
	for name, c := range map[string]struct {
		is                          *Item
		category, top, brand, group string
		price, created              int64
	}{
		"all": {item("a", func(i *recommendationv1.Item) {
			i.Categories, i.Brand, i.GroupId, i.PriceMicros, i.CreatedMs = []string{"A > B", "A > B > C"}, "b", "g", proto.Int64(7), 9
		}), "A > B > C", "A", "b", "g", 7, 9},
		"nothing":       {item("a"), "", "", "", "", 0, 0},
		"only numbered": {&Item{ID: "a"}, "", "", "", "", 0, 0},
	} {
		for range 2 {
			if c.is.Category() != c.category || c.is.Top() != c.top || c.is.Brand() != c.brand || c.is.Group() != c.group || c.is.PriceMicros() != c.price || c.is.CreatedMs() != c.created {
				t.Errorf("%s: %+v", name, c.is)
			}
			s.Put(c.is)
		}
	}
}
