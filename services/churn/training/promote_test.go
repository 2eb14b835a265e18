package training

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/pkg/trainer"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	"github.com/freshet/freshet/services/churn/dataset"
)

var dates = func() []time.Time {
	var out []time.Time
	for i := range 5 {
		out = append(out, time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, 30*i))
	}
	return out
}()

// judged is an attempt that read a table and judged a model of it.
func judged(t *testing.T, set *dataset.Set) *attempt {
	t.Helper()
	s, _, _ := configured(t, nil)
	a := &attempt{Service: s, workspace: "shop", target: &s.deps.Forecasts.Targets[0], set: set, outlook: &dataset.Outlook{}, tell: func(string, int, int) {}}
	a.split = splitOff("shop", set)
	if err := a.judge(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

// in is the same for another service.
func (a *attempt) in(s *Service) *attempt {
	b := *a
	b.Service = s
	return &b
}

// trained makes a version of it.
func trained(t *testing.T, a *attempt) *modelv1.Version {
	t.Helper()
	v, err := a.keep(t.Context(), trainer.AsFirst)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func configured(t *testing.T, edit func(*Config)) (*Service, *shelf, *learner) {
	t.Helper()
	d, kept, l := deps(t, &oneShop{now: time.Now})
	cfg := quick()
	if edit != nil {
		edit(&cfg)
	}
	s, err := New(cfg, d)
	if err != nil {
		t.Fatal(err)
	}
	return s, kept, l
}

func TestPromotion(t *testing.T) {
	good, noise, wrong, few := judged(t, table(400, dates, 2, false)), judged(t, table(400, dates, 0, false)), judged(t, table(400, dates, -2, false)), judged(t, table(250, dates, 2, false))
	noise.judgement.Warnings = nil // a model of noise that is not the base rate itself
	for what, c := range map[string]struct {
		edit            func(*Config)
		champion, new   *attempt
		old             bool
		promoted, there bool
		why             string
	}{
		"the first model is better than the base rate":         {new: good, promoted: true, why: "is better than that of giving everybody the base rate"},
		"the first model is no better than the base rate":      {new: noise, why: "kept as a version"},
		"a model like the champion":                            {champion: good, new: good, there: true, why: "not better than the champion"},
		"a model that is better than the champion":             {champion: wrong, new: good, promoted: true, there: true, why: "better than the champion"},
		"a model like a champion that is old":                  {champion: good, new: good, old: true, promoted: true, there: true, why: "older than"},
		"people promote":                                       {edit: func(c *Config) { c.KeepChampion = true }, new: good, why: "promotions are left to people"},
		"too few customers that neither learnt from":           {champion: good, new: few, there: true, why: "are needed"},
		"too few of them, and the champion is old":             {champion: good, new: few, old: true, promoted: true, there: true, why: "cannot be compared"},
		"a model no better than the base rate, and a champion": {champion: wrong, new: noise, there: true, why: "not better than that of giving everybody the base rate"},
	} {
		t.Run(what, func(t *testing.T) {
			s, kept, _ := configured(t, c.edit)
			before := ""
			if c.champion != nil {
				v := trained(t, c.champion.in(s))
				before = v.GetId()
				if _, err := kept.Promote(t.Context(), "shop", "gone_30d", before, "a test"); err != nil {
					t.Fatal(err)
				}
				if c.old {
					kept.versions[key{"shop", "gone_30d"}][0].MadeMs -= (31 * 24 * time.Hour).Milliseconds()
				}
			}
			a := c.new.in(s)
			v := trained(t, a)
			made, err := a.decide(t.Context(), v)
			promoted, why := made.Promoted, made.Why
			if err != nil || promoted != c.promoted || !strings.Contains(why, c.why) {
				t.Errorf("promoted %v, %q, %v; want %v, %q", promoted, why, err, c.promoted, c.why)
			}
			want := before
			if c.promoted {
				want = v.GetId()
			}
			state := kept.State("shop", "gone_30d")
			if state.GetChampion() != want {
				t.Errorf("%s serves, want %q", state.GetChampion(), want)
			}
			if shadow := slices.Contains(state.GetChallengers(), v.GetId()); shadow != (c.there && !c.promoted || c.edit != nil) {
				t.Errorf("in the shadow: %v", state)
			}
		})
	}
}

// A column that knows the answer: the judgement warns, and the model does not serve.
func TestALeakIsNotPromoted(t *testing.T) {
	s, kept, _ := configured(t, nil)
	a := judged(t, table(400, dates, 1, true)).in(s)
	v := trained(t, a)
	made, err := a.decide(t.Context(), v)
	promoted, why := made.Promoted, made.Why
	if err != nil || promoted || !strings.Contains(v.GetUnfit(), "column x1 alone has an AUC of 1.000") || !strings.Contains(why, "unfit") || kept.State("shop", "gone_30d") != nil {
		t.Errorf("promoted %v, %q, %v, %v", promoted, why, err, v.GetUnfit())
	}
}

func TestAConstantIsNotPromoted(t *testing.T) {
	a := judged(t, table(400, dates, 2, false))
	if a.unfit() != "" {
		t.Fatal(a.unfit())
	}
	for i := range a.said {
		a.said[i] = .25
	}
	if a.unfit() != "it says the same of everybody" {
		t.Errorf("%q", a.unfit())
	}
}

// The jury is never learnt from, and is the same for every table.
func TestTheJury(t *testing.T) {
	set := table(2000, dates, 1, false)
	s := splitOff("shop", set)
	if n := len(s.jury.Y); n < 240 || n > 360 || len(s.stakes) != n || s.customers != 2000-n {
		t.Errorf("%d of 2000 are of the jury, %d learnt from", n, s.customers)
	}
	if !s.jury.Times[0].Equal(dates[4]) || len(s.learn.Y) != 5*s.customers {
		t.Errorf("%v, %d rows to learn from", s.jury.Times[0], len(s.learn.Y))
	}
	for i, id := range set.Customers {
		if ofJury("shop", id) != ofJury("shop", set.Customers[i%2000]) {
			t.Error("somebody is of the jury at one date and not at another")
		}
	}
}

// The share that is judged leaves dates to learn from and to choose by.
func TestJudgedShare(t *testing.T) {
	at := func(n int) (out []time.Time) {
		for i := range n {
			for range 100 {
				out = append(out, dates[0].AddDate(0, 0, 30*i))
			}
		}
		return out
	}
	day := 24 * time.Hour
	for what, c := range map[string]struct {
		dates   int
		horizon time.Duration
		want    float64 // dates judged
	}{
		"three dates, one horizon apart":              {3, 30 * day, 1},
		"twelve dates":                                {12, 30 * day, 2},
		"twelve dates of which eleven are two apart":  {12, 165 * day, 1},
		"twelve dates of which ten are two apart":     {12, 150 * day, 2},
		"more dates than a fifth":                     {20, 30 * day, 4},
		"a fifth is two dates, of which one fits two": {8, 105 * day, 1},
	} {
		times := at(c.dates)
		if got := judgedShare(times, c.horizon, .2) * float64(c.dates); got < c.want-.01 || got > c.want+.01 {
			t.Errorf("%s: %v dates are judged, want %v", what, got, c.want)
		}
	}
}

func TestBands(t *testing.T) {
	target := &forecast.Target{Outcome: forecast.None, Bands: &forecast.Bands{High: forecast.Act{Cost: 5, Saves: .3}, Medium: forecast.Act{CostShare: .01, Saves: .1}}}
	s := splitOff("shop", table(2000, dates, 1, false)) // who stays spends 100
	b := bandsOf(target, s, []float64{.05, .12, .2, .9})
	if b.GetHigh() < .166 || b.GetHigh() > .167 || b.GetMedium() < .0999 || b.GetMedium() > .1001 || !strings.Contains(b.GetBecause(), "50 % are high, 25 % medium") || !strings.Contains(b.GetBecause(), "worth 100.00") {
		t.Errorf("%v", b)
	}
	for i := range s.stakes {
		s.stakes[i] = 0
	}
	if b := bandsOf(target, s, nil); b.GetHigh() != never || !strings.Contains(b.GetBecause(), "never pays") {
		t.Errorf("nothing is at stake: %v", b)
	}
	if bandsOf(&forecast.Target{}, s, nil) != nil {
		t.Error("a target without bands has some")
	}
}
