package graph

import (
	"cmp"
	"fmt"
	"slices"
)

// candidate is an identifier of an operation with what the state says about it.
type candidate struct {
	Identifier
	known bool
	row   ownerRow
	// degree is row.degree before the operation.
	degree int
	// index is the place in the operation: part of the linked row's key.
	index int
	// touched says that the row must be written: it is new, its degree has grown, or
	// it was retired.
	touched bool
}

// owner is a customer that an operation names.
type owner struct {
	id  ID
	row customerRow
}

// refusal is a link that a guard stopped.
type refusal struct {
	candidate
	reason Reason
	// record says that the state does not show this refusal yet and has room for it.
	record bool
}

// plan is what an operation would do: made by reads only, so that every guard has
// spoken before the first write.
type plan struct {
	graph     Graph
	workspace string
	accepted  []candidate // the anchor first
	owners    []owner     // customers that become one, oldest first; empty: a new one is made
	refused   []refusal
	unusable  []Dropped

	// What the customer will hold, kept up while candidates are considered.
	identifiers, merges int
	uniques             []Identifier
}

// newPlan reads the state and decides. No usable identifier gives an empty plan.
func (g Graph) newPlan(s Reader, workspace string, ids []Identifier) (*plan, error) {
	p := &plan{graph: g, workspace: workspace}
	cands, err := p.load(s, ids)
	if err != nil || len(cands) == 0 {
		return p, err
	}
	for {
		retired, err := p.attempt(s, cands)
		if err != nil {
			return nil, err
		}
		if !retired {
			break
		}
	}
	slices.SortFunc(p.owners, func(a, b owner) int { return cmp.Compare(a.row.firstOffset, b.row.firstOffset) })
	return p, p.markRefusals(s)
}

// attempt considers the candidates, the retired ones last. When one turns out to be
// at its degree cap, it is retired and the attempt is void: without it the anchor
// may be another. Each call but the last retires one, so the calls come to an end.
func (p *plan) attempt(s Reader, cands []candidate) (retired bool, err error) {
	p.accepted, p.owners, p.refused = nil, nil, nil
	p.identifiers, p.merges, p.uniques = 0, 0, nil
	slices.SortStableFunc(cands, func(a, b candidate) int { return cmp.Compare(a.row.retired, b.row.retired) })
	for _, c := range cands {
		full, err := p.consider(s, c)
		if err != nil {
			return false, err
		}
		if full == nil {
			continue
		}
		i := slices.IndexFunc(cands, func(c candidate) bool { return c.index == full.index })
		cands[i].row.retired, cands[i].touched = 1, true
		return true, nil
	}
	return false, nil
}

// load reads the rows of the usable identifiers.
func (p *plan) load(s Reader, ids []Identifier) ([]candidate, error) {
	usable, unusable := sift(ids)
	p.unusable = unusable
	cands := make([]candidate, len(usable))
	for n, id := range usable {
		row, ok, err := readOwner(s, p.workspace, id)
		if err != nil {
			return nil, err
		}
		cands[n] = candidate{Identifier: id, known: ok, row: row, degree: row.degree, index: n}
	}
	return cands, nil
}

// consider accepts or refuses the next candidate, or gives back the one that is at
// its degree cap and must be retired first. The first candidate, the anchor, is
// always accepted: alone it breaks no rule.
func (p *plan) consider(s Reader, c candidate) (full *candidate, err error) {
	o, err := p.ownerOf(s, c)
	if err != nil {
		return nil, err
	}
	if o != nil && p.has(o.id) {
		p.accepted = append(p.accepted, c)
		return nil, nil
	}
	if len(p.accepted) > 0 {
		if reason, stop := p.guard(c, o); stop {
			p.refused = append(p.refused, refusal{candidate: c, reason: reason})
			return nil, nil
		}
		if full := p.full(c); full != nil {
			return full, nil
		}
		anchor := &p.accepted[0]
		anchor.row.degree++
		anchor.touched = true
		c.row.degree++
		c.touched = true
	}
	p.accept(c, o)
	return nil, nil
}

