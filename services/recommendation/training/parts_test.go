package training

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"runtime"
	"strings"
	"testing"

	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/bundle"
	"github.com/freshet/freshet/services/recommendation/rank"
)

// counting is a Ranking that writes down what it was taught.
type counting struct{ taught *[][]*ask.Ask }

func (c counting) Train(_ context.Context, _ []rank.Named, _ rank.Facts, n int, question func(int) (*ask.Ask, []int32), _ func(int, int)) ([]byte, error) {
	var all []*ask.Ask
	for i := range n {
		a, came := question(i)
		if all = append(all, a); len(came) == 0 {
			return nil, fmt.Errorf("nothing came of question %d", i)
		}
	}
	if *c.taught = append(*c.taught, all); n < 10 {
		return nil, fmt.Errorf("%d questions: %w", n, ErrTooFew)
	}
	return []byte(fmt.Sprint(n)), nil
}

func (counting) Over(sources []rank.Named, _ rank.Facts, _ []byte) (ask.Source, error) {
	return sources[0].Source, nil
}

// A version has what the bundle has, the ranker, what others make of purchases, and rules by the configured support; the ranker that is judged has learnt from
// questions that lie before those that judge it, the one that is kept from all of them.
func TestPartsOfAVersion(t *testing.T) {
	w := newWorld(t)
	var taught [][]*ask.Ask
	var purchases []Purchase
	all := shopTouches(1000)
	last := all[len(all)-1]
	all = append(all, Touch{Customer: last.Customer, Item: last.Item, Kind: "return", AtMs: last.AtMs, Order: "o0", Quantity: 3})
	s := w.service(list(all), func(c *Config, d *Deps) {
		c.MaxEASE = 10 // there are more items: ALS
		d.Ranking = counting{&taught}
		d.Extra = func(_ string, items []string, bought []Purchase) (map[string][]byte, error) {
			purchases = bought
			return map[string][]byte{CyclesFile: []byte(items[bought[0].Item])}, nil
		}
	})
	run := w.trains(s)
	v := s.trainer.Champion("shop", Model)
	if v == nil || v.GetFamily() != "sessions and ALS, ranked" {
		t.Fatalf("%v, %v", v, run)
	}
	if len(taught) != 2 {
		t.Fatalf("a ranker was taught %d times", len(taught))
	}
	newest := int64(0)
	for _, a := range taught[0] {
		newest = max(newest, a.NowMs)
		if a.NowMs < v.GetCutMs() {
			t.Errorf("a question of %d, the cut is at %d", a.NowMs, v.GetCutMs())
		}
	}
	judged := taught[1][len(taught[0]):]
	if len(judged) < len(taught[0])/2 || judged[0].NowMs < newest {
		t.Errorf("%d questions up to %d taught, %d from %d on judged", len(taught[0]), newest, len(judged), judged[0].NowMs)
	}
	for _, a := range taught[1] {
		for _, x := range a.Touches {
			if x.AtMs > a.NowMs {
				t.Fatalf("a question of %d knows a touch of %d", a.NowMs, x.AtMs)
			}
		}
	}
	bought, first := 0, ""
	for _, x := range all {
		if x.Kind == "buy" {
			if bought++; first == "" {
				first = x.Item
			}
		}
	}
	files := map[string][]byte{}
	for _, f := range v.GetFiles() {
		if !strings.HasPrefix(f.GetName(), "card.") {
			files[f.GetName()] = only(w.kept.File(t.Context(), v, f.GetName()))
		}
	}
	p, err := new(heap).open(files)
	if got := purchases[len(purchases)-1]; !got.Return || got.Quantity != 3 || got.Order != purchases[0].Order || got.AtMs != last.AtMs || purchases[0].Return || purchases[0].Order == 0 {
		t.Errorf("of what was given back the others are told %+v, of the sale %+v", got, purchases[0])
	}
	if err != nil || len(purchases) != bought+1 || string(p.Extra[CyclesFile]) != first || string(p.Extra[RankerFile]) != fmt.Sprint(len(taught[1])) {
		t.Errorf("%d purchases of %d; %q; %v", len(purchases), bought, p.Extra, err)
	}
}

func only(data []byte, _ error) []byte { return data }

// Rules hold of the share of the baskets that is configured; what is not to be found in time leaves the other models.
func TestRulesByTheConfiguredSupport(t *testing.T) {
	var h heap
	for i := range 100 {
		order, at := fmt.Sprint(i), int64(i)*1000
		h.add(Touch{Customer: order, Item: "bread", Kind: "buy", Order: order, AtMs: at})
		if i < 60 {
			h.add(Touch{Customer: order, Item: "butter", Kind: "buy", Order: order, AtMs: at + 1})
		}
		if i < 8 {
			h.add(Touch{Customer: order, Item: "caviar", Kind: "buy", Order: order, AtMs: at + 2})
		}
	}
	rules := func(support float64) int {
		c := Default()
		c.RuleSupport = support
		p, err := h.fit(t.Context(), c, 1_000_000, func(string, int, int) {})
		if err != nil {
			t.Fatal(err)
		}
		return len(p.Rules)
	}
	if few, many := rules(.5), rules(.05); few == 0 || many <= few {
		t.Errorf("%d rules of half of the baskets, %d of a twentieth", few, many)
	}
}

// Every fault of a configuration is told under its key.
func TestConfig(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
	err := Config{At: "x", MaxAge: -1, MaxEASE: -1, Workers: -1}.Validate()
	for _, key := range []string{"at", "look", "drift_every", "max_age", "workers", "span", "max_touches", "min_visits", "share", "max_ease", "rule_support", "rule_confidence"} {
		if err == nil || !strings.Contains("\n"+err.Error(), "\n"+key+": ") {
			t.Errorf("nothing is said of %s: %v", key, err)
		}
	}
}

// However many cores a training takes, it makes the same files.
func TestCoresChangeNothing(t *testing.T) {
	var h heap
	for _, x := range shopDeeds(300) {
		h.add(x)
	}
	made := func(workers, ease int) map[string][]byte {
		c := quick()
		c.Workers, c.MaxEASE = workers, ease
		p, err := h.fit(t.Context(), c, base.Add(80*day24).UnixMilli(), func(string, int, int) {})
		if err != nil {
			t.Fatal(err)
		}
		files, err := bundle.Write(p.Parts)
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	for _, ease := range []int{0, 8000} {
		if one, three := made(1, ease), made(3, ease); !maps.EqualFunc(one, three, bytes.Equal) {
			t.Errorf("EASE up to %d items: other files with three cores than with one", ease)
		}
	}
	if n := (Config{}).Cores(); n < 1 || n > runtime.GOMAXPROCS(0) || (Config{Workers: 5}).Cores() != 5 {
		t.Errorf("%d cores", n)
	}
}
