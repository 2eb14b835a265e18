package forecast

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/catalog"
)

func shippedCatalogue(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load("")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestShipped(t *testing.T) {
	s, err := Load("", shippedCatalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range s.Layout().Fields {
		names = append(names, f.Name)
	}
	want := "churn_risk_60d churn_risk_60d_band churn_risk_90d churn_risk_90d_band repurchase_30d spend_next_90d spend_next_365d " +
		"warning_frequency_halved warning_order_overdue warning_complaint_without_order warning_engagement_falling churn_holdout"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("rules see %s", got)
	}
	if len(s.Among().Rules) != len(s.Targets) {
		t.Errorf("%d conditions for %d targets", len(s.Among().Rules), len(s.Targets))
	}
}

// A workspace's own entry replaces the shipped one in its place; others follow; what it removes is gone.
func TestOwnLiesOverShipped(t *testing.T) {
	own := `targets:
  - {name: repurchase_30d, description: Soon., counts: orders_lifetime, outcome: any, within: 14d, among: orders_lifetime >= 2}
  - {name: own, description: By rhythm., counts: orders_lifetime, outcome: none, among: orders_lifetime >= 2, rhythm: {times: 3, of: purchase_cycle, least: 30d, most: 180d}}
remove: [churn_risk_60d, engagement_falling]
holdout: {percent: 10}
`
	s, err := Parse(Shipped(), []byte(own), shippedCatalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range s.Targets {
		names = append(names, s.Targets[i].Name)
	}
	if got := strings.Join(names, " "); got != "churn_risk_90d repurchase_30d spend_next_90d spend_next_365d own" || len(s.Warnings) != 3 || s.HoldoutPercent != 10 {
		t.Errorf("%s, %d warnings, %g %%", got, len(s.Warnings), s.HoldoutPercent)
	}
	if i, ok := s.Target("repurchase_30d"); !ok || s.Targets[i].Within != 14*24*time.Hour {
		t.Errorf("%+v", s.Targets[i])
	}
	own30 := s.Targets[4]
	for cycle, want := range map[int]int{0: 30, 5: 30, 20: 60, 100: 180} {
		if got := own30.Horizon(int64(cycle) * 24 * 3600 * 1000); got != time.Duration(want)*24*time.Hour {
			t.Errorf("a rhythm of %d days has a horizon of %s", cycle, got)
		}
	}
}

func TestFaultsAreToldAtOnce(t *testing.T) {
	own := `targets:
  - {name: Bad Name, description: x, counts: orders_30d, outcome: maybe, among: orders_lifetime >}
  - {name: spend_30d, description: "", counts: nothing, outcome: sum, within: 30d, rhythm: {times: 0, of: orders_lifetime, least: 9d, most: 3d}, among: gone > 1, bands: {high: {saves: 2}, medium: {cost: 1, cost_share: 1, saves: 0.5}}}
  - {name: churn_risk_60d_band, description: x, counts: orders_lifetime, outcome: none, within: 60d, among: orders_lifetime > 0}
  - {name: in, description: x, counts: orders_lifetime, outcome: none, within: 60d, among: orders_lifetime > 0}
  - {name: days_since_x, description: x, counts: orders_lifetime, outcome: none, within: 60d, among: orders_lifetime > 0}
  - {name: churn_holdout, description: x, counts: orders_lifetime, outcome: none, within: 60d, among: orders_lifetime > 0}
warnings:
  - {name: a, description: x, kind: fell, recent: orders_90d, past: orders_30d, to: 2}
  - {name: b, description: x, kind: overdue, since: orders_30d, cycle: last_order}
  - {name: c, description: x, kind: unanswered, moment: last_order, answer: gone}
  - {name: d, description: x, kind: guess}
remove: [nobody]
holdout: {percent: 90}
`
	_, err := Parse(Shipped(), []byte(own), shippedCatalogue(t))
	for _, want := range []string{
		`"Bad Name": name: "Bad Name" is no lower snake case`, `"Bad Name": counts: "orders_30d" is of a window`, `"Bad Name": outcome: "maybe"`, `"Bad Name": give either within or rhythm`,
		`"Bad Name": among:`, `"spend_30d": name: "spend_30d" is a feature`, `"spend_30d": description`, `"spend_30d": counts: "nothing" is no feature`, `"spend_30d": rhythm.of: "orders_lifetime" is a count; a duration`,
		`"spend_30d": bands.high.saves: 2`, `"spend_30d": bands.medium: give either`, `"spend_30d": bands: an amount has none`, `"spend_30d": among:`, `name: rules would not know "churn_risk_60d_band" from that of targets[0]`,
		`"in": name: "in" is a word of the rules' language`, `"days_since_x": name: "days_since_x" begins like`, `"churn_holdout": name: "churn_holdout" is the hold-out`,
		`"a": past: "orders_30d" must be`, `"a": to must`, `"b": since: "orders_30d" is a count; a moment`, `"b": times: 0`, `"c": answer: "gone"`, `"c": within`, `"d": kind: "guess"`, `remove[0]: no shipped`, `holdout: percent: 90`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("not told: %s", want)
		}
	}
	for text, want := range map[string]string{
		"targets:\n  - {name: a, hoirzon: 3d}":  `unknown key "hoirzon"`,
		"targets:\n  - {name: a, within: soon}": `line 2: "soon" is no number of days`,
	} {
		if _, err := Parse(nil, []byte(text), shippedCatalogue(t)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestLabels(t *testing.T) {
	for what, c := range map[string]struct {
		outcome             Outcome
		before, after, want float64
	}{
		"no order: left":                  {None, 2, 2, 1},
		"an order: stayed":                {None, 2, 3, 0},
		"one was taken back: left":        {None, 2, 1, 1},
		"an order: bought again":          {Any, 2, 3, 1},
		"none: did not":                   {Any, 2, 2, 0},
		"spent":                           {Sum, 10.5, 30, 19.5},
		"more was taken back than bought": {Sum, 30, 10, 0},
	} {
		if got := (&Target{Outcome: c.outcome}).Label(c.before, c.after); got != c.want {
			t.Errorf("%s: %g", what, got)
		}
	}
}

// A band begins where the act that it calls for pays: there what it keeps is what it costs.
func TestBandsFollowCosts(t *testing.T) {
	voucher := Act{Cost: 5, Saves: .1}
	if p := voucher.From(80); math.Abs(p*.1*80-5) > 1e-12 || !strings.Contains(voucher.Because(80), fmt.Sprintf("%.3f", p)) {
		t.Errorf("pays from %g", p)
	}
	if p := (Act{CostShare: .05, Saves: .1}).From(80); p != .5 {
		t.Errorf("pays from %g", p)
	}
	for score, want := range map[float64]string{.7: "high", .5: "high", .3: "medium", .25: "medium", .1: "low"} {
		if got := Band(score, .5, .25); got != want {
			t.Errorf("%g is %s", score, got)
		}
	}
}

// As many are held out as was asked for, the same ones each time, another lot in another workspace.
func TestHoldout(t *testing.T) {
	s := &Set{HoldoutPercent: 5}
	held, both := 0, 0
	for i := range 100_000 {
		id := fmt.Sprintf("%032x", i)
		a, b := s.Held("default", id), s.Held("other", id)
		if a != s.Held("default", id) {
			t.Fatal("drawn twice")
		}
		if a {
			held++
		}
		if a && b {
			both++
		}
	}
	if held < 4700 || held > 5300 || both > 350 {
		t.Errorf("%d of 100,000 are held out, %d of them in both workspaces", held, both)
	}
	if (&Set{}).Held("default", "x") {
		t.Error("somebody is held out of none")
	}
}
