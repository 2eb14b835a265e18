package reasons

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/services/churn/warning"
)

// Every headline in both languages: with a name and without, near certainty, with a rhythm of one's own, of what has no words.
func TestHeadlines(t *testing.T) {
	var out strings.Builder
	for _, currency := range []string{"", "EUR", "CNY", "JPY", "CHF"} {
		b := book(t, ownYAML, currency)
		list := []Target{spends}
		if currency == "" {
			list = nil
			for _, outcome := range []string{"none", "any", "sum"} {
				for _, counts := range []string{"orders_lifetime", "spend_lifetime", "events_lifetime", "invites_accepted_lifetime", "shoes_lifetime"} {
					list = append(list, Target{Name: outcome, Counts: counts, Outcome: outcome, Days: 60})
				}
			}
			list = append(list, Target{Name: "one day", Counts: "orders_lifetime", Outcome: "any", Days: 1}, Target{Name: "rhythm", Counts: "orders_lifetime", Outcome: "none"})
		}
		for _, target := range list {
			for _, score := range []float64{0.004, 0.01, 0.743, 0.996, 74.256, 1234.5} {
				if target.Outcome != "sum" && score > 1 {
					continue
				}
				for _, l := range languages {
					for _, who := range []string{"", "Anna", "王芳"} {
						if who == "" || score == 0.743 {
							fmt.Fprintf(&out, "%s %s %g: %s\n", target.Name, currency, score, b.Headline(l, target, who, score))
						}
					}
				}
			}
		}
	}
	golden(t, "headlines.txt", out.String())
}

// A horizon that follows the customer's rhythm is told as it is for them.
func TestTargetOf(t *testing.T) {
	fixed := &forecast.Target{Name: "a", Counts: "orders_lifetime", Outcome: forecast.None, Within: 60 * day}
	own := &forecast.Target{Name: "b", Counts: "orders_lifetime", Outcome: forecast.None, Rhythm: &forecast.Rhythm{Times: 3, Least: 30 * day, Most: 180 * day}}
	if got := TargetOf(fixed, 0); got != (Target{"a", "orders_lifetime", "none", 60}) {
		t.Error(got)
	}
	if got := TargetOf(own, (20 * 24 * time.Hour).Milliseconds()); got.Days != 60 {
		t.Error(got)
	}
}

// look finds every shipped warning of a customer for whom all hold.
func look(t *testing.T, b *Book, shipped *forecast.Set) []warning.Found {
	t.Helper()
	s, err := warning.New(shipped.Warnings, b.catalog)
	if err != nil {
		t.Fatal(err)
	}
	const now = 1_800_000_000_000
	ago := func(days float64) int64 { return now - int64(days*float64(day.Milliseconds())) }
	l := b.catalog.Layout()
	values := make([]catalog.Value, len(l.Fields))
	for name, x := range map[string]int64{
		"orders_90d": 1, "orders_365d": 11, "last_order": ago(94.3), "purchase_cycle": (30 * day).Milliseconds(), "since_complaint": ago(12.2), "sessions_90d": 9,
	} {
		i, _ := l.Position(name)
		values[i] = catalog.Value{Present: true, Int: x}
	}
	return s.Look(catalog.NewVector(l, l.Encode(nil, values)), now)
}

// What each kind of warning says by its evidence; what is personal is left out, and nothing is made up where evidence is missing.
func TestWarnings(t *testing.T) {
	b := book(t, ownYAML, "EUR")
	shipped, err := forecast.Load("", b.catalog)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	tell := func(w *forecast.Warning, evidence ...warning.Evidence) {
		for _, l := range languages {
			fmt.Fprintf(&out, "%s: %s\n", w.Name, b.Warning(l, w, evidence))
		}
	}
	found := look(t, b, shipped)
	if len(found) != len(shipped.Warnings) {
		t.Fatalf("%+v", found)
	}
	for i := range shipped.Warnings {
		tell(&shipped.Warnings[i], found[i].Evidence...)
	}
	spending := &forecast.Warning{Name: "spending_down", Description: "Spends much less than before.", Kind: forecast.Fell}
	tell(spending, warning.Evidence{Feature: "spend_90d", Value: 10, Against: 450.5}, warning.Evidence{Feature: "spend_365d", Value: 2000, Against: 0})
	tell(spending)
	tell(&forecast.Warning{Name: "pay", Description: "Earns less.", Kind: forecast.Fell}, warning.Evidence{Feature: "salary", Value: 10, Against: 450.5})
	tell(&forecast.Warning{Name: "no_call", Description: "Was called, and has not been here since.", Kind: forecast.Unanswered}, warning.Evidence{Feature: "last_call", Value: 3, Against: 9}, warning.Evidence{Feature: "last_seen", Value: 9, Against: 0})
	golden(t, "warnings.txt", out.String())
}
