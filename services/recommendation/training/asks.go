package training

import (
	"slices"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/judge"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// refusesNothing is Ask.Skip where everything may be proposed.
func refusesNothing(int32) bool { return false }

// ask is what a board would be asked with just before a touch: what the visitor's record held then, by its bounds, and the visit under way at a moment. What the page was about
// nobody wrote down. It is the caller's.
func (h *heap) ask(place int, nowMs int64) *ask.Ask {
	t := &h.touches[place]
	v := &visitor.View{Personal: !t.anonymous}
	history := h.past(place, nowMs, v)
	a := &ask.Ask{NowMs: nowMs, Skip: refusesNothing}
	a.Session = history[len(history)-len(v.Visit(nowMs)):]
	if v.Personal {
		a.Visitor, a.History, a.Touches = v, history, v.Touches
	}
	return a
}

// past puts what a visitor's record held before a touch into a view, and gives the items.
func (h *heap) past(place int, nowMs int64, v *visitor.View) []int32 {
	mine := h.by(h.touches[place].customer)
	end, _ := slices.BinarySearch(mine, int32(place))
	looks, purchases := visitor.MostTouches, visitor.MostBought
	var history []int32
	for i := end - 1; i >= 0 && (looks > 0 || purchases > 0); i-- {
		x := &h.touches[mine[i]]
		if !v.Personal && (x.at <= nowMs-visitor.Pause || len(history) == visitor.MostVisit) {
			break // of who allows no profile the last half hour is kept
		}
		left := &looks
		if x.kind == bought || x.kind == returned {
			left = &purchases
		}
		if *left--; *left < 0 {
			continue
		}
		history = append(history, x.item)
		v.Touches = append(v.Touches, visitor.Touch{Kind: recommendationv1.TouchKind(x.kind), AtMs: x.at, Quantity: x.quantity})
	}
	slices.Reverse(history)
	slices.Reverse(v.Touches)
	return history
}

// judged is a source as the judge asks it.
func (h *heap) judged(name string, s ask.Source) judge.Model {
	return judge.Model{Name: name, Ask: func(dst []candidate.Candidate, c *judge.Case, k int, skip func(int32) bool) []candidate.Candidate {
		a := h.ask(c.Place, c.AtMs)
		if skip != nil {
			a.Skip = skip
		}
		return s.Candidates(dst, a, k)
	}}
}
