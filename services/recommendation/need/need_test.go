package need

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/need/index"
	"github.com/freshet/freshet/services/recommendation/need/season"
	"github.com/freshet/freshet/services/recommendation/neighbours"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

const (
	view   = recommendationv1.TouchKind_TOUCH_KIND_VIEW
	cart   = recommendationv1.TouchKind_TOUCH_KIND_CART
	uncart = recommendationv1.TouchKind_TOUCH_KIND_UNCART
	buy    = recommendationv1.TouchKind_TOUCH_KIND_BUY
	giving = recommendationv1.TouchKind_TOUCH_KIND_RETURN
)

// now is in the middle of November: with 14 days of lead the season is still November, or December from the 17th on.
var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC).UnixMilli()

func ago(days float64) int64 { return now - int64(days*dayMs) }

// shop has lamps of Lux, mugs of Mum, and cards; lamp-new and mug-new arrived a week ago, mug-cheap fell in price yesterday, and mug-dear rose.
func shop() *catalogue.Shelf {
	s := catalogue.NewShelf("w", 1000)
	put := func(id, category, brand string, created float64, edit func(*recommendationv1.Item)) {
		p := &recommendationv1.Item{ItemId: id, Categories: []string{category}, Brand: brand, CreatedMs: ago(created)}
		if edit != nil {
			edit(p)
		}
		s.Put(&catalogue.Item{ID: id, Proto: p})
	}
	price := func(was, is int64, days float64) func(*recommendationv1.Item) {
		return func(p *recommendationv1.Item) {
			p.PriceWasMicros, p.PriceMicros, p.PriceChangedMs = &was, &is, ago(days)
		}
	}
	for i := range 8 {
		put(fmt.Sprintf("lamp%d", i), "home > lamps", "Lux", 300-float64(i), nil)
		put(fmt.Sprintf("mug%d", i), "home > mugs", "Mum", 300-float64(i), nil)
	}
	put("lamp-new", "home > lamps", " LUX", 7, nil)
	put("mug-new", "home > mugs", "Other", 7, nil)
	put("mug-stub", "home > mugs", "Other", 7, func(p *recommendationv1.Item) { p.Stub = true })
	put("mug-cheap", "home > mugs", "Mum", 300, price(20, 10, 1))
	put("mug-dear", "home > mugs", "Mum", 300, price(10, 20, 1))
	put("mug-nearly", "home > mugs", "Mum", 300, price(100, 99, 1))
	put("card-a", "cards", "", 5, nil) // all of the cards are new
	put("card-b", "cards", "", 5, nil)
	put("bulb", "home > bulbs", "Bright", 300, nil)
	s.Ensure("nothing-known")
	return s
}

type deed struct {
	item string
	kind recommendationv1.TouchKind
	days float64 // ago
}

func asked(s *catalogue.Shelf, deeds ...deed) *ask.Ask {
	a := &ask.Ask{Workspace: "w", Shelf: s, NowMs: now, Visitor: &visitor.View{Personal: true}, Skip: func(int32) bool { return false }}
	slices.SortStableFunc(deeds, func(x, y deed) int { return int(ago(x.days)/1000 - ago(y.days)/1000) })
	for _, d := range deeds {
		n, ok := s.Number(d.item)
		if !ok {
			panic(d.item)
		}
		a.Touches = append(a.Touches, visitor.Touch{Item: d.item, Kind: d.kind, AtMs: ago(d.days), Quantity: 1e6})
		a.History = append(a.History, n)
	}
	a.Visitor.Touches = a.Touches
	return a
}

