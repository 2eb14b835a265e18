package repurchase

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/past"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

func bought(customer, item string, days ...float64) []past.Deed[past.Line] {
	var out []past.Deed[past.Line]
	for _, d := range days {
		out = append(out, past.Deed[past.Line]{Key: past.Line{Customer: customer, Item: item}, AtMs: int64(d * dayMs), Quantity: 1})
	}
	return out
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestLearnIsWhatTheFormulasSay(t *testing.T) {
	all := slices.Concat(bought("a", "coffee", 0, 10, 20, 60), bought("b", "coffee", 0, 10.5, 10.9), bought("c", "coffee", 3), bought("c", "lamp", 3), bought("d", "tea", 0, 30))
	category := func(item string) string { return map[string]string{"coffee": "food", "tea": "food"}[item] }
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	l := Learn(all, category, Options{Shrink: 2, MinBuyers: 3})
	// Gaps: coffee 10, 10, 40, 10.5 (10.9 is the same purchase), tea 30; five buyers of four and one.
	ln := math.Log
	shop := (5*ln(10.5) + ln(30)) / 6
	food := (5*ln(10.5) + 2*shop) / 7
	coffee := (4*(ln(10)+ln(10.5))/2 + 2*food) / 6
	near(t, "the shop's cycle", ln(l.Shop.Days), shop)
	near(t, "the category's cycle", ln(l.Categories["food"].Days), food)
	near(t, "the item's cycle", ln(l.Items["coffee"].Days), coffee)
	shopAgain := 5.0 / (5 + 5 + 1)
	foodAgain := (5 + 2*shopAgain) / (5 + 4 + 2)
	near(t, "the share of coffee that is bought again", l.Items["coffee"].Again, (4+2*foodAgain)/(4+3+2))
	if _, ok := l.Items["tea"]; ok {
		t.Error("tea has one buyer and a cycle of its own")
	}
	if one, same := l.Items["coffee"], (Cycle{Gaps: 4, Buyers: 3}); one.Gaps != same.Gaps || one.Buyers != same.Buyers {
		t.Errorf("coffee was learned from %d gaps of %d buyers, want 4 of 3", one.Gaps, one.Buyers)
	}
}

func TestLearnFindsTheTrueCycle(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var all []past.Deed[past.Line]
	for c := range 300 {
		at := 0.0
		for at < 2000 {
			all = append(all, bought(string(rune('a'+c)), "soap", at)...)
			at += 45 * math.Exp(.4*r.NormFloat64())
		}
	}
	got := Learn(all, func(string) string { return "" }, DefaultOptions()).Items["soap"]
	if math.Abs(got.Days-45) > 1 || math.Abs(got.Spread-.4) > .03 || got.Again < .9 {
		t.Errorf("%+v, want 45 days, spread .4, bought again nearly always", got)
	}
}

func TestScore(t *testing.T) {
	c := Cycle{Days: 30, Spread: .5, Again: .6}
	for days, want := range map[float64]float64{10: .4257, 30: .3575, 150: .0007} /* by hand, from a table of the normal distribution */ {
		if got := c.within(days, 30); math.Abs(got-want) > .0002 {
			t.Errorf("on day %v %.3f, want %.3f", days, got, want)
		}
	}
}

func shelf(items ...string) *catalogue.Shelf {
	s := catalogue.NewShelf("shop", 1000)
	for _, id := range items {
		s.Put(&catalogue.Item{ID: id, Proto: &recommendationv1.Item{ItemId: id, Categories: []string{"food > " + id}}})
	}
	return s
}

func TestTheFileSaysTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []past.Deed[past.Line]
		for range rapid.IntRange(0, 40).Draw(t, "purchases") {
			all = append(all, bought(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "customer"), rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "item"), rapid.Float64Range(0, 400).Draw(t, "day"))...)
		}
		l := Learn(all, func(item string) string { return "food > " + item }, Options{Shrink: 3, MinBuyers: 2})
		data, err := l.Encode()
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(all)
		other, err := Learn(all, func(item string) string { return "food > " + item }, Options{Shrink: 3, MinBuyers: 2}).Encode()
		if err != nil || !bytes.Equal(data, other) {
			t.Fatalf("the order of the purchases changes what is learned:\n%s\n%s", data, other)
		}
		s := shelf("x")
		c, err := Decode(data, s, DefaultConfig())
		if err != nil {
			t.Fatal(err)
		}
		for id, want := range l.Items {
			n, ok := s.Number(id)
			if !ok || c.Of(n) != want {
				t.Fatalf("%s: %+v, want %+v", id, c.Of(n), want)
			}
		}
		if n, _ := s.Number("x"); l.Items["x"].Days == 0 && l.Categories["food > x"].Days > 0 && c.Of(n) != l.Categories["food > x"] {
			t.Fatalf("%+v is not the category's", c.Of(n))
		}
	})
}