// full gives the candidate or the anchor when it is at its degree cap and not yet
// retired. It is asked last, when the candidate would join. What counts is the degree before this operation: else the outcome
// would change when the operation is applied again.
func (p *plan) full(c candidate) *candidate {
	for _, x := range []*candidate{&c, &p.accepted[0]} {
		if x.row.retired == 0 && p.graph.saturated(x.Type, x.degree) {
			return x
		}
	}
	return nil
}

// ownerOf gives the customer of a known candidate, nil for an unknown one.
func (p *plan) ownerOf(s Reader, c candidate) (*owner, error) {
	if !c.known {
		return nil, nil
	}
	row, ok, err := readCustomer(s, p.workspace, c.row.id)
	if err != nil {
		return nil, err
	}
	if !ok || row.merged {
		return nil, fmt.Errorf("%w: %s %q belongs to %s, which is no live customer", errRow, c.Type, c.Value, c.row.id)
	}
	return &owner{id: c.row.id, row: row}, nil
}

func (p *plan) has(id ID) bool {
	return slices.ContainsFunc(p.owners, func(o owner) bool { return o.id == id })
}

// guard says whether a rule stops the candidate from joining, and which. A larger customer is never stopped less: that is what makes
// an operation that was applied settled.
func (p *plan) guard(c candidate, o *owner) (Reason, bool) {
	l := p.graph.limits
	identifiers, merges, uniques := p.gain(c, o)
	switch {
	case p.conflict(uniques):
		return UniqueConflict, true
	case p.identifiers+identifiers > l.Identifiers:
		return IdentifierCap, true
	case p.merges+merges > l.Merges:
		return MergeCap, true
	case c.row.retired != 0:
		return DegreeCap, true
	}
	return 0, false
}

// gain is what the customer would get with the candidate.
func (p *plan) gain(c candidate, o *owner) (identifiers, merges int, uniques []Identifier) {
	if o == nil {
		if unique(c.Type) {
			uniques = []Identifier{c.Identifier}
		}
		return 1, 0, uniques
	}
	merges = o.row.merges
	if len(p.owners) > 0 {
		merges++
	}
	return o.row.identifiers, merges, o.row.uniques
}

// conflict says that a unique type would have two values.
func (p *plan) conflict(uniques []Identifier) bool {
	for _, u := range uniques {
		for _, have := range p.uniques {
			if have.Type == u.Type && have.Value != u.Value {
				return true
			}
		}
	}
	return false
}

func (p *plan) accept(c candidate, o *owner) {
	identifiers, merges, uniques := p.gain(c, o)
	p.identifiers += identifiers
	p.merges += merges
	p.uniques = append(p.uniques, uniques...)
	if o != nil {
		p.owners = append(p.owners, *o)
	} else {
		c.touched = true
	}
	p.accepted = append(p.accepted, c)
}

// markRefusals finds the refusals that the state should still record.
func (p *plan) markRefusals(s Reader) error {
	room := p.graph.limits.Refused
	if len(p.owners) > 0 {
		room -= p.owners[0].row.refused
	}
	for i := range p.refused {
		r := &p.refused[i]
		if room <= 0 {
			return nil
		}
		if len(p.owners) > 0 {
			_, ok, err := s.Get(refusedKey(p.workspace, p.owners[0].id, r.Identifier))
			if err != nil {
				return fmt.Errorf("read refused link: %w", err)
			}
			if ok {
				continue
			}
		}
		r.record = true
		room--
	}
	return nil
}

// settled says that applying the operation would change nothing.
func (p *plan) settled() bool {
	if len(p.accepted) == 0 {
		return true
	}
	return len(p.owners) == 1 &&
		!slices.ContainsFunc(p.accepted, func(c candidate) bool { return c.touched }) &&
		!slices.ContainsFunc(p.refused, func(r refusal) bool { return r.record || r.touched })
}

// dropped lists what the rules stopped, for counting.
func (p *plan) dropped() []Dropped {
	all := p.unusable
	for _, r := range p.refused {
		all = append(all, Dropped{Identifier: r.Identifier, Reason: r.reason})
	}
	return all
}
