package index

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/catalogue"
)

func item(id, brand string, created int64, categories ...string) *catalogue.Item {
	return &catalogue.Item{ID: id, Proto: &recommendationv1.Item{ItemId: id, Brand: brand, CreatedMs: created, Categories: categories}}
}

// search is what the index must say, by looking at everything.
func search(s *catalogue.Shelf, has func(*recommendationv1.Item) bool) []Entry {
	var out []Entry
	for i := range int32(s.Len()) {
		if p := s.Item(i).Proto; p != nil && !p.GetRemoved() && has(p) {
			out = append(out, Entry{i, p.GetCreatedMs()})
		}
	}
	slices.SortStableFunc(out, func(a, b Entry) int { return cmp.Compare(b.CreatedMs, a.CreatedMs) })
	return out
}

func TestEqualToAPlainSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := catalogue.NewShelf("w", 100)
		x := NewShelves().Of(s)
		categories := []string{"a", "a > b", "c"}
		for range rapid.IntRange(1, 6).Draw(t, "rounds") {
			for range rapid.IntRange(0, 8).Draw(t, "changes") {
				id := fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "id"))
				if rapid.IntRange(0, 9).Draw(t, "only numbered") == 0 {
					s.Ensure(id)
					continue
				}
				i := item(id, rapid.SampledFrom([]string{"", "X", " x", "y"}).Draw(t, "brand"), rapid.Int64Range(0, 5).Draw(t, "created"),
					rapid.SliceOfN(rapid.SampledFrom(categories), 0, 3).Draw(t, "categories")...)
				i.Proto.Removed = rapid.IntRange(0, 4).Draw(t, "removed") == 0
				s.Put(i)
			}
			x.Refresh()
			for _, b := range []string{"x", "y"} {
				if got, want := x.Brand(b), search(s, func(p *recommendationv1.Item) bool { return Fold(p.GetBrand()) == b }); !slices.Equal(got, want) {
					t.Fatalf("brand %s: %v, want %v", b, got, want)
				}
			}
			for _, c := range categories {
				if got, want := x.Category(c), search(s, func(p *recommendationv1.Item) bool { return slices.Contains(p.GetCategories(), c) }); !slices.Equal(got, want) {
					t.Fatalf("category %s: %v, want %v", c, got, want)
				}
			}
			if n := x.Refresh(); n != 0 {
				t.Fatalf("%d changes where there were none", n)
			}
		}
	})
}

func TestReadersAndARefresh(t *testing.T) {
	s := catalogue.NewShelf("w", 1000)
	shelves := NewShelves()
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			for i := range 200 {
				s.Put(item(fmt.Sprint(g, i%20), "x", int64(i), "a"))
				x := shelves.Of(s)
				if g == 0 {
					shelves.Refresh()
				}
				list := x.Brand("X")
				if !slices.IsSortedFunc(list, func(a, b Entry) int { return cmp.Compare(b.CreatedMs, a.CreatedMs) }) {
					t.Error("a list is half made")
				}
			}
		})
	}
	wait.Wait()
	shelves.Refresh()
	if n := len(shelves.Of(s).Category("a")); n != 80 {
		t.Errorf("%d items, want 80", n)
	}
}

func TestRunFollowsTheShelf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := catalogue.NewShelf("w", 10)
		shelves := NewShelves()
		x := shelves.Of(s)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- shelves.Run(ctx, time.Second) }()
		s.Put(item("a", "x", 1))
		time.Sleep(1100 * time.Millisecond) // of the bubble: no time passes
		if len(x.Brand("x")) != 1 {
			t.Error("a second later the item is not there")
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// BenchmarkRefresh is of 100,000 items of which one changed.
func BenchmarkRefresh(b *testing.B) {
	s := catalogue.NewShelf("w", 100_000)
	for i := range 100_000 {
		s.Put(item(fmt.Sprint(i), fmt.Sprint(i%100), int64(i), fmt.Sprint(i%50)))
	}
	x := NewShelves().Of(s)
	for b.Loop() {
		s.Put(item("7", "3", 7, "9"))
		if x.Refresh() != 1 {
			b.Fatal("one item changed")
		}
	}
}
