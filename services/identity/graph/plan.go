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
	// met says that it was counted as bringing others together by this operation, once however many they are.
	met bool
	// alias says what the candidate is named for: by itself, or as the same person as the user id `of`.
	alias aliasKind
	of    string
}

// aliasKind is the standing of a user id that an alias names.
type aliasKind byte

const (
	noAlias aliasKind = iota
	// trusted joins the customer whatever user ids both have; untrusted never does.
	trusted
	untrusted
)

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
	graph    Graph
	said     Statement
	accepted []candidate // the anchor first
	owners   []owner     // customers that become one, oldest first; empty: a new one is made
	refused  []refusal
	unusable []Dropped
	// remember says that the statement of a trusted alias is to be kept.
	remember bool

	// What the customer will hold, kept up while candidates are considered.
	identifiers, merges int
	uniques             []Identifier
}

// newPlan reads the state and decides. No usable identifier gives an empty plan.
func (g Graph) newPlan(s Reader, said Statement) (*plan, error) {
	p := &plan{graph: g, said: said}
	cands, err := p.load(s)
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
	slices.SortStableFunc(cands, func(a, b candidate) int { return cmp.Compare(p.place(a), p.place(b)) })
	for _, c := range cands {
		full, why, err := p.consider(s, c)
		if err != nil {
			return false, err
		}
		if full == nil {
			continue
		}
		i := slices.IndexFunc(cands, func(c candidate) bool { return c.index == full.index })
		cands[i].row.retired, cands[i].row.retiredMS, cands[i].touched = why, p.said.ReceivedMS, true
		return true, nil
	}
	return false, nil
}

// place orders candidates: the retired ones come last, but a user id is what it was, it only ties nothing more. To an event that was received
// before it was retired an identifier says what it said then, so that the event is the same customer's when it is looked at again.
func (p *plan) place(x candidate) int {
	if x.row.retired != 0 && x.row.retiredMS <= p.said.ReceivedMS && !unique(x.Type) {
		return 1
	}
	return 0
}

// load reads the rows of the usable identifiers, and of those that aliases add.
func (p *plan) load(s Reader) ([]candidate, error) {
	usable, unusable := sift(p.said.Identifiers)
	p.unusable = unusable
	var cands []candidate
	for _, id := range usable {
		c, err := p.candidate(s, id)
		if err != nil {
			return nil, err
		}
		if cands = p.add(cands, c); c.known || !unique(c.Type) {
			continue
		}
		if cands, err = p.aliased(s, cands, c.Value); err != nil {
			return nil, err
		}
	}
	if p.said.Previous == "" || len(cands) == 0 {
		return cands, nil
	}
	return p.previous(s, cands)
}

func (p *plan) candidate(s Reader, id Identifier) (candidate, error) {
	row, ok, err := readOwner(s, p.said.Workspace, id)
	return candidate{Identifier: id, known: ok, row: row, degree: row.degree}, err
}

// add appends a candidate unless it is there already.
func (p *plan) add(cands []candidate, c candidate) []candidate {
	if slices.ContainsFunc(cands, func(x candidate) bool { return x.Identifier == c.Identifier }) {
		return cands
	}
	c.index = len(cands)
	return append(cands, c)
}

// consider accepts or refuses the next candidate, or gives back the one that is at
// its degree cap and must be retired first. The first candidate, the anchor, is
// always accepted: alone it breaks no rule.
func (p *plan) consider(s Reader, c candidate) (full *candidate, why Reason, err error) {
	if c.alias != noAlias && !p.holds(c.of) {
		return nil, 0, nil // the user id it goes with was refused
	}
	o, err := p.ownerOf(s, c)
	if err != nil {
		return nil, 0, err
	}
	if o != nil && p.has(o.id) {
		p.accepted = append(p.accepted, c)
		return nil, 0, nil
	}
	if len(p.accepted) > 0 {
		if reason, stop := p.guard(c, o); stop {
			p.refused = append(p.refused, refusal{candidate: c, reason: reason})
			return nil, 0, nil
		}
		if full, why := p.full(c, o); full != nil {
			return full, why, nil
		}
		p.tie(&p.accepted[0], &c, o)
	}
	p.accept(c, o)
	return nil, 0, nil
}

// holds says that the user id has been accepted.
func (p *plan) holds(userID string) bool {
	return slices.ContainsFunc(p.accepted, func(c candidate) bool { return unique(c.Type) && c.Value == userID })
}

// full gives the candidate or the anchor when it is at a cap of its own and not yet retired, and which. It is asked last, when the
// candidate would join. What counts is the row before this operation: else the outcome would change when the operation is applied again.
func (p *plan) full(c candidate, o *owner) (*candidate, Reason) {
	for _, x := range []*candidate{&c, &p.accepted[0]} {
		switch {
		case x.row.retired != 0:
		case p.graph.saturated(x.Type, x.degree):
			return x, DegreeCap
		case x.meets(c, o) && !x.met && c.alias == noAlias && p.graph.rushed(x.row.meetings.at(p.said.AtMS)):
			return x, Rush
		}
	}
	return nil, 0
}

// ownerOf gives the customer of a known candidate, nil for an unknown one.
func (p *plan) ownerOf(s Reader, c candidate) (*owner, error) {
	if !c.known {
		return nil, nil
	}
	row, ok, err := readCustomer(s, p.said.Workspace, c.row.id)
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
	case c.alias == untrusted:
		return AliasNotTrusted, true
	case c.alias != trusted && p.conflict(uniques):
		return UniqueConflict, true
	case p.identifiers+identifiers > l.Identifiers:
		return IdentifierCap, true
	case p.merges+merges > l.Merges:
		return MergeCap, true
	case c.alias == trusted:
		return AliasCap, len(p.uniques)+len(uniques) > l.UserIDs
	case c.row.retired != 0:
		return c.row.retired, true
	case p.accepted[0].row.retired != 0:
		return p.accepted[0].row.retired, true
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
			_, ok, err := s.Get(refusedKey(p.said.Workspace, p.owners[0].id, r.Identifier))
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
	return len(p.owners) == 1 && !p.remember &&
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
