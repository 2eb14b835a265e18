package reasons

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/services/churn/row"
)

// personal are the shipped definitions and tags that are never told: they need a name and no sentence.
var personal = []string{"traits", "age", "age_band", "gender"}

// Every definition and tag of the shipped catalogue has its words in both languages, in a form that its kind of value can fill; and there are no words of
// what is not there.
func TestEveryDefinitionHasItsWords(t *testing.T) {
	w, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	c := catalogue(t, "")
	lists := map[string]bool{}
	kinds := map[string]*catalog.Feature{}
	for i := range c.Features {
		f := &c.Features[i]
		kinds[f.Definition.Name], lists[f.Definition.Name] = f, f.Kind == catalog.KindList
	}
	for _, d := range c.Definitions {
		x := w.Features[d.Name]
		if x == nil {
			t.Errorf("%s has no words", d.Name)
			continue
		}
		silent := lists[d.Name] || slices.Contains(personal, d.Name)
		for _, l := range languages {
			for _, fault := range faults(l, x.in(l), kinds[d.Name], silent) {
				t.Errorf("%s, language %d: %s", d.Name, l, fault)
			}
		}
		if x.With != "" && (w.Features[x.With] == nil || w.Features[x.With].With != "") {
			t.Errorf("%s: with %s, which is no head of a reason", d.Name, x.With)
		}
	}
	for _, tag := range c.Tags {
		x := w.Tags[tag.Name]
		if x == nil {
			t.Errorf("tag %s has no words", tag.Name)
			continue
		}
		if x.EN.Yes == "" || x.EN.No == "" || x.ZH.Yes == "" || x.ZH.No == "" || x.EN.Yes == x.EN.No || x.ZH.Yes == x.ZH.No {
			t.Errorf("tag %s: both answers in both languages are needed", tag.Name)
		}
		if x.With != "" && (w.Features[x.With] == nil || w.Features[x.With].With != "") {
			t.Errorf("tag %s: with %s, which is no head of a reason", tag.Name, x.With)
		}
	}
	for name := range w.Features {
		if kinds[name] == nil {
			t.Errorf("words of %s, which is no definition", name)
		}
	}
	for name := range w.Tags {
		if c.Tag(name) == nil {
			t.Errorf("words of %s, which is no tag", name)
		}
	}
}

var key = regexp.MustCompile(`\{(\w+)\}`)

// faults says what is wrong with the words of a definition.
func faults(l Language, s *said, f *catalog.Feature, silent bool) (out []string) {
	fault := func(wrong bool, text string) {
		if wrong {
			out = append(out, text)
		}
	}
	fault(s.Name == "", "no name")
	fault(silent != (s.Say == ""), "say is needed, unless it is a list or personal")
	if s.Say == "" {
		return out
	}
	var values []string
	for _, m := range key.FindAllStringSubmatch(s.Say, -1) {
		if m[1] != "window" && m[1] != "has" {
			values = append(values, m[1])
		}
	}
	want := map[string]string{"text": "text", "ago": "ago", "span": "span", "money": "money", "share": "share", "number": "n"}[keyOf(f)]
	if f.Aggregate == "since_first" || f.Aggregate == "since_last" {
		want = "ago"
	}
	fault(len(values) != 1 || values[0] != want && !(want == "n" && values[0] == "number"), "say has "+strings.Join(values, ", ")+", want "+want)
	when := strings.Contains(s.Say, "{window}")
	fault(!when && f.Window.Length != 0 || when && len(f.Windows) == 0, "{window} belongs to windows, and to nothing else")
	counts := slices.Contains(values, "n")
	if l == English {
		fault(counts != (s.One != "") || counts != (s.Other != ""), "one and other belong to {n}")
		fault(counts && !plural(s.One, s.Other), "the plural of "+s.One+" is not "+s.Other)
		fault(regexp.MustCompile(`^\{n\} (was|were|is|are|has|have)\b`).MatchString(s.Say), "the verb of {n} is {has}")
	} else {
		fault(s.One+s.Other+s.Once != "" || strings.Contains(s.Say, "{has}"), "Chinese has no plural")
		fault(counts && s.Zero == "", "zero is needed: Chinese does not count to 0")
		fault(strings.IndexFunc(strings.ReplaceAll(key.ReplaceAllString(s.Name+s.Say+s.Zero+s.Full+s.Missing+s.Ever, ""), "UTC", ""), isLatin) >= 0, "Latin letters")
	}
	fault(s.Full != "" && want != "share", "full is of shares")
	for _, text := range []string{s.Zero, s.Full, s.Missing} {
		for _, m := range key.FindAllStringSubmatch(text, -1) {
			fault(m[1] != "window", "{"+m[1]+"} where there is no value")
		}
	}
	for _, text := range []string{s.Say, s.Zero, s.Full, s.Missing, s.Once} {
		fault(strings.HasSuffix(text, ".") || strings.HasSuffix(text, "。"), "a full stop: sentences are joined to others")
	}
	return out
}