// parts are what the needs look things up in: lamps are bought with bulbs and mugs, and December is the time of card-a, mug7 and the lamp that is new.
func parts(t testing.TB, s *catalogue.Shelf) Deps {
	x, err := neighbours.New(neighbours.Options{Window: 100, Fade: 1, Shrink: 1})
	if err != nil {
		t.Fatal(err)
	}
	number := func(id string) int32 { n, _ := s.Ensure(id); return n }
	for g := range 10 {
		for _, id := range []string{"lamp0", "lamp1", "bulb"} {
			x.Observe(fmt.Sprint(g), number(id), ago(10))
		}
	}
	x.Observe("0", number("mug3"), ago(10))
	l := &season.Learned{Version: 1}
	l.Months[11] = []season.Word{{Item: "card-a", Score: 9, Lift: 3}, {Item: "mug7", Score: 5, Lift: 3}}
	data, err := l.Encode()
	if err != nil {
		t.Fatal(err)
	}
	almanac, err := season.Decode(data, s)
	if err != nil {
		t.Fatal(err)
	}
	return Deps{Together: func(string) Together { return x }, Almanac: func(string) *season.Almanac { return almanac }}
}

func sourcesOf(t testing.TB, s *catalogue.Shelf) map[candidate.Kind]ask.Source {
	all, err := Sources(DefaultConfig(), parts(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// said writes a list as "item<because", a word each.
func said(s *catalogue.Shelf, list []candidate.Candidate) string {
	var out []string
	for _, c := range list {
		w := s.Item(c.Item).ID
		if c.Reason.Because != candidate.Nothing {
			w += "<" + s.Item(c.Reason.Because).ID
		}
		out = append(out, w)
	}
	return strings.Join(out, " ")
}

func TestNeeds(t *testing.T) {
	for what, c := range map[string]struct {
		kind  candidate.Kind
		deeds []deed
		want  string
	}{
		"looked at in two visits, three times, never bought": {candidate.Browsed, []deed{{"mug1", view, 3}, {"mug1", view, 2}, {"mug1", view, 2}}, "mug1<mug1"},
		"three looks in one visit are curiosity":             {candidate.Browsed, []deed{{"mug1", view, 2}, {"mug1", view, 2}, {"mug1", view, 2}}, ""},
		"two looks are too few":                              {candidate.Browsed, []deed{{"mug1", view, 2}, {"mug1", view, 3}}, ""},
		"looked at and bought":                               {candidate.Browsed, []deed{{"mug1", view, 3}, {"mug1", view, 2}, {"mug1", view, 1}, {"mug1", buy, 1}}, ""},
		"bought and then looked at is not browsed":           {candidate.Browsed, []deed{{"mug1", buy, 200}, {"mug1", view, 3}, {"mug1", view, 2}, {"mug1", view, 1}}, ""},
		"looks of last year do not count":                    {candidate.Browsed, []deed{{"mug1", view, 303}, {"mug1", view, 302}, {"mug1", view, 301}}, ""},
		"the one looked at most recently stands first": {candidate.Browsed, []deed{{"mug1", view, 23}, {"mug1", view, 22}, {"mug1", view, 21}, {"mug2", view, 3}, {"mug2", view, 2}, {"mug2", view, 1}},
			"mug2<mug2 mug1<mug1"},

		"a cart left yesterday":                          {candidate.CartLeft, []deed{{"mug1", cart, 1}}, "mug1<mug1"},
		"a cart of this visit is not left":               {candidate.CartLeft, []deed{{"mug1", cart, .005}, {"mug2", view, .001}}, ""},
		"a cart left yesterday, and somebody is back":    {candidate.CartLeft, []deed{{"mug1", cart, 1}, {"mug2", view, .001}}, "mug1<mug1"},
		"taken out again":                                {candidate.CartLeft, []deed{{"mug1", cart, 2}, {"mug1", uncart, 1}}, ""},
		"bought":                                         {candidate.CartLeft, []deed{{"mug1", cart, 2}, {"mug1", buy, 1}}, ""},
		"bought, and put in the cart once more":          {candidate.CartLeft, []deed{{"mug1", cart, 3}, {"mug1", buy, 2}, {"mug1", cart, 1}}, "mug1<mug1"},
		"taken out, and put in again":                    {candidate.CartLeft, []deed{{"mug1", cart, 3}, {"mug1", uncart, 2}, {"mug1", cart, 1}}, "mug1<mug1"},
		"a cart of the spring is forgotten":              {candidate.CartLeft, []deed{{"mug1", cart, 200}}, ""},
		"what was put in last stands first":              {candidate.CartLeft, []deed{{"mug1", cart, 5}, {"mug2", cart, 2}}, "mug2<mug2 mug1<mug1"},
		"put in yesterday and again now: not left":       {candidate.CartLeft, []deed{{"mug1", cart, 1}, {"mug1", cart, .001}}, ""},
		"looked at, and nothing put in: no cart is left": {candidate.CartLeft, []deed{{"mug1", view, 1}}, ""},

		"three of four are Lux: its others, the newest first": {candidate.BrandLoyal, []deed{{"lamp0", buy, 9}, {"lamp1", buy, 8}, {"lamp2", buy, 7}, {"mug1", buy, 6}},
			"lamp-new<lamp2 lamp7<lamp2 lamp6<lamp2 lamp5<lamp2 lamp4<lamp2 lamp3<lamp2"},
		"the same item three times is no loyalty": {candidate.BrandLoyal, []deed{{"lamp0", buy, 9}, {"lamp0", buy, 8}, {"lamp0", buy, 7}}, ""},
		"three of nine are too few":               {candidate.BrandLoyal, []deed{{"lamp0", buy, 9}, {"lamp1", buy, 9}, {"lamp2", buy, 9}, {"mug0", buy, 9}, {"mug1", buy, 9}, {"card-a", buy, 9}, {"card-b", buy, 9}, {"bulb", buy, 9}}, ""},
		"what was given back is no purchase":      {candidate.BrandLoyal, []deed{{"lamp0", buy, 9}, {"lamp1", buy, 8}, {"lamp2", buy, 7}, {"lamp2", giving, 6}}, ""},
		"looks are no loyalty":                    {candidate.BrandLoyal, []deed{{"lamp0", view, 9}, {"lamp1", view, 8}, {"lamp2", view, 7}}, ""},

		"the season speaks to everybody":                    {candidate.Seasonal, nil, "card-a mug7"},
		"mugs were given last December: mugs stand first":   {candidate.Seasonal, []deed{{"mug1", buy, 350}}, "mug7<mug1 card-a"},
		"mugs bought in the summer say nothing of presents": {candidate.Seasonal, []deed{{"mug1", buy, 150}}, "card-a mug7"},

		"new in the category that is liked":     {candidate.Arrived, []deed{{"mug1", buy, 50}}, "mug-new<mug1"},
		"what was looked at is not news":        {candidate.Arrived, []deed{{"mug1", buy, 50}, {"mug-new", view, 1}}, ""},
		"the category liked more stands first":  {candidate.Arrived, []deed{{"mug1", view, 1}, {"lamp1", buy, 1}}, "lamp-new<lamp1 mug-new<mug1"},
		"where all is new nothing is news":      {candidate.Arrived, []deed{{"card-a", view, 1}}, ""},
		"nothing is liked, nothing has arrived": {candidate.Arrived, nil, ""},

		"costs half of what it did":                   {candidate.Dropped, []deed{{"mug-cheap", view, 5}}, "mug-cheap<mug-cheap"},
		"looked at after the price fell":              {candidate.Dropped, []deed{{"mug-cheap", view, .5}}, ""},
		"the price rose":                              {candidate.Dropped, []deed{{"mug-dear", view, 5}}, ""},
		"the price fell by a hundredth":               {candidate.Dropped, []deed{{"mug-nearly", view, 5}}, ""},
		"bought at the dearer price: no good news":    {candidate.Dropped, []deed{{"mug-cheap", view, 5}, {"mug-cheap", buy, 4}}, ""},
		"who never looked is not told":                {candidate.Dropped, []deed{{"mug1", view, 5}}, ""},
		"bulbs go with lamps; lamps and lamps do not": {candidate.Accessory, []deed{{"lamp0", buy, 5}}, "bulb<lamp0 mug3<lamp0"},
		"a bulb that was bought needs no bulb":        {candidate.Accessory, []deed{{"lamp0", buy, 5}, {"bulb", buy, 100}}, "mug3<lamp0"},
		"a lamp of the spring has its bulb":           {candidate.Accessory, []deed{{"lamp0", buy, 200}}, ""},
		"a lamp given back needs none":                {candidate.Accessory, []deed{{"lamp0", buy, 5}, {"lamp0", giving, 4}}, ""},
		"nobody knows the category":                   {candidate.Accessory, []deed{{"nothing-known", buy, 5}}, ""},
		"bought most often stands first":              {candidate.Again, []deed{{"mug1", buy, 9}, {"mug2", buy, 8}, {"mug1", buy, 7}}, "mug1<mug1 mug2<mug2"},
		"given back is not bought":                    {candidate.Again, []deed{{"mug1", buy, 9}, {"mug1", giving, 8}, {"mug2", view, 1}}, ""},
	} {
		t.Run(what, func(t *testing.T) {
			s := shop()
			if got := said(s, sourcesOf(t, s)[c.kind].Candidates(nil, asked(s, c.deeds...), 10)); got != c.want {
				t.Errorf("%s: %q, want %q", c.kind, got, c.want)
			}
		})
	}
}

func randomDeeds(t *rapid.T) []deed {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) deed {
		return deed{rapid.SampledFrom([]string{"lamp0", "lamp1", "lamp2", "lamp3", "mug1", "mug7", "mug-cheap", "bulb", "card-a", "nothing-known"}).Draw(t, "item"),
			recommendationv1.TouchKind(rapid.Int32Range(1, 8).Draw(t, "kind")), rapid.Float64Range(0, 40).Draw(t, "days")}
	}), 0, 40).Draw(t, "deeds")
}

