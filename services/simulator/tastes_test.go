package simulator

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

func withTastes(c *Config) {
	c.Tastes = Tastes{Styles: 4, DriftShare: .3, ArriveShare: .2, UsedUpShare: .3, Feed: true}
	c.BotShare, c.SessionsPerDay = 0, .3
}

// TestWithoutTastesNothingHasChanged compares with what the simulator sent before there were tastes.
func TestWithoutTastesNothingHasChanged(t *testing.T) {
	_, all := play(t, from, nil)
	h := sha256.New()
	for _, ev := range all {
		h.Write(ev.Body)
	}
	if got := hex.EncodeToString(h.Sum(nil))[:16]; got != "1a5d6b31d3c5902a" {
		t.Errorf("the events hash to %s", got)
	}
}

func TestTastesAreRepeatable(t *testing.T) {
	_, a := play(t, from, withTastes)
	_, b := play(t, from, withTastes)
	for i := range a {
		if !bytes.Equal(a[i].Body, b[i].Body) {
			t.Fatalf("event %d differs between equal runs", i)
		}
	}
}

// named is what events say of products.
type named struct {
	Event      string
	Timestamp  time.Time
	Properties struct {
		ProductID        string `json:"product_id"`
		RecommendationID string `json:"recommendation_id"`
		Brand            string
		Categories       []string
		Stock            *int64
		Products         []struct {
			ProductID string `json:"product_id"`
		}
	}
}

func read(t *testing.T, all []Event) (out []named, who []int) {
	for _, ev := range all {
		if ev.Fault != "" || ev.Duplicate {
			continue
		}
		var n named
		if err := json.Unmarshal(ev.Body, &n); err != nil {
			t.Fatalf("%s: %v", ev.Body, err)
		}
		out, who = append(out, n), append(who, ev.Person)
	}
	return out, who
}

func TestTheFeedTellsEachProductAsItArrives(t *testing.T) {
	s, all := play(t, from, withTastes)
	arrive := map[string]time.Time{}
	late := 0
	for _, g := range s.Goods() {
		arrive[g.ProductID] = g.ArriveAt
		if !g.ArriveAt.IsZero() {
			late++
		}
	}
	told := map[string]int{}
	events, _ := read(t, all)
	for _, e := range events {
		id := e.Properties.ProductID
		if e.Event == "Product Upserted" {
			told[id]++
			if at := arrive[id]; !at.IsZero() && e.Timestamp.Sub(at).Abs() > time.Second || e.Properties.Brand == "" || e.Properties.Stock == nil || len(e.Properties.Categories) != 1 {
				t.Fatalf("%+v, arrives at %v", e, at)
			}
		}
		for _, p := range append(e.Properties.Products, struct {
			ProductID string `json:"product_id"`
		}{id}) {
			if at := arrive[p.ProductID]; e.Timestamp.Before(at.Add(-time.Second)) {
				t.Fatalf("%s names %s before it arrives at %v", e.Timestamp, p.ProductID, at)
			}
		}
	}
	if late < 40 || len(told) != len(arrive) {
		t.Errorf("%d of %d products come late, %d are told", late, len(arrive), len(told))
	}
	for id, n := range told {
		if n != 1 {
			t.Errorf("%s is told %d times", id, n)
		}
	}
}

func TestPeopleLookAtWhatTheyLike(t *testing.T) {
	s, all := play(t, from, withTastes)
	people := map[int]Person{}
	for _, p := range s.People() {
		people[p.Person] = p
	}
	var seen, any, stale float64
	var n, drifted float64
	events, who := read(t, all)
	goods := s.Goods()[:48]
	for i, e := range events {
		p := people[who[i]]
		if e.Event != "Product Viewed" {
			continue
		}
		n++
		seen += s.Taste(who[i], e.Properties.ProductID, e.Timestamp)
		for _, g := range goods {
			any += s.Taste(who[i], g.ProductID, e.Timestamp) / 48
		}
		if !p.DriftAt.IsZero() && e.Timestamp.After(p.DriftAt.Add(time.Hour)) {
			drifted++
			stale += s.Taste(who[i], e.Properties.ProductID, p.DriftAt.Add(-time.Hour)) - s.Taste(who[i], e.Properties.ProductID, e.Timestamp)
		}
	}
	if seen/n < 3*any/n {
		t.Errorf("what people look at has a taste of %.3f, any product %.3f", seen/n, any/n)
	}
	if drifted < 500 || stale/drifted > -.1 {
		t.Errorf("of %v looks after a drift, the old taste is %.3f above the new", drifted, stale/drifted)
	}
}