func isLatin(r rune) bool { return unicode.Is(unicode.Latin, r) }

// plural knows the regular plurals of English; there are no others in the file.
func plural(one, other string) bool {
	if one == single {
		return other == "times"
	}
	for _, end := range []string{"s", "x", "ch", "sh"} {
		if strings.HasSuffix(one, end) {
			return other == one+"es"
		}
	}
	if rest, y := strings.CutSuffix(one, "y"); y && !strings.ContainsAny(rest[len(rest)-1:], "aeou") {
		return other == rest+"ies"
	}
	return other == one+"s"
}

// No sentence that can be made counts wrongly, leaves a key open, or has a hole.
func TestNoSentenceCountsWrongly(t *testing.T) {
	c := catalogue(t, ownYAML)
	b := book(t, ownYAML, "")
	var nouns []string
	for _, d := range b.words.Features {
		if d.EN.One != "" && d.EN.One != single {
			nouns = append(nouns, d.EN.One)
		}
	}
	for _, forms := range b.words.forms.EN.Nouns {
		nouns = append(nouns, forms[0])
	}
	all := strings.Join(nouns, "|")
	wrong := regexp.MustCompile(`(^| )1 (` + all + `)(s|es)\b|(^| )(no|No|0|[2-9]|\d[\d.,]*\d) (` + all + `)\b|[a-z]s has\b|^1 [a-z ]+ have\b|have been 1 |has been ([02-9]|1[\d.,])` +
		`|[{}]|  |^ | $|NaN|∞|-0|\p{Han} \p{Han}`)
	for _, column := range row.New(c).Columns() {
		x := b.columns[column.Name]
		if x.feature == nil {
			continue
		}
		for _, n := range []float64{0, 0.04, 0.96, 1, 1.04, 1.06, 2, 10, 21, 99.97, 101, 1e6} {
			for _, l := range languages {
				text := b.fact(l, x, Contribution{Column: column.Name, Number: n, Text: "x"})
				if m := wrong.FindString(text); m != "" {
					t.Errorf("%s %g: %q: %q", column.Name, n, text, m)
				}
			}
		}
	}
}

// The shipped targets and warnings have forms of their own in both languages, and a target of any other feature a general one.
func TestShippedForecastsHaveTheirWords(t *testing.T) {
	b := book(t, "", "")
	s, err := forecast.Load("", b.catalog)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range languages {
		f := b.words.forms.in(l)
		for i := range s.Targets {
			target := TargetOf(&s.Targets[i], 0)
			if f.Head[target.Outcome][b.counted(target)] == "" {
				t.Errorf("%s has no headline in language %d", target.Name, l)
			}
		}
		for i := range s.Warnings {
			if f.Warnings[s.Warnings[i].Name] == "" {
				t.Errorf("warning %s has no words in language %d", s.Warnings[i].Name, l)
			}
		}
		for _, outcome := range []forecast.Outcome{forecast.None, forecast.Any, forecast.Sum} {
			if f.Head[string(outcome)][other] == "" || f.Effects[string(outcome)][other].Raises == "" {
				t.Errorf("outcome %s has no general form in language %d", outcome, l)
			}
		}
	}
}