func TestHideUntil(t *testing.T) {
	l := &Learned{Version: 1, Shop: Cycle{Days: 60, Spread: 1, Again: .05}, Categories: map[string]Cycle{"food": {Days: 20, Spread: 1, Again: .5}}, Items: map[string]Cycle{"soap": {Days: 40, Spread: 1, Again: .4}}}
	data, _ := l.Encode()
	s := shelf("soap", "coffee")
	s.Put(&catalogue.Item{ID: "sofa", Proto: &recommendationv1.Item{}})
	c, err := Decode(data, s, DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	for what, w := range map[string]struct {
		item int32
		days int64
	}{"half of its own cycle": {0, 20}, "half of the wider category's": {1, 10}, "what is bought once: a year": {2, 365}} {
		if got := c.HideUntil(w.item, 7); got != 7+w.days*dayMs {
			t.Errorf("%s: hidden for %d ms", what, got-7)
		}
	}
}

// asked is a question by somebody who bought things at days.
func asked(s *catalogue.Shelf, now float64, days map[string][]float64) *ask.Ask {
	a := &ask.Ask{Shelf: s, NowMs: int64(now * dayMs), Visitor: &visitor.View{Personal: true}, Skip: func(int32) bool { return false }}
	for item, at := range days {
		n, _ := s.Ensure(item)
		for _, d := range at {
			a.Touches = append(a.Touches, visitor.Touch{Item: item, Kind: recommendationv1.TouchKind_TOUCH_KIND_BUY, AtMs: int64(d * dayMs), Quantity: 1e6})
			a.History = append(a.History, n)
		}
	}
	return a
}

func TestDue(t *testing.T) {
	s := shelf("soap", "sofa")
	data, _ := (&Learned{Version: 1, Shop: Cycle{Days: 30, Spread: .5, Again: .01},
		Items: map[string]Cycle{"soap": {Days: 40, Spread: .4, Again: .6}, "filter": {Days: 200, Spread: .4, Again: .6}, "sofa": {Days: 900, Spread: .5, Again: .05}}}).Encode()
	c, err := Decode(data, s, DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	due := func(now float64, days ...float64) float64 {
		got := c.Candidates(nil, asked(s, now, map[string][]float64{"soap": days}), 10)
		if len(got) == 0 {
			return 0
		}
		if got[0].Reason.Kind != candidate.Due || got[0].Reason.Because != 0 {
			t.Errorf("reason %+v", got[0].Reason)
		}
		return got[0].Score
	}
	if due(10, 0) != 0 {
		t.Error("soap is due after 10 of 40 days")
	}
	filter := func(now float64) float64 {
		return c.Candidates(nil, asked(s, now, map[string][]float64{"filter": {0}}), 10)[0].Score
	}
	if early, then, late := filter(105), filter(180), filter(250); then <= early || late >= then {
		t.Errorf("of 200 days, day 105 %v, day 180 %v, day 250 %v: want it to rise and then to fall", early, then, late)
	}
	if due(1000, 0) != 0 {
		t.Error("soap is due after a thousand days")
	}
	// Who buys it every ten days is due long before others are.
	if due(62, 20, 30, 40, 50) == 0 || due(62, 50) != 0 {
		t.Error("a customer's own cycle does not count")
	}
	if len(c.Candidates(nil, asked(s, 30, map[string][]float64{"sofa": {0}}), 10)) != 0 {
		t.Error("a sofa is due")
	}
	a := asked(s, 35, map[string][]float64{"soap": {0}})
	a.Visitor.Personal = false
	if len(c.Candidates(nil, a, 10)) != 0 {
		t.Error("something is due without consent")
	}
	a.Visitor = nil
	if len(c.Candidates(nil, a, 10)) != 0 {
		t.Error("something is due of nobody")
	}
}

func TestDueKeepsItsPromises(t *testing.T) {
	items := []string{"a", "b", "c", "d", "e"}
	s := shelf(items...)
	data, _ := (&Learned{Version: 1, Shop: Cycle{Days: 30, Spread: .5, Again: .5}}).Encode()
	c, err := Decode(data, s, DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		days := map[string][]float64{}
		for _, i := range items {
			days[i] = rapid.SliceOfN(rapid.Float64Range(0, 100), 0, 4).Draw(t, i)
			slices.Sort(days[i])
		}
		a := asked(s, 110, days)
		refused := int32(rapid.IntRange(0, 4).Draw(t, "refused"))
		a.Skip = func(i int32) bool { return i == refused }
		k := rapid.IntRange(-1, 6).Draw(t, "k")
		got := c.Candidates(nil, a, k)
		if len(got) > max(k, 0) || !slices.Equal(got, c.Candidates(nil, a, k)) {
			t.Fatalf("%d of %d, or another list the second time", len(got), k)
		}
		for i, x := range got {
			if x.Item == refused || x.Score <= 0 || x.Score > 1 || i > 0 && !candidate.Better(got[i-1], x) {
				t.Fatalf("%d: %+v in %+v", i, x, got)
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	good, _ := Learn(bought("a", "x", 1, 5), func(string) string { return "" }, Options{MinBuyers: 1}).Encode()
	f.Add(good)
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte(`{"version":1,"shop":{"days":-1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := shelf("x")
		c, err := Decode(data, s, DefaultConfig())
		if err != nil {
			return
		}
		if until := c.HideUntil(0, 0); until < 0 {
			t.Errorf("hidden until %d", until)
		}
		for _, x := range c.Candidates(nil, asked(s, 50, map[string][]float64{"x": {0, 20}}), 5) {
			if !(x.Score > 0 && x.Score <= 1) {
				t.Errorf("score %v", x.Score)
			}
		}
	})
}

func TestConfigSaysWhatIsWrong(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for what, edit := range map[string]func(*Config){"own": func(c *Config) { c.Own = 0 }, "horizon_days": func(c *Config) { c.HorizonDays = math.NaN() },
		"once_days": func(c *Config) { c.OnceDays = -1 }, "near": func(c *Config) { c.Near = 2 }} {
		c := DefaultConfig()
		edit(&c)
		if _, err := Decode(nil, shelf(), c); err == nil || !bytes.Contains([]byte(err.Error()), []byte("repurchase."+what+":")) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
