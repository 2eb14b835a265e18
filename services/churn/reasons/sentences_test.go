package reasons

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/churn/row"
)

// drawn is a list of contributions of any columns, known and unknown.
func drawn(t *rapid.T, columns []row.Column) []Contribution {
	var list []Contribution
	for _, c := range rapid.SliceOfNDistinct(rapid.SampledFrom(columns), 0, 60, func(c row.Column) string { return c.Name }).Draw(t, "columns") {
		list = append(list, Contribution{
			Column:  c.Name,
			Number:  rapid.SampledFrom([]float64{0, 1, 2, 74, math.NaN()}).Draw(t, "number"),
			Text:    rapid.SampledFrom([]string{"", "email", "Shoes"}).Draw(t, "text"),
			Missing: rapid.Bool().Draw(t, "missing"),
			Phi:     rapid.Float64Range(-3, 3).Draw(t, "phi"),
		})
	}
	return list
}

// Whatever the contributions, the reasons and the rest come to their sum; no column is told twice; no two reasons say the same; the strongest come first, by
// direction; and there are no more than asked for.
func TestReasonsAddUp(t *testing.T) {
	b := book(t, ownYAML, "")
	columns := append(row.New(b.catalog).Columns(), row.Column{Name: "gone_feature"}, row.Column{Name: "salary"}, row.Column{Name: "age"})
	rapid.Check(t, func(t *rapid.T) {
		list := drawn(t, columns)
		most := rapid.IntRange(-1, 12).Draw(t, "most")
		l := rapid.SampledFrom(languages).Draw(t, "language")
		a := b.Sentences(l, leaves, list, most)
		want, weight := 0.0, 0.0
		for _, x := range list {
			want += x.Phi
			weight += math.Abs(x.Phi)
		}
		got, facts, told := a.Rest, map[string]bool{}, map[string]bool{}
		for _, s := range a.All() {
			got += s.Phi
			if facts[s.Fact] {
				t.Fatalf("%q is told twice", s.Fact)
			}
			facts[s.Fact] = true
			for _, f := range s.Features {
				if told[f] {
					t.Fatalf("%s is told twice", f)
				}
				told[f] = true
			}
		}
		if math.Abs(got-want) > 1e-9*(1+weight) {
			t.Fatalf("the reasons and the rest come to %g, the contributions to %g", got, want)
		}
		if most > 0 && len(a.All()) > most {
			t.Fatalf("%d reasons, at most %d were asked for", len(a.All()), most)
		}
		for sign, list := range map[float64][]Sentence{1: a.Raises, -1: a.Lowers} {
			for i, s := range list {
				if s.Phi*sign <= 0 || i > 0 && math.Abs(s.Phi) > math.Abs(list[i-1].Phi) {
					t.Fatalf("%v are not those of direction %g, the strongest first", list, sign)
				}
			}
		}
		if again := b.Sentences(l, leaves, list, most); fmt.Sprint(again) != fmt.Sprint(a) {
			t.Fatal("a second time it is told otherwise")
		}
	})
}

