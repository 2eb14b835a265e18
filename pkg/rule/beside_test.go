package rule

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/catalog"
)

// A name has one meaning: what is a feature and a score is refused, and so is a score that reads as the time since a moment.
func TestANameOfTwoSourcesIsRefused(t *testing.T) {
	features := catalog.NewLayout([]catalog.Field{{Name: "spend", Kind: catalog.KindDecimal}, {Name: "last_order", Kind: catalog.KindMoment}, {Name: "vip", Kind: catalog.KindTag}})
	for name, want := range map[string]string{
		"churn_risk":            "",
		"spend":                 `"spend" is a feature or a tag, and a score`,
		"vip":                   `"vip" is a feature or a tag, and a score`,
		"days_since_last_order": `score "days_since_last_order" reads as the time since "last_order"`,
		"hours_since_x":         `reads as the time since "x"`,
	} {
		_, err := Beside(features, catalog.NewLayout([]catalog.Field{{Name: "other", Kind: catalog.KindDecimal}, {Name: name, Kind: catalog.KindDecimal}}))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// Names of features keep their meaning, and their version, whatever scores stand beside them.
func TestScoresBesideLeaveFeaturesAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fs := features(t)
		plain, _ := numbers()
		plain = slices.DeleteFunc(plain, func(name string) bool { _, score := shop.second.Position(name); return score })
		when := rapid.SampledFrom(plain).Draw(t, "name") + " >= 2 && plan == \"a\" || days_since_last_order > 2"
		both, alone := NewSet(shop), NewSet(SchemaOf(shop.first.Layout, true))
		if faults := append(both.Add(Rule{When: when}), alone.Add(Rule{When: when})...); len(faults) > 0 {
			t.Fatalf("%s: %v", when, faults)
		}
		p := fs.pair()
		if both.Rules[0].Version != alone.Rules[0].Version {
			t.Fatalf("%s: versions %d and %d", when, both.Rules[0].Version, alone.Rules[0].Version)
		}
		if got, want := both.Look(p, nil).Match(now)[0], alone.Look(p.Features, nil).Match(now)[0]; got != want {
			t.Fatalf("%s: %v beside scores, %v alone", when, got, want)
		}
	})
}

// Of a score that is absent, because nothing was scored yet or by another forecasts file, every comparison is false.
func TestOfAbsentScoresEveryComparisonIsFalse(t *testing.T) {
	p := shop.Facts(customer().(*Pair).Features, catalog.Vector{})
	for _, when := range []string{
		"churn_risk_90d > 0", "churn_risk_90d <= 0", "churn_risk_90d < 0.5", "churn_risk_90d == 0", "churn_risk_90d != 1", `churn_risk_90d_band == ""`, `churn_risk_90d_band != "high"`,
		"warning_frequency_halved", "churn_holdout", "days_since_warning_frequency_halved >= 0", "days_since_warning_frequency_halved < 7", "has(churn_risk_90d)", "has(churn_risk_90d_band)",
	} {
		s := one(t, when)
		if s.Look(&p, nil).Match(now)[0] {
			t.Errorf("%s: true of a customer without scores", when)
		}
		if at, ok := s.Look(&p, nil).NextFlip(0, now); ok {
			t.Errorf("%s: flips at %d", when, at)
		}
		if !one(t, "!("+when+") && spend_30d > 1").Look(&p, nil).Match(now)[0] {
			t.Errorf("!(%s): false", when)
		}
	}
}
