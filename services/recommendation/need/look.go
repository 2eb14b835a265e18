package need

import (
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// looked is how an item was looked at.
type looked struct {
	views, visits int
	visit         int // of the last look
	fresh         float64
	lastMs        int64
	bought        bool
}

// looked counts by item, within the window. What was bought at any time says so, even where it was given back.
func (s *sources) looked(a *ask.Ask) map[int32]*looked {
	out := make(map[int32]*looked, len(a.Touches))
	all := make([]looked, 0, len(a.Touches)) // it never grows, so that what points into it stays
	visit, lastMs := 0, int64(0)
	for i := range a.Touches {
		t := &a.Touches[i]
		if i == 0 || t.AtMs-lastMs > visitor.Pause {
			visit++
		}
		lastMs = t.AtMs
		l := out[a.History[i]]
		if l == nil {
			all = append(all, looked{})
			l = &all[len(all)-1]
			out[a.History[i]] = l
		}
		switch {
		case t.Kind == recommendationv1.TouchKind_TOUCH_KIND_BUY:
			l.bought = true
		case looks(t.Kind) && recent(a, t.AtMs, s.cfg.WindowDays):
			l.views++
			l.fresh += s.fade(a, t.AtMs)
			if l.visit != visit {
				l.visit, l.visits = visit, l.visits+1
			}
			l.lastMs = t.AtMs
		}
	}
	return out
}

// browsed: the more often and the more recently, the more it is wanted.
func (s *sources) browsed(a *ask.Ask, found finds) {
	for item, l := range s.looked(a) {
		if !l.bought && l.views >= s.cfg.Views && l.visits >= s.cfg.Visits {
			found.best(item, l.fresh, item)
		}
	}
}

// dropped: the price fell after the last look. The more it fell and the more recent the look, the better.
func (s *sources) dropped(a *ask.Ask, found finds) {
	for item, l := range s.looked(a) {
		p := a.Shelf.Item(item).Proto
		if l.bought || l.views == 0 || p == nil || p.PriceMicros == nil || p.PriceWasMicros == nil || p.GetPriceChangedMs() <= l.lastMs || p.GetPriceWasMicros() <= 0 {
			continue
		}
		if drop := 1 - float64(p.GetPriceMicros())/float64(p.GetPriceWasMicros()); drop > 0 && drop >= s.cfg.MinDrop {
			found.best(item, drop*s.fade(a, l.lastMs), item)
		}
	}
}
