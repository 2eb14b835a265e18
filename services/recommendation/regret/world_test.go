package regret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/neighbours"
	"github.com/freshet/freshet/services/recommendation/popular"
	"github.com/freshet/freshet/services/recommendation/session"
	"github.com/freshet/freshet/services/simulator"
)

var from = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

const days = 60

// world is a shop with its truth and the models that have seen its history.
type world struct {
	shop    *simulator.Shop
	people  []simulator.Person
	goods   []simulator.Good
	counts  []int64
	shelf   *catalogue.Shelf
	session *session.Index
	viewed  *neighbours.Index
}

func item(id string) (int32, bool) {
	var n int32
	_, err := fmt.Sscanf(id, "P%d", &n)
	return n - 1, err == nil
}

// play makes a world whose models have learned from the looks before a day of the history.
func play(t testing.TB, seed uint64, until int) *world {
	cfg := simulator.Default()
	cfg.Seed, cfg.Customers, cfg.Products, cfg.SessionsPerDay = seed, 600, 240, .3
	cfg.BotShare, cfg.ChurnShare, cfg.BrokenShare, cfg.DuplicateShare = 0, 0, 0, 0
	cfg.Tastes = simulator.Tastes{Styles: 4, DriftShare: .5, ArriveShare: .25}
	shop, err := simulator.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{shop: shop, counts: make([]int64, cfg.Products)}
	if w.session, err = session.New(session.Default()); err != nil {
		t.Fatal(err)
	}
	o := neighbours.Default()
	o.Fade = .9
	if w.viewed, err = neighbours.New(o); err != nil {
		t.Fatal(err)
	}
	live, err := session.NewLive(w.session, 30*time.Minute, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	end := from.AddDate(0, 0, until)
	for ev := range shop.History(from, from.AddDate(0, 0, days)) {
		if !bytes.Contains(ev.Body, []byte(`"Product Viewed"`)) || !ev.At.Before(end) {
			continue
		}
		var e struct {
			Properties struct {
				ID string `json:"product_id"`
			}
		}
		if err := json.Unmarshal(ev.Body, &e); err != nil {
			t.Fatal(err)
		}
		if n, ok := item(e.Properties.ID); ok {
			live.Touch(ev.Key(), n, ev.At.UnixMilli())
			w.viewed.Observe(ev.Key(), n, ev.At.UnixMilli())
			w.counts[n]++
		}
	}
	live.Sweep(math.MaxInt64 / 2)
	w.people, w.goods = shop.People(), shop.Goods()
	w.shelf = catalogue.NewShelf("default", len(w.goods))
	for _, g := range w.goods { // numbered as they are here
		w.shelf.Put(&catalogue.Item{ID: g.ProductID, Proto: &recommendationv1.Item{ItemId: g.ProductID, Name: g.ProductID, Categories: []string{g.Category}}})
	}
	return w
}

func (w *world) taste(person int, n int32, at time.Time) float64 {
	return w.shop.Taste(person, w.goods[n].ProductID, at)
}

// gain of a list's first k.
func (w *world) gain(person int, list []int32, at time.Time) float64 {
	sum := 0.0
	for _, n := range list {
		sum += w.taste(person, n, at)
	}
	return sum
}

// oracle is the gain of the best k.
func (w *world) oracle(person, k int, at time.Time) float64 {
	all := make([]float64, len(w.goods))
	for n := range w.goods {
		all[n] = w.taste(person, int32(n), at)
	}
	slices.Sort(all)
	sum := 0.0
	for _, p := range all[len(all)-k:] {
		sum += p
	}
	return sum
}

// touch is what a person looks at of his own accord: more often what he likes more.
func (w *world) touch(r *rand.Rand, person int, at time.Time) int32 {
	sums, sum := make([]float64, len(w.goods)), 0.0
	for n := range w.goods {
		sum += w.taste(person, int32(n), at)
		sums[n] = sum
	}
	n, _ := slices.BinarySearch(sums, r.Float64()*sum)
	return int32(n)
}

// propose gives k items of the first source, filled up from the next ones; none that is in not.
func propose(k int, history, not []int32, sources ...candidate.Source) []int32 {
	var list []int32
	for _, s := range sources {
		for _, c := range s.Candidates(nil, &candidate.Query{History: history, K: k - len(list), Skip: func(n int32) bool { return slices.Contains(list, n) || slices.Contains(not, n) }}) {
			list = append(list, c.Item)
		}
	}
	return list
}

// alike says whether an item is of a category that is in a history.
func (w *world) alike(n int32, history []int32) bool {
	return slices.ContainsFunc(history, func(m int32) bool { return w.goods[m].Category == w.goods[n].Category })
}

func (w *world) popular() *popular.Most { return popular.New(w.counts) }

// mean and the half width of its 95 % interval.
func mean(v []float64) (m, half float64) {
	for _, x := range v {
		m += x / float64(len(v))
	}
	for _, x := range v {
		half += (x - m) * (x - m) / float64(len(v)-1)
	}
	return m, 1.96 * math.Sqrt(half/float64(len(v)))
}
