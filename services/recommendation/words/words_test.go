package words

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/scene"
)

var update = flag.Bool("update", false, "write the golden file")

func item(id, name string) *catalogue.Item {
	return &catalogue.Item{ID: id, Proto: &recommendationv1.Item{ItemId: id, Name: name}}
}

// All sentences there are.
func TestGolden(t *testing.T) {
	var b strings.Builder
	for _, lang := range []string{"en", "zh"} {
		say := func(what, text string) { fmt.Fprintf(&b, "%s %-24s %s\n", lang, what, text) }
		coffee := item("sku-1", "House Blend")
		for k := candidate.Kind(1); int(k) <= candidate.Kinds; k++ {
			say(k.String(), Reason(lang, Told{Kind: k}))
			say(k.String()+" because", Reason(lang, Told{Kind: k, Because: coffee}))
		}
		say("explored", Reason(lang, Told{Kind: candidate.Taste, Because: coffee, Explored: true}))
		say("due, own", Reason(lang, Told{Kind: candidate.Due, Days: 30, Own: true}))
		say("due, all", Reason(lang, Told{Kind: candidate.Due, Days: 30}))
		for w := scene.Why(2); int(w) <= scene.Whys; w++ {
			say(w.String(), strings.Join(Rules(lang, &scene.Story{Why: w}), " "))
		}
		stories := []*scene.Story{
			{Position: 3, Why: scene.Allowed, Entry: scene.Entry{Source: "taste", Reason: candidate.Reason{Kind: candidate.Taste}}, Place: 2, Of: 40, Boosts: []scene.Boost{{When: `brand == "Acme"`, By: 1.5}}, Blended: true},
			{Position: 1, Why: scene.Allowed, Entry: scene.Entry{Source: "pinned", Reason: candidate.Reason{Kind: candidate.Pinned}}},
			{Position: 2, Why: scene.Allowed, Entry: scene.Entry{Source: "trending", Explored: true}},
			{Why: scene.Allowed, Place: 5, Of: 9, Capped: scene.Category}, {Why: scene.Allowed, Place: 5, Of: 9, Capped: scene.Brand}, {Why: scene.Allowed, Place: 5, Of: 9, Capped: scene.Group},
			{Why: scene.Allowed, Place: 30, Of: 99}, {Why: scene.Allowed}, {Why: scene.Bought},
		}
		for i, s := range stories {
			say(fmt.Sprintf("story %d", i), strings.Join(append(append([]string{Headline(lang, "home", s)}, Rules(lang, s)...), Parts(lang, s)...), " | "))
		}
		for _, f := range features() {
			say("ranker "+f, strings.Join(Parts(lang, &scene.Story{Place: 1, Parts: []scene.Part{{Feature: f, Gives: 1}}}), ""))
		}
		say("ranker, against", strings.Join(Parts(lang, &scene.Story{Place: 1, Parts: []scene.Part{{Feature: "popular", Gives: -1}}}), ""))
		say("proposal", Proposal(lang, scene.Proposal{Source: "session", Place: 4}, nil))
		say("proposal because", Proposal(lang, scene.Proposal{Source: "session", Place: 4}, coffee))
		say("rule", Rule(lang, []*catalogue.Item{coffee, item("f", "Filter")}, []*catalogue.Item{item("m", "Milk")}, .7))
	}
	const path = "testdata/words.txt"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff(string(want), b.String()); d != "" {
		t.Error(d)
	}
}

// features are those of the ranker: of one source, and of the item.
func features() []string {
	return []string{"session.place", "taste.score", "rule.strength", "sources", "popular", "history", "session", "times", "moments", "ago", "days", "rhythm", "viewed", "carted", "bought",
		"due", "price", "category", "brand", "new", "because", "share", "context", "segment"}
}

func TestEverythingHasWords(t *testing.T) {
	b := words()
	for k := candidate.Kind(1); int(k) <= candidate.Kinds; k++ {
		p, s := b.Reasons[k.String()], b.Sources[k.String()]
		if p.EN[0] == "" || p.ZH[0] == "" || (p.EN[1] == "") != (p.ZH[1] == "") || s.EN == "" || s.ZH == "" {
			t.Errorf("kind %s: %+v, %+v", k, p, s)
		}
	}
	for w := scene.Why(1); int(w) <= scene.Whys; w++ {
		if x := b.Whys[w.String()]; x.EN == "" || x.ZH == "" {
			t.Errorf("refusal %s: %+v", w, x)
		}
	}
	for what, all := range map[string]map[string]text{"more": b.More, "rules": b.Rules, "heads": b.Heads, "effects": b.Effects, "ofsource": b.OfSource, "features": b.Features, "rule": b.Rule} {
		for name, x := range all {
			if x.EN == "" || x.ZH == "" || strings.ContainsFunc(x.EN, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
				t.Errorf("%s.%s: %+v", what, name, x)
			}
		}
	}
	for _, f := range features() {
		if feature("en", f) == f {
			t.Errorf("the ranker's feature %s has no words", f)
		}
	}
	if Reason("en", Told{Kind: 99}) == "" || feature("en", "new_one.thing") != "new_one.thing" {
		t.Error("what is not known has no words at all")
	}
}

func TestLanguage(t *testing.T) {
	for tag, want := range map[string]string{"": "en", "en-GB": "en", "EN": "en", "zh": "zh", "zh_CN": "zh", "zh-Hant": "zh"} {
		if got, err := Language(tag); err != nil || got != want {
			t.Errorf("%q: %q, %v", tag, got, err)
		}
	}
	if _, err := Language("fr\x1b[2J"); err == nil || strings.ContainsRune(err.Error(), 0x1b) {
		t.Errorf("fr: %v", err)
	}
}

// Whatever a name is, a sentence stays one line of bounded length.
func TestNamesAreHarmless(t *testing.T) {
	if got := Clean("  a\x1b[31m\r\n b\u202e{because}\xff "); got != "a[31m b{because}" {
		t.Errorf("%q", got)
	}
	if got := Name(item("id\x00", " \u200b ")); got != "id" {
		t.Errorf("%q", got)
	}
	if Name(nil) != "" || Name(&catalogue.Item{ID: "x"}) != "x" {
		t.Error("no item")
	}
	rapid.Check(t, func(t *rapid.T) {
		got := Reason("en", Told{Kind: candidate.AlsoBought, Because: item("id", rapid.String().Draw(t, "name"))})
		if n := utf8.RuneCountInString(got); n > longest+60 || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Fatalf("%d characters: %q", n, got)
		}
	})
}

// What is told as it is, is what cleaning makes of it.
func TestMostNamesAreClean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SampledFrom([]string{"ab  ~", "ab ~é鞋\t\n\x00\u200b\ufffd"}).Draw(t, "letters")
		s := rapid.StringOfN(rapid.SampledFrom([]rune(letters)), 0, 100, -1).Draw(t, "name")
		if got, want := Clean(s), clean(strings.TrimSpace(s)); got != want {
			t.Fatalf("%q: %q, want %q", s, got, want)
		}
	})
}