func TestNeedsKeepTheirPromises(t *testing.T) {
	s := shop()
	all := sourcesOf(t, s)
	spoke := map[candidate.Kind]bool{}
	rapid.Check(t, func(t *rapid.T) {
		deeds := randomDeeds(t)
		if rapid.Bool().Draw(t, "a full life") { // so that every need has something to say in some of the runs
			deeds = append(deeds, deed{"mug3", view, 3}, deed{"mug3", view, 2}, deed{"mug3", view, 2}, deed{"mug3", view, 1}, deed{"mug3", cart, 1}, deed{"mug-cheap", view, 5}, deed{"lamp0", buy, 9}, deed{"lamp1", buy, 8}, deed{"lamp2", buy, 7}, deed{"lamp3", buy, 6})
		}
		a := asked(s, deeds...)
		refused := rapid.SliceOfN(rapid.Int32Range(0, int32(s.Len())-1), 0, 8).Draw(t, "refused")
		a.Skip = func(i int32) bool { return slices.Contains(refused, i) }
		k := rapid.IntRange(-1, 6).Draw(t, "k")
		head := []candidate.Candidate{{Item: 99}}
		for kind, source := range all {
			got := source.Candidates(slices.Clone(head), a, k)
			if got[0] != head[0] {
				t.Fatalf("%s: what stood there is gone", kind)
			}
			got = got[1:]
			if len(got) > max(k, 0) || !slices.Equal(got, source.Candidates(nil, a, k)) {
				t.Fatalf("%s: %d of %d, or another list the second time", kind, len(got), k)
			}
			seen := map[int32]bool{}
			for i, c := range got {
				spoke[kind] = true
				if seen[c.Item] || slices.Contains(refused, c.Item) || !(c.Score > 0) || c.Reason.Kind != kind || i > 0 && !candidate.Better(got[i-1], c) {
					t.Fatalf("%s: place %d of %+v, refused %v", kind, i, got, refused)
				}
				seen[c.Item] = true
			}
		}
	})
	if len(spoke) != len(all) {
		t.Errorf("only %d of %d needs ever said anything: %v", len(spoke), len(all), spoke)
	}
}

