package rank

import (
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
)

// Facts are what is known of items. Each may be nil: not known.
type Facts struct {
	// Popular is the share of the visitors, or sessions, that took an item: 0 to 1.
	Popular func(item int32) float64
	// Cycle is after how many milliseconds an item is bought again; 0 where it is not known.
	Cycle func(item int32) int64
	// Catalogue is what it says; its Proto may be nil.
	Catalogue func(item int32) *catalogue.Item
}

// Question is what features are made of beside what the sources said.
type Question struct {
	Facts
	// NowMs is the time of the question; 0: not known.
	NowMs int64
	// History is what the visitor touched, oldest first. Times has the same places, or is nil: not known.
	History []int32
	Times   []int64
	// Session is what was touched in this visit, oldest first.
	Session []int32
	// Context is what the page is about.
	Context []int32
	// Segments that the visitor is in.
	Segments []string

	// ask has the touches when it serves: their times and kinds.
	ask *ask.Ask
}

// FromAsk is the question as it is asked when it serves.
func FromAsk(a *ask.Ask) Question {
	q := Question{NowMs: a.NowMs, History: a.History, Session: a.Session, Context: a.Context, ask: a}
	if a.Shelf != nil {
		q.Catalogue = a.Shelf.Item
	}
	if a.Personal() {
		q.Segments = a.Visitor.Segments
	}
	return q
}

// FromQuery is the question as models are asked that need a history alone, such as by the judge: there is no catalogue, and what was done with an item is not known.
func FromQuery(q *candidate.Query) Question {
	return Question{NowMs: q.AtMs, History: q.History, Times: q.Times, Session: q.History}
}

// time of the i-th touch; 0: not known.
func (q *Question) time(i int) int64 {
	switch {
	case q.ask != nil && i < len(q.ask.Touches):
		return q.ask.Touches[i].AtMs
	case q.Times != nil:
		return q.Times[i]
	}
	return 0
}

// kind of the i-th touch; unspecified: not known.
func (q *Question) kind(i int) recommendationv1.TouchKind {
	if q.ask != nil && i < len(q.ask.Touches) {
		return q.ask.Touches[i].Kind
	}
	return recommendationv1.TouchKind_TOUCH_KIND_UNSPECIFIED
}
