package rule

import (
	"fmt"
	"slices"
	"time"

	"github.com/freshet/freshet/pkg/money"
)

// Because tells a person why rule i holds at nowMs: the comparisons of its condition that are true, with the values they look at, and those whose
// denial is. It is empty when the rule does not hold.
func (s *Set) Because(i int, f Facts, nowMs int64) []string {
	r := &s.Rules[i]
	if !r.tree.holds(func(l int) bool { return s.leaves[l].holds(f, nowMs) }) {
		return nil
	}
	var out []string
	s.because(r.tree, true, f, nowMs, &out)
	return out
}

// because walks the parts of a tree that make it come out as wanted.
func (s *Set) because(n node, wanted bool, f Facts, nowMs int64, out *[]string) {
	if n.kind == nodeNot {
		s.because(n.kids[0], !wanted, f, nowMs, out)
		return
	}
	holds := func(k node) bool { return k.holds(func(l int) bool { return s.leaves[l].holds(f, nowMs) }) }
	if n.kind != nodeLeaf {
		for _, k := range n.kids {
			if holds(k) == wanted {
				s.because(k, wanted, f, nowMs, out)
			}
		}
		return
	}
	text := s.leaves[n.leaf].tell(f, nowMs)
	if !wanted {
		text = "not: " + text
	}
	if !slices.Contains(*out, text) {
		*out = append(*out, text)
	}
}

// tell is the leaf in words, with the value it looks at.
func (l leaf) tell(f Facts, nowMs int64) string {
	switch l.source {
	case sourceHas, sourceHasKey:
		return l.String()
	case sourceText:
		x, ok := f.Text(l.index)
		return fmt.Sprintf("%s %s %q (%s)", l.name, l.op, l.text, orNothing(ok, fmt.Sprintf("is %q", x)))
	case sourceTrait, sourceTraitNumber:
		e, ok := f.Entry(l.index, l.key)
		constant := fmt.Sprintf("%q", l.text)
		if l.source == sourceTraitNumber {
			constant = money.Format(l.limit)
		}
		return fmt.Sprintf("%s.%s %s %s (%s)", l.name, l.key, l.op, constant, orNothing(ok, fmt.Sprintf("is %q", e.Text)))
	case sourceElapsed, sourceSince:
		t, ok := l.since(f)
		name := l.name
		if l.source == sourceSince {
			name = fmt.Sprintf("%s[%q]", l.name, l.key)
		}
		return fmt.Sprintf("time since %s %s %s (%s)", name, l.op, span(l.limit), orNothing(ok, "is "+span(nowMs-t)))
	case sourceEntry:
		e, ok := f.Entry(l.index, l.key)
		return fmt.Sprintf("%s[%q] %s %s (%s)", l.name, l.key, l.op, l.number(l.limit), orNothing(ok, "is "+l.number(e.Int)))
	default:
		x, ok := f.Int(l.index)
		return fmt.Sprintf("%s %s %s (%s)", l.name, l.op, l.number(l.limit), orNothing(ok, "is "+l.number(x)))
	}
}

// number writes a value in the unit that a rule writes it in.
func (l leaf) number(x int64) string {
	switch l.scale {
	case million:
		return money.Format(x)
	case 0, 1:
		return fmt.Sprint(x)
	}
	return span(x)
}

func orNothing(ok bool, text string) string {
	if !ok {
		return "there is none"
	}
	return text
}

// span writes milliseconds for a person.
func span(ms int64) string {
	if days := float64(ms) / dayMs; days >= 2 {
		return fmt.Sprintf("%.4g days", days)
	}
	return (time.Duration(ms) * time.Millisecond).String()
}