func TestTheClockTurnsTheWarpBack(t *testing.T) {
	s, _ := play(t, from, withTastes)
	w := newWarp(s.from, s.to)
	for i := range 1998 { // life ends at .999
		even := s.period * float64(i) / 2000
		if got := s.clock.life(w.time(int64(even))); math.Abs(got*s.period-even) > 2000 {
			t.Fatalf("even time %.0f comes back as %.0f", even, got*s.period)
		}
	}
}

func TestWhatIsUsedUpIsBoughtAgainInItsCycle(t *testing.T) {
	s := build(t, func(c *Config) {
		withTastes(c)
		c.Customers, c.Products, c.SessionsPerDay, c.ChurnShare = 40, 4000, 1, 0
	})
	all := collect(s.History(from, from.AddDate(0, 0, 300)))
	cycle := map[string]float64{}
	for _, g := range s.Goods() {
		cycle[g.ProductID] = g.CycleDays
	}
	last := map[[2]any]time.Time{}
	bought, soon := map[bool]float64{}, map[bool]float64{} // by whether it is used up
	events, who := read(t, all)
	for i, e := range events {
		if e.Event != "Order Completed" {
			continue
		}
		for _, p := range e.Properties.Products {
			key := [2]any{who[i], p.ProductID}
			usedUp := cycle[p.ProductID] > 0
			if at, ok := last[key]; ok && e.Timestamp.Sub(at) > time.Hour {
				days := e.Timestamp.Sub(at).Hours() / 24
				if want := max(cycle[p.ProductID], 10); days > .7*want && days < 1.2*want+15 {
					soon[usedUp]++
				}
			}
			last[key] = e.Timestamp
			bought[usedUp]++
		}
	}
	if a, b := soon[true]/bought[true], soon[false]/bought[false]; a < .3 || a < 2.5*b {
		t.Errorf("%.2f of what is used up is bought again in its cycle, %.2f of the rest", a, b)
	}
}

func TestReactClicksAsTasteSays(t *testing.T) {
	s, _ := play(t, from, withTastes)
	at := from.AddDate(0, 0, 61)
	before := s.Counts()[1].Events
	want, got := 0.0, 0.0
	for person := range 400 {
		var list []string
		for _, g := range s.Goods()[:40] {
			list = append(list, g.ProductID)
			want += s.Taste(person, g.ProductID, at)
		}
		events, err := s.React(person, "rec-1", list, at)
		if err != nil {
			t.Fatal(err)
		}
		got += float64(len(events))
		clicks, _ := read(t, events)
		for _, c := range clicks {
			if c.Event != "Product Clicked" || c.Properties.RecommendationID != "rec-1" || s.Taste(person, c.Properties.ProductID, at) == 0 {
				t.Fatalf("%+v", c)
			}
		}
	}
	if math.Abs(got-want) > 4*math.Sqrt(want) {
		t.Errorf("%v clicks, want about %.0f", got, want)
	}
	if n := s.Counts()[1].Events - before; float64(n) != got {
		t.Errorf("%d clicks are counted of %v", n, got)
	}
	if _, err := s.React(400, "x", nil, at); err == nil {
		t.Error("nobody reacts")
	}
	if s.Taste(0, "P99999", at) != 0 || s.Taste(-1, "P00001", at) != 0 || s.Taste(0, "P1", at) != 0 {
		t.Error("something that is none has a taste")
	}
}

func TestTastesAreChecked(t *testing.T) {
	for what, edit := range map[string]func(*Config){
		"styles":        func(c *Config) { c.Tastes.Styles = 1 },
		"drift_share":   func(c *Config) { c.Tastes.DriftShare = 2 },
		"arrive_share":  func(c *Config) { c.Tastes.ArriveShare = math.NaN() },
		"used_up_share": func(c *Config) { c.Tastes.UsedUpShare = -1 },
	} {
		c := Default()
		edit(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "simulator.tastes."+what+":") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
