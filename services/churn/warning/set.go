package warning

import (
	"fmt"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/forecast"
)

// Set is rules over the features of a catalogue. It does not change.
type Set struct {
	names []string
	rules []rule
}

// Found is a rule that holds.
type Found struct {
	// Name is the warning's, without the prefix that rules of segments write.
	Name string
	// Evidence has first what was compared, and with what; then what that was made of.
	Evidence []Evidence
}

// Evidence is a value that a rule looked at.
type Evidence struct {
	// Feature is its name.
	Feature string
	// Value is in the feature's unit; moments, ages and durations are days.
	Value float64
	// Against is what it was compared with; 0 in all but the first.
	Against float64
}

// rule is one kind of warning over positions.
type rule interface {
	// span is when it holds, from until before until, in Unix milliseconds; ok is false when it never does.
	span(v catalog.Vector) (from, until int64, ok bool)
	// evidence is what it saw.
	evidence(v catalog.Vector, nowMs int64) []Evidence
}

// New compiles warnings over a catalogue's features. The error names the warning and the feature that is not there.
func New(list []forecast.Warning, c *catalog.Catalog) (*Set, error) {
	s := &Set{}
	for i := range list {
		r, err := compile(&list[i], c)
		if err != nil {
			return nil, fmt.Errorf("warning %q: %w", list[i].Name, err)
		}
		s.names, s.rules = append(s.names, list[i].Name), append(s.rules, r)
	}
	return s, nil
}

func compile(w *forecast.Warning, c *catalog.Catalog) (rule, error) {
	names := map[string][]string{
		forecast.Fell:       {w.Recent, w.Past},
		forecast.Overdue:    {w.Since, w.Cycle},
		forecast.Unanswered: {w.Moment, w.Answer},
	}[w.Kind]
	if names == nil {
		return nil, fmt.Errorf("kind %q is not fell, overdue or unanswered", w.Kind)
	}
	var of [2]*catalog.Feature
	for i, name := range names {
		if of[i] = c.Feature(name); of[i] == nil {
			return nil, fmt.Errorf("%q is no feature of the catalogue", name)
		}
	}
	switch w.Kind {
	case forecast.Fell:
		return newFell(w, of[0], of[1]), nil
	case forecast.Overdue:
		return newOverdue(w, of[0], of[1]), nil
	}
	return &unanswered{moment: of[0], answer: of[1], within: w.Within.Milliseconds()}, nil
}

// Look finds the rules that hold for a customer's values at nowMs, Unix milliseconds, in the order of the file. v is read by the catalogue's layout.
func (s *Set) Look(v catalog.Vector, nowMs int64) []Found {
	var out []Found
	for i, r := range s.rules {
		if from, until, ok := r.span(v); ok && from <= nowMs && nowMs < until {
			out = append(out, Found{Name: s.names[i], Evidence: r.evidence(v, nowMs)})
		}
	}
	return out
}

// Next is the first millisecond behind nowMs at which Look finds other rules if the values stay. ok is false when it never does.
func (s *Set) Next(v catalog.Vector, nowMs int64) (ms int64, ok bool) {
	for _, r := range s.rules {
		from, until, holds := r.span(v)
		if !holds || from >= until || until <= nowMs {
			continue
		}
		at := until
		if nowMs < from {
			at = from
		}
		if at != never && (!ok || at < ms) {
			ms, ok = at, true
		}
	}
	return ms, ok
}
