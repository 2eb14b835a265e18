package rulefile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever file has the name that is there twice, both files are named; and each file's own faults stay its own.
func TestNamesOfTwoFilesDoNotCollide(t *testing.T) {
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	feature := func(name string) string {
		return write("own-features.yaml", "features:\n  - {name: "+name+", description: x, level: basic, from: events, aggregate: count}\n")
	}
	target := func(name string) string {
		return write("own-forecasts.yaml", "targets:\n  - {name: "+name+", description: x, counts: orders_lifetime, outcome: any, within: 7d, among: orders_lifetime > 1}\n")
	}
	for what, c := range map[string]struct {
		features, forecasts string
		want                []string
	}{
		"shipped":                       {},
		"own names":                     {features: feature("mine"), forecasts: target("buys_soon")},
		"a feature called as a score":   {features: feature("churn_risk_60d"), want: []string{"the shipped forecasts beside the features of ", "own-features.yaml", `"churn_risk_60d"`}},
		"a feature called as a warning": {features: feature("warning_order_overdue"), want: []string{"own-features.yaml", `"warning_order_overdue"`}},
		"a feature called the hold-out": {features: feature("churn_holdout"), want: []string{"own-features.yaml", `"churn_holdout" is a feature or a tag, and a score`}},
		"a score called as a feature":   {forecasts: target("spend_30d"), want: []string{"the forecasts of ", "own-forecasts.yaml beside the shipped features", `"spend_30d"`}},
		"both of their own":             {features: feature("mine"), forecasts: target("mine"), want: []string{"own-forecasts.yaml beside the features of ", "own-features.yaml", `"mine"`}},
		"a score that reads as a time":  {forecasts: target("days_since_last_order"), want: []string{"own-forecasts.yaml", `"days_since_last_order" begins like the time since a moment`}},
		"no features file":              {features: "none.yaml", want: []string{"read the features"}},
		"no forecasts file":             {forecasts: "none.yaml", want: []string{"read the forecasts"}},
	} {
		n, err := LoadNames(c.features, c.forecasts)
		if len(c.want) == 0 {
			if err != nil || n.Schema == nil {
				t.Errorf("%s: %v", what, err)
				continue
			}
			for _, when := range []string{`churn_risk_90d > 0.7 && spend_365d > 500`, `churn_risk_90d_band == "high"`, `warning_frequency_halved`, `days_since_warning_frequency_halved < 7`, `!churn_holdout`} {
				if _, err := Parse([]byte("segments: [{name: x, when: '"+when+"'}]"), n.Schema); err != nil {
					t.Errorf("%s: %s: %v", what, when, err)
				}
			}
			continue
		}
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", what, err, want)
			}
		}
	}
}
