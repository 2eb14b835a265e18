package scene

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/language"
	"gopkg.in/yaml.v3"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

// parser checks a file entry by entry.
type parser struct {
	parse  ParseFilter
	names  map[string]bool
	faults []error
}

func (p *parser) fail(entry, format string, args ...any) {
	p.faults = append(p.faults, fmt.Errorf("%s: "+format, append([]any{entry}, args...)...))
}

var name = regexp.MustCompile(`^[a-z][a-z0-9_]{0,47}$`)

// clip keeps error texts short, whatever the file says.
func clip(s string) string {
	if len(s) <= 80 {
		return s
	}
	return strings.ToValidUTF8(s[:80], "") + "..."
}

func (p *parser) scene(entry string, y *sceneYAML) *Scene {
	if !name.MatchString(y.Name) {
		p.fail(entry, "name: %q is no lower snake case of at most 48 characters", clip(y.Name))
	}
	if p.names[y.Name] {
		p.fail(entry, "name: there are two scenes called %q", clip(y.Name))
	}
	p.names[y.Name] = true
	if y.Description == "" {
		p.fail(entry, "description: must be set")
	}
	s := &Scene{Name: y.Name, Description: y.Description}
	if b, err := yaml.Marshal(y); err == nil {
		s.YAML = string(b)
	}
	ways := p.variants(entry, y, s)
	for i := range y.When {
		w := &y.When[i]
		at := fmt.Sprintf("%s: when[%d]", entry, i)
		if len(w.Segments) == 0 && w.From == 0 && w.Until == 0 && w.Hours.IsZero() {
			p.fail(at, "give segments, from, until or hours")
		}
		p.order(at, w.From, w.Until)
		s.whens = append(s.whens, when{w.Segments, w.From, w.Until, w.Hours})
	}
	for _, way := range ways {
		before := len(p.faults)
		plans := []*Plan{p.plan(way.entry, y.Name, way.name, y.laid(way.with))}
		for i := range y.When {
			if len(p.faults) > before {
				break // what lies above it would tell the same faults again
			}
			plans = append(plans, p.plan(fmt.Sprintf("%s: when[%d].with", way.entry, i), y.Name, way.name, y.laid(way.with).laid(y.When[i].With)))
		}
		s.plans = append(s.plans, plans)
	}
	return s
}

// way is one way to fill a scene.
type way struct {
	entry, name string
	with        Body
}

func (p *parser) variants(entry string, y *sceneYAML, s *Scene) []way {
	if len(y.Variants) == 0 {
		return []way{{entry: entry}}
	}
	var out []way
	seen := map[string]bool{}
	for i, v := range y.Variants {
		at := fmt.Sprintf("%s: variants[%d] %q", entry, i, clip(v.Name))
		if !name.MatchString(v.Name) || seen[v.Name] {
			p.fail(at, "name: must be lower snake case of at most 48 characters, and of this variant only")
		}
		seen[v.Name] = true
		if !(v.Share > 0 && v.Share <= 1e6) {
			p.fail(at, "share: %g is not above 0 and at most 1000000", v.Share)
		}
		s.Variants = append(s.Variants, Variant{v.Name, v.Share})
		out = append(out, way{at, v.Name, v.With})
	}
	if len(y.Variants) > 20 {
		p.fail(entry, "variants: %d of them: at most 20", len(y.Variants))
	}
	if !seen["control"] {
		p.fail(entry, "variants: one must be called control: the others are compared with it")
	}
	return out
}

func (p *parser) order(entry string, from, until moment) {
	if from != 0 && until != 0 && until <= from {
		p.fail(entry, "until: must be later than from")
	}
}

// plan compiles what is laid together.
func (p *parser) plan(entry, scene, variant string, b Body) *Plan {
	pl := &Plan{Scene: scene, Variant: variant, lambda: 1, Languages: b.Languages, block: b.Block, caps: b.Caps, list: b.List, bought: b.HideBought, explore: b.Explore}
	if b.Limit == nil || *b.Limit < 1 || *b.Limit > Most {
		p.fail(entry, "limit: must be set, from 1 to %d", Most)
	} else {
		pl.Limit = *b.Limit
	}
	for i, s := range b.Sources {
		pl.Sources = append(pl.Sources, p.source(fmt.Sprintf("%s: sources[%d]", entry, i), s))
	}
	if len(b.Sources) == 0 && len(b.Fallback) == 0 && len(b.List) == 0 {
		p.fail(entry, "sources: there is nothing to show: give sources, fallback or list")
	}
	if len(b.Sources) > 40 {
		p.fail(entry, "sources: %d of them: at most 40", len(b.Sources))
	}
	if b.Filter != nil {
		pl.filter = p.condition(entry+": filter", *b.Filter)
	}
	if b.Adult != nil {
		pl.Adult = *b.Adult
	}
	for i, l := range b.Languages {
		if _, err := language.Parse(l); err != nil {
			p.fail(fmt.Sprintf("%s: languages[%d]", entry, i), "%q is no language: write en or zh-CN", clip(l))
		}
	}
	if b.WithoutConsent != nil {
		if w := *b.WithoutConsent; w != "session" && w != "trend" {
			p.fail(entry, "without_consent: %q is not session or trend", clip(w))
		}
		pl.Trend = *b.WithoutConsent == "trend"
	}
	p.hiding(entry, &b, pl)
	p.ordering(entry, &b, pl)
	p.fixed(entry, &b, pl)
	return pl
}

