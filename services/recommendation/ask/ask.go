// Package ask is one question for a list: what is known of the visitor, the page and the shop at that moment, in the numbers that models count in. It is the one form in
// which everything that proposes items is asked when it serves; package candidate is the narrower one of models that need a history alone.
package ask

import (
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// Ask is a question. Nobody changes it once it is asked.
type Ask struct {
	Workspace string
	Scene     string
	NowMs     int64
	Shelf     *catalogue.Shelf
	// Visitor is what is known of who asks; nil when nobody is.
	Visitor *visitor.View
	// History is all that the visitor touched, oldest first, an item as often as it was touched; Touches has the same places. Empty where the visitor is not known.
	History []int32
	// Touches are Visitor.Touches, but those of items that the shelf does not have.
	Touches []visitor.Touch
	// Session is what was touched in this visit, oldest first.
	Session []int32
	// Context is what the page is about.
	Context []int32
	// Country of the visitor, empty when not known.
	Country string
	// Skip refuses items that cannot be shown. Never nil.
	Skip func(item int32) bool
}

// Personal says that the visitor's past may be used.
func (a *Ask) Personal() bool { return a.Visitor != nil && a.Visitor.Personal }

// Source proposes items. Many goroutines may ask at once.
type Source interface {
	// Candidates appends at most k candidates to dst, best first, none that a.Skip refuses.
	Candidates(dst []candidate.Candidate, a *Ask, k int) []candidate.Candidate
}