// Windows of one definition, and what says the same, are one reason; it is told by the window that weighs most in the direction of the sum.
func TestOneReasonAFeature(t *testing.T) {
	b := book(t, "", "")
	a := b.Sentences(English, leaves, []Contribution{
		{Column: "orders_30d", Number: 0, Phi: 0.1},
		{Column: "orders_90d", Number: 0, Phi: 0.9},
		{Column: "orders_365d", Number: 5, Phi: -0.3},
		{Column: "average_basket_90d", Number: 0, Phi: 0.2}, // the same words: no orders in 90 days
		{Column: "last_order", Number: 95.5, Phi: 0.5},
		{Column: "slipping_away", Number: 1, Phi: 0.2}, // with last_order
		{Column: "sessions_30d", Number: 4, Phi: -0.3},
		{Column: "messages_opened_30d", Number: 0, Phi: 0.05}, // against the sum
		{Column: "messages_opened_90d", Number: 6, Phi: -0.15},
		{Column: "reachable", Number: 1, Phi: -0.02},
		{Column: "orders_lifetime", Number: 9}, // not looked at
	}, 0)
	var got []string
	for _, s := range a.All() {
		got = append(got, fmt.Sprintf("%s %s %.2f", s.Text, strings.Join(s.Features, ","), s.Phi))
	}
	want := []string{
		"No orders have been placed in the last 90 days: this strongly raises the risk. orders_90d,orders_365d,average_basket_90d,orders_30d 0.90",
		"The last order was 95 days ago: this strongly raises the risk. last_order,slipping_away 0.70",
		"There have been 4 visits in the last 30 days: this somewhat lowers the risk. sessions_30d -0.30",
		"6 messages have been opened in the last 90 days: this somewhat lowers the risk. messages_opened_90d,messages_opened_30d,reachable -0.12",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What is personal or sensitive, what is made of it, and tags that look at it are in the rest, in every language.
func TestNothingPersonalIsTold(t *testing.T) {
	b := book(t, ownYAML, "")
	for _, name := range []string{"age", "age_band", "gender", "traits", "young_adult", "diagnosis", "salary", "moved", "wealth_lifetime", "rich", "just_moved"} {
		for _, l := range languages {
			a := b.Sentences(l, leaves, []Contribution{{Column: name, Number: 42, Text: "flu", Phi: 2}, {Column: "orders_90d", Phi: 1}}, 0)
			if len(a.Raises) != 1 || a.Rest != 2 || a.Raises[0].Features[0] != "orders_90d" || math.Abs(a.Raises[0].Share-1.0/3) > 1e-9 {
				t.Errorf("%s: %+v", name, a)
			}
		}
	}
}

// The text of a customer's value is told as one short line.
func TestTextsAreTold(t *testing.T) {
	b := book(t, "", "")
	for text, want := range map[string]string{
		"red\n\u0000shoes":       "The last search was for “red shoes”",
		strings.Repeat("鞋", 300): "The last search was for “" + strings.Repeat("鞋", 60) + "…”",
	} {
		if got := b.fact(English, b.columns["last_search"], Contribution{Text: text}); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestDegreesAndEffects(t *testing.T) {
	b := book(t, "", "")
	var out strings.Builder
	cancels := Target{Name: "cancels", Counts: "tickets_30d", Outcome: "any", Days: 30}
	visits := Target{Name: "visits", Counts: "events_lifetime", Outcome: "sum", Days: 30}
	for _, target := range []Target{leaves, buys, spends, cancels, visits} {
		for _, l := range languages {
			a := b.Sentences(l, target, []Contribution{
				{Column: "last_order", Number: 74, Phi: 1}, {Column: "sessions_30d", Number: 3, Phi: -0.5}, {Column: "messages_opened_90d", Phi: 0.1},
				{Column: "city", Text: "Oslo", Phi: -0.02}, {Column: "country", Text: "NO", Phi: 0.001},
			}, 0)
			for _, s := range a.All() {
				fmt.Fprintf(&out, "%s: %s %.3f\n", target.Name, s.Text, s.Share)
			}
		}
	}
	golden(t, "effects.txt", out.String())
}

func TestLanguages(t *testing.T) {
	for tag, want := range map[string]Language{"": English, "en": English, "en-GB": English, "zh": Chinese, "zh-CN": Chinese, "zh_Hans_CN": Chinese} {
		if got, err := ParseLanguage(tag); err != nil || got != want {
			t.Errorf("%q: %v %v", tag, got, err)
		}
	}
	for _, tag := range []string{"fr", "zhx", "english"} {
		if _, err := ParseLanguage(tag); err == nil {
			t.Errorf("%q has sentences", tag)
		}
	}
	if _, err := New(catalogue(t, ""), "EURO"); err == nil {
		t.Error("EURO is a currency")
	}
}

func BenchmarkSentences(b *testing.B) {
	book := book(b, "", "")
	var list []Contribution
	for i, c := range row.New(book.catalog).Columns() {
		list = append(list, Contribution{Column: c.Name, Number: float64(i % 90), Text: "email", Phi: math.Sin(float64(i))})
	}
	for b.Loop() {
		book.Sentences(Chinese, leaves, list, 6)
	}
}
