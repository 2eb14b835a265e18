package forecast

import (
	"cmp"
	"fmt"
	"regexp"
	"time"

	"github.com/freshet/freshet/pkg/catalog"
)

// parser checks a file entry by entry.
type parser struct {
	catalog *catalog.Catalog
	set     *Set
	// names are the names that rules see, by the entry that has them.
	names  map[string]string
	faults []error
}

func (p *parser) fail(entry, format string, args ...any) {
	p.faults = append(p.faults, fmt.Errorf("%s: "+format, append([]any{entry}, args...)...))
}

// name is what rules can call a thing, with room for what is made of it.
var name = regexp.MustCompile(`^[a-z][a-z0-9_]{0,47}$`)

// named checks a name that rules see.
func (p *parser) named(entry, typed, seen string) {
	if !name.MatchString(typed) {
		p.fail(entry, "name: %q is no lower snake case of at most 48 characters", typed)
		return
	}
	if why := catalog.Unusable(seen); why != "" {
		p.fail(entry, "name: %q %s", seen, why)
	}
	if seen == HoldoutName {
		p.fail(entry, "name: %q is the hold-out group's: take another", seen)
	}
	if other, ok := p.names[seen]; ok {
		p.fail(entry, "name: rules would not know %q from that of %s", seen, other)
	}
	if _, ok := p.catalog.Layout().Position(seen); ok {
		p.fail(entry, "name: %q is a feature or a tag of the catalogue", seen)
	}
	p.names[seen] = entry
}

func (p *parser) target(entry string, y *targetYAML) {
	t := Target{Name: y.Name, Description: y.Description, Counts: y.Counts, Outcome: y.Outcome, Within: time.Duration(y.Within), Among: y.Among}
	p.named(entry, y.Name, y.Name)
	if y.Description == "" {
		p.fail(entry, "description: must be set")
	}
	if f := p.feature(entry, "counts", y.Counts, catalog.KindCount, catalog.KindDecimal); f != nil && f.Window != catalog.Lifetime {
		p.fail(entry, "counts: %q is of a window: it falls by itself. Name a lifetime feature, such as orders_lifetime", y.Counts)
	}
	if y.Outcome != None && y.Outcome != Any && y.Outcome != Sum {
		p.fail(entry, "outcome: %q is not none, any or sum", y.Outcome)
	}
	if (y.Within == 0) == (y.Rhythm == nil) {
		p.fail(entry, "give either within or rhythm")
	}
	if r := y.Rhythm; r != nil {
		t.Rhythm = &Rhythm{Times: r.Times, Of: r.Of, Least: time.Duration(r.Least), Most: time.Duration(r.Most)}
		p.feature(entry, "rhythm.of", r.Of, catalog.KindDuration)
		if !(r.Times > 0 && r.Times <= 100) || r.Least == 0 || r.Most < r.Least {
			p.fail(entry, "rhythm: times above 0 and at most 100, least, and most not below it are needed")
		}
	}
	if y.Bands != nil {
		p.named(entry, y.Name, y.Name+bandSuffix)
		t.Bands = &Bands{High: Act(y.Bands.High), Medium: Act(y.Bands.Medium)}
		p.act(entry, "bands.high", t.Bands.High)
		p.act(entry, "bands.medium", t.Bands.Medium)
		if y.Outcome == Sum {
			p.fail(entry, "bands: an amount has none")
		}
	}
	p.set.Targets = append(p.set.Targets, t)
}

func (p *parser) act(entry, key string, a Act) {
	if a.Cost < 0 || a.CostShare < 0 || (a.Cost > 0) == (a.CostShare > 0) {
		p.fail(entry, "%s: give either cost or cost_share, above 0", key)
	}
	if !(a.Saves > 0 && a.Saves <= 1) {
		p.fail(entry, "%s.saves: %g is not above 0 and at most 1", key, a.Saves)
	}
}

// feature finds a feature of one of some kinds; nil when it is none.
func (p *parser) feature(entry, key, name string, kinds ...catalog.Kind) *catalog.Feature {
	f := p.catalog.Feature(name)
	if f == nil {
		p.fail(entry, "%s: %q is no feature of the catalogue; `freshet features list` shows all", key, name)
		return nil
	}
	for _, k := range kinds {
		if f.Kind == k {
			return f
		}
	}
	p.fail(entry, "%s: %q is a %s; a %s is needed", key, name, f.Kind, kinds[0])
	return nil
}

func (p *parser) warning(entry string, y *warningYAML) {
	w := Warning{
		Name: y.Name, Description: y.Description, Kind: y.Kind, Recent: y.Recent, Past: y.Past, To: y.To, Least: y.Least,
		Since: y.Since, Cycle: y.Cycle, Times: y.Times, Moment: y.Moment, Answer: y.Answer, Within: time.Duration(y.Within),
	}
	p.named(entry, y.Name, w.Feature())
	if y.Description == "" {
		p.fail(entry, "description: must be set")
	}
	moments := []catalog.Kind{catalog.KindMoment, catalog.KindAge}
	switch y.Kind {
	case Fell:
		recent, past := p.feature(entry, "recent", y.Recent, catalog.KindCount, catalog.KindDecimal), p.feature(entry, "past", y.Past, catalog.KindCount, catalog.KindDecimal)
		if recent != nil && past != nil && (recent.Kind != past.Kind || recent.Window.Length == 0 || past.Window.Length <= recent.Window.Length) {
			p.fail(entry, "past: %q must be the same over a longer window than %q, and not a lifetime", y.Past, y.Recent)
		}
		if !(y.To > 0 && y.To < 1) || y.Least <= 0 {
			p.fail(entry, "to must be within 0 and 1, least above 0")
		}
	case Overdue:
		p.feature(entry, "since", y.Since, moments...)
		p.feature(entry, "cycle", y.Cycle, catalog.KindDuration)
		if !(y.Times >= 1 && y.Times <= 100) {
			p.fail(entry, "times: %g is not within 1 and 100", y.Times)
		}
		if !(y.Least >= 0 && y.Least <= 3650) {
			p.fail(entry, "least: %g is no number of days from 0 to 3650", y.Least)
		}
	case Unanswered:
		p.feature(entry, "moment", y.Moment, moments...)
		p.feature(entry, "answer", y.Answer, moments...)
		if y.Within == 0 {
			p.fail(entry, "within: must be set")
		}
	default:
		p.fail(entry, "kind: %q is not fell, overdue or unanswered", cmp.Or(y.Kind, ""))
	}
	p.set.Warnings = append(p.set.Warnings, w)
}

// removed checks that what is taken away was there.
func (p *parser) removed(below *fileYAML, remove []string) {
	for i, n := range remove {
		found := false
		for _, t := range below.Targets {
			found = found || t.Name == n
		}
		for _, w := range below.Warnings {
			found = found || w.Name == n
		}
		if !found {
			p.fail(fmt.Sprintf("remove[%d]", i), "no shipped target or warning is called %q", n)
		}
	}
}