func TestNothingWithoutConsent(t *testing.T) {
	s := shop()
	all := sourcesOf(t, s)
	rapid.Check(t, func(t *rapid.T) {
		a := asked(s, append(randomDeeds(t), deed{"mug1", buy, 350}, deed{"mug1", cart, 1})...)
		a.Visitor.Personal = false
		for kind, source := range all {
			want := ""
			if kind == candidate.Seasonal {
				want = "card-a mug7" // as to everybody
			}
			if got := said(s, source.Candidates(nil, a, 10)); got != want {
				t.Fatalf("%s says %q of somebody who does not consent", kind, got)
			}
			b := *a
			b.Visitor = nil
			if got := said(s, source.Candidates(nil, &b, 10)); got != want {
				t.Fatalf("%s says %q of nobody", kind, got)
			}
		}
	})
}

func TestWithoutPartsNeedsAreSilent(t *testing.T) {
	all, err := Sources(DefaultConfig(), Deps{})
	if err != nil {
		t.Fatal(err)
	}
	s := shop()
	for kind, source := range all {
		source.Candidates(nil, asked(s, deed{"lamp0", buy, 1}), 10)
		if n := len(source.Candidates(nil, asked(catalogue.NewShelf("w", 1)), 10)); n != 0 {
			t.Errorf("%s finds %d items on an empty shelf", kind, n)
		}
	}
}

