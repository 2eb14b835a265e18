package board

import (
	"github.com/freshet/freshet/services/recommendation/associate"
	"github.com/freshet/freshet/services/recommendation/bundle"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/learn"
)

// Still is a board that follows nothing: training asks it what a board that serves would be asked, by the same code. It has no source that no version has: what is trending, and who
// is alike. taste may be nil.
func Still(l *learn.Learner, taste candidate.Source, rules []associate.Rule, baskets int) *Board {
	return &Board{room: &room{}, version: newVersion(l, &bundle.Parts{Taste: taste, Rules: rules, Baskets: baskets})}
}

// newVersion is a learner with what does not learn on.
func newVersion(l *learn.Learner, p *bundle.Parts) *version {
	v := &version{learner: l, taste: p.Taste, list: p.Rules, baskets: p.Baskets}
	if p.Rules != nil {
		v.rules = associate.NewBook(p.Rules)
	}
	return v
}