func (p *parser) condition(entry, text string) Filter {
	if p.parse == nil {
		p.fail(entry, "conditions over items cannot be read here")
		return nil
	}
	f, err := p.parse(text)
	if err != nil {
		p.fail(entry, "%v", err)
		return nil
	}
	return f
}

// kind reads the name of what can be asked: lists and pins are no sources.
func (p *parser) kind(entry, text string) candidate.Kind {
	k, ok := KindOf(text)
	if !ok || k == candidate.Listed || k == candidate.Pinned {
		p.fail(entry, "%q is no source; there are %s", clip(text), strings.Join(Sources(), ", "))
	}
	return k
}

// Sources are the names of all that can propose items.
func Sources() []string {
	var out []string
	for k := candidate.Kind(1); int(k) <= candidate.Kinds; k++ {
		if k != candidate.Listed && k != candidate.Pinned {
			out = append(out, k.String())
		}
	}
	return out
}

func (p *parser) source(entry string, y SourceYAML) Wanted {
	w := Wanted{Kind: p.kind(entry+": of", y.Of), Take: y.Take, Weight: 1}
	if w.Take == 0 {
		w.Take = 100
	}
	if w.Take < 1 || w.Take > 1000 {
		p.fail(entry, "take: %d is not within 1 and 1000", y.Take)
	}
	if y.Weight != nil {
		w.Weight = *y.Weight
	}
	if !(w.Weight > 0 && w.Weight <= 1000) {
		p.fail(entry, "weight: %g is not above 0 and at most 1000", w.Weight)
	}
	return w
}

func (p *parser) hiding(entry string, b *Body, pl *Plan) {
	if h := b.HideBought; h != nil {
		if h.For == 0 && !h.Cycle && len(h.Categories) == 0 {
			p.fail(entry, "hide_bought: give for, cycle or categories")
		}
		p.by(entry+": hide_bought.by", h.By, "", string(Item), string(Group), string(Category))
	}
	if h := b.HideSeen; h != nil {
		if h.For == 0 {
			p.fail(entry, "hide_seen: give for, such as 7d")
		}
		pl.seenMs = h.For.ms()
	}
	if len(b.Block) > 10_000 {
		p.fail(entry, "block: %d items: at most 10000; a filter over an attribute serves more", len(b.Block))
	}
}

func (p *parser) by(entry, is string, of ...string) {
	if !slices.Contains(of, is) {
		p.fail(entry, "%q is not %s", clip(is), strings.TrimPrefix(strings.Join(of, ", "), ", "))
	}
}

// ordering reads what changes the order.
func (p *parser) ordering(entry string, b *Body, pl *Plan) {
	for i, y := range b.Boost {
		at := fmt.Sprintf("%s: boost[%d]", entry, i)
		if !(y.By > 0 && y.By <= 1000) || math.IsNaN(y.By) {
			p.fail(at, "by: %g is not above 0 and at most 1000; below 1 it lowers", y.By)
		}
		pl.boosts = append(pl.boosts, boost{p.condition(at+": when", y.When), y.By, y.When})
	}
	if d := b.Diversity; d != nil {
		if !(d.Lambda >= 0 && d.Lambda <= 1) {
			p.fail(entry, "diversity.lambda: %g is not within 0 and 1: 1 is by score alone", d.Lambda)
		}
		p.by(entry+": diversity.by", d.By, "", string(Category), string(Brand), string(Content))
		pl.lambda, pl.alike = d.Lambda, By(d.By)
		if d.By == "" {
			pl.alike = Category
		}
	}
	if b.Explore != nil {
		p.exploring(entry+": explore", b.Explore)
	}
}

// fixed reads caps, quotas, pins and fallbacks.
func (p *parser) fixed(entry string, b *Body, pl *Plan) {
	for i, c := range b.Caps {
		at := fmt.Sprintf("%s: caps[%d]", entry, i)
		p.by(at+": by", c.By, string(Category), string(Brand), string(Group))
		if c.Most < 1 || c.In < 0 || c.In > Most || c.In != 0 && c.Most >= c.In {
			p.fail(at, "most: must be 1 or more, and less than in, which is 0 (the whole list) to %d", Most)
		}
	}
	total := 0
	for i, y := range b.Quotas {
		at := fmt.Sprintf("%s: quotas[%d]", entry, i)
		q := quota{least: y.Least, text: y.Source}
		switch {
		case (y.Source == "") == (y.When == ""):
			p.fail(at, "give either source or when")
		case y.Source != "":
			q.kind = p.kind(at+": source", y.Source)
		default:
			q.when, q.text = p.condition(at+": when", y.When), y.When
		}
		if y.Least < 1 {
			p.fail(at, "least: must be 1 or more")
		}
		total += max(y.Least, 0)
		pl.quotas = append(pl.quotas, q)
	}
	if pl.Limit > 0 && total > pl.Limit {
		p.fail(entry, "quotas: they ask for %d places of %d", total, pl.Limit)
	}
	for i, y := range b.Pin {
		at := fmt.Sprintf("%s: pin[%d]", entry, i)
		if y.Item == "" || len(y.Item) > 255 {
			p.fail(at, "item: name an item")
		}
		if y.Position < 1 || y.Position > Most {
			p.fail(at, "position: %d is not within 1 and %d", y.Position, Most)
		}
		p.order(at, y.From, y.Until)
		pl.pins = append(pl.pins, y)
	}
	for i, f := range b.Fallback {
		pl.fallback = append(pl.fallback, p.kind(fmt.Sprintf("%s: fallback[%d]", entry, i), f))
	}
	if len(b.List) > 1000 {
		p.fail(entry, "list: %d items: at most 1000", len(b.List))
	}
}