func TestConfigSaysWhatIsWrong(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	c := Config{MinDrop: 2}
	_, err := Sources(c, Deps{})
	for _, key := range []string{"views", "visits", "window_days", "half_days", "brand_buys", "new_days", "favourites", "min_drop", "accessory_days", "look"} {
		if err == nil || !strings.Contains(err.Error(), "need."+key+":") {
			t.Errorf("%s is not told: %v", key, err)
		}
	}
}

// BenchmarkNeeds asks every need on a shelf of 100,000 items for a visitor with 200 touches.
func BenchmarkNeeds(b *testing.B) {
	s := catalogue.NewShelf("w", 200_000)
	for i := range 100_000 {
		id := fmt.Sprintf("i%d", i)
		s.Put(&catalogue.Item{ID: id, Proto: &recommendationv1.Item{ItemId: id, Categories: []string{fmt.Sprintf("c%d", i%50)}, Brand: fmt.Sprintf("b%d", i%20), CreatedMs: ago(float64(i % 1000))}})
	}
	x, _ := neighbours.New(neighbours.Default())
	for i := range int32(5000) {
		x.Observe(fmt.Sprint(i/10), i*7%2000*50/50, now)
	}
	shelves := index.NewShelves()
	shelves.Of(s)
	all, err := Sources(DefaultConfig(), Deps{Shelves: shelves, Together: func(string) Together { return x }, Almanac: parts(b, s).Almanac})
	if err != nil {
		b.Fatal(err)
	}
	var deeds []deed
	for i := range 200 {
		deeds = append(deeds, deed{fmt.Sprintf("i%d", i*20%2000), []recommendationv1.TouchKind{view, view, view, cart, buy}[i%5], float64(i) / 10})
	}
	a := asked(s, deeds...)
	for kind := range candidate.Kind(candidate.Kinds + 1) {
		if source, ok := all[kind]; ok {
			b.Run(kind.String(), func(b *testing.B) {
				b.ReportAllocs()
				var dst []candidate.Candidate
				for b.Loop() {
					dst = source.Candidates(dst[:0], a, 50)
				}
			})
		}
	}
}
