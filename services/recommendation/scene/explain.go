package scene

import (
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
)

// Story is how an item came to its place in a list, or why it has none.
type Story struct {
	// Position from 1; 0: it is not in the list.
	Position int
	Entry    Entry
	// Why is Allowed, or why it may not be shown.
	Why Why
	// Proposals are what sources said of it.
	Proposals []Proposal
	// Place is that by score, after boosts, of so many candidates; 0: nobody proposed it.
	Place, Of int
	// Boosts are the conditions of those that moved it, with their factors.
	Boosts []Boost
	// Capped is the cap that kept it from a place; empty: none did.
	Capped By
	// Parts are what the ranker goes by; nil where it does not tell.
	Parts []Part
	// Blended says that there is no trained ranker: places of the sources decide.
	Blended bool
	List    List
}

// Proposal is what one source said of an item.
type Proposal struct {
	Source string
	Kind   candidate.Kind
	// Place from 1.
	Place  int
	Score  float64
	Reason candidate.Reason
}

// Boost is one that moved an item.
type Boost struct {
	When string
	By   float64
}

// Explain makes the list that Answer makes, and tells of one item. Sources tell what they propose though it may not be shown.
func (p *Plan) Explain(a *ask.Ask, parts Parts, item int32) Story {
	r := newRun(p, a, &parts)
	defer r.end()
	s := Story{Why: r.guard.why(item)}
	r.guard.except = item
	r.gather()
	s.Proposals = r.proposals(item)
	if s.Why != Allowed { // what it would be among the others does not matter: it must not move them
		r.absent = nil
		r.guard.except = -1
		r.gather()
	}
	r.guard.except = -1
	r.rank()
	for i := range r.pool {
		if r.pool[i].Item == item {
			s.Place, s.Of = i+1, len(r.pool)
		}
	}
	if e, ok := parts.Ranker.(Explainer); ok && s.Place > 0 {
		s.Parts = e.Explain(&r.a, r.said, item)
	}
	_, s.Blended = parts.Ranker.(Blend)
	r.fill()
	s.List = List{Entries: r.out, Missing: r.missing(), Candidates: len(r.pool), Context: r.context}
	r.tell(&s, item)
	return s
}

func (r *run) proposals(item int32) []Proposal {
	var out []Proposal
	for i := range r.said {
		for place, c := range r.said[i].List {
			if c.Item == item {
				out = append(out, Proposal{r.said[i].Source, r.said[i].Kind, place + 1, c.Score, c.Reason})
			}
		}
	}
	return out
}

// tell says what became of an item.
func (r *run) tell(s *Story, item int32) {
	for i := range r.out {
		if r.out[i].Item == item {
			s.Position, s.Entry = i+1, r.out[i]
		}
	}
	if s.Why != Allowed {
		return
	}
	known := r.a.Shelf.Item(item)
	for _, b := range r.plan.boosts {
		if b.when.Match(known, r.a.NowMs) {
			s.Boosts = append(s.Boosts, Boost{b.text, b.by})
		}
	}
	for i := range r.pool {
		if r.pool[i].Item == item && s.Position == 0 {
			s.Capped = r.pool[i].capped
		}
	}
}
