package need

import (
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
)

// cartLeft: what lies in the cart since a visit that is over. What was put there in this visit is not left yet.
func (s *sources) cartLeft(a *ask.Ask, found finds) {
	since := a.NowMs + 1
	if v := a.Visitor.Visit(a.NowMs); len(v) > 0 {
		since = v[0].AtMs
	}
	in := map[int32]int64{}
	for i := range a.Touches {
		switch t := &a.Touches[i]; t.Kind {
		case recommendationv1.TouchKind_TOUCH_KIND_CART:
			in[a.History[i]] = t.AtMs
		case recommendationv1.TouchKind_TOUCH_KIND_UNCART, recommendationv1.TouchKind_TOUCH_KIND_BUY:
			delete(in, a.History[i])
		}
	}
	for item, atMs := range in {
		if atMs < since && recent(a, atMs, s.cfg.WindowDays) {
			found.best(item, s.fade(a, atMs), item)
		}
	}
}
