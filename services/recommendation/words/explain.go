package words

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/scene"
)

// mostParts is how much of what a ranker goes by is told.
const mostParts = 8

// Headline says in one sentence where an item stands, and why.
func Headline(lang, sceneName string, s *scene.Story) string {
	b := words()
	name := Clean(sceneName)
	switch {
	case s.Position > 0:
		return put(b.Heads["shown"].in(lang), "{place}", strconv.Itoa(s.Position), "{scene}", name, "{source}", source(lang, s.Entry.Source))
	case s.Why != scene.Allowed:
		return put(b.Heads["refused"].in(lang), "{scene}", name)
	case s.Capped != "":
		return put(b.Heads["capped"].in(lang), "{scene}", name)
	case s.Place > 0:
		return put(b.Heads["behind"].in(lang), "{scene}", name, "{place}", strconv.Itoa(s.Place), "{of}", strconv.Itoa(s.Of))
	}
	return put(b.Heads["nobody"].in(lang), "{scene}", name)
}

// source is what a source is, for the shop's people.
func source(lang, name string) string {
	if t, ok := words().Sources[name]; ok {
		return t.in(lang)
	}
	return Clean(name)
}

// Rules are the shop's rules that held or moved an item.
func Rules(lang string, s *scene.Story) []string {
	b := words()
	var out []string
	if s.Why != scene.Allowed {
		return []string{b.Whys[s.Why.String()].in(lang)}
	}
	for _, x := range s.Boosts {
		out = append(out, put(b.Rules["boosted"].in(lang), "{when}", Clean(x.When), "{by}", strconv.FormatFloat(x.By, 'g', 4, 64)))
	}
	switch {
	case s.Position > 0 && s.Entry.Reason.Kind == candidate.Pinned:
		out = append(out, put(b.Rules["pinned"].in(lang), "{place}", strconv.Itoa(s.Position)))
	case s.Position > 0 && s.Entry.Explored:
		out = append(out, b.Rules["explored"].in(lang))
	case s.Position == 0 && s.Capped != "":
		out = append(out, b.Rules[string(s.Capped)].in(lang))
	}
	return out
}

// Proposal is what one source says of an item.
func Proposal(lang string, p scene.Proposal, because *catalogue.Item) string {
	b := words()
	said := put(b.Proposal.in(lang), "{source}", source(lang, p.Source), "{place}", strconv.Itoa(p.Place))
	said = capital(said)
	if name := Name(because); name != "" {
		return said + put(b.Because.in(lang), "{because}", name)
	}
	return said + b.Stop.in(lang)
}

func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Parts are what the ranker goes by, the strongest first.
func Parts(lang string, s *scene.Story) []string {
	b := words()
	if s.Place > 0 && s.Blended {
		return []string{b.Blended.in(lang)}
	}
	var out []string
	for _, p := range s.Parts[:min(mostParts, len(s.Parts))] {
		effect := "raises"
		if p.Gives < 0 {
			effect = "lowers"
		}
		out = append(out, put(b.Effects[effect].in(lang), "{what}", feature(lang, p.Feature)))
	}
	return out
}

// feature is what a feature of the ranker is.
func feature(lang, name string) string {
	b := words()
	if at := strings.LastIndexByte(name, '.'); at >= 0 {
		if t, ok := b.OfSource[name[at+1:]]; ok {
			return put(t.in(lang), "{source}", source(lang, name[:at]))
		}
	}
	if t, ok := b.Features[name]; ok {
		return t.in(lang)
	}
	return Clean(name)
}

// Rule says an association rule: confidence is 0 to 1.
func Rule(lang string, when, then []*catalogue.Item, confidence float64) string {
	b := words()
	names := func(items []*catalogue.Item) string {
		var out []string
		for _, i := range items {
			out = append(out, Name(i))
		}
		return strings.Join(out, b.Rule["and"].in(lang))
	}
	return put(b.Rule["said"].in(lang), "{by}", fmt.Sprintf("%.0f", 100*confidence), "{when}", names(when), "{item}", names(then))
}
