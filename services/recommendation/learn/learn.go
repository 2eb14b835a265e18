// Package learn is what models learn from touches, for training and serving alike: training hands it the touches of dw.touches in the order of their time and writes Parts,
// a replica resumes from the parts and hands it what came since. What it makes of the same touches is the same (TestServingGoesOnWhereTrainingStopped).
//
//	model      group      learns from                                    at once, or when
//	Session    visit      views, clicks, carts, wishes                   the visit ends: 30 minutes without a touch
//	Viewed     visit      the same                                       the visit ends
//	Bought     customer   sales; never of the anonymous                  at once
//	Together   order      sales that name an order                       at once
//	Popular    all        everything, by Weight                          at once
//
// A return, or a sale that was undone, is taken out of Bought and Popular; undone ones out of Together, too: a thing that was given back was in the basket all the same.
// Who bought a thing twice and gives one back loses it from Bought until the next training: a group knows no counts.
//
// A touch that is told more than a pause after its time is in no visit: visits are an order, and an import has another one (TestAnImportIsNoVisit). It
// counts everywhere else. A touch of a clock that is ahead counts as of when it was received (TestAClockThatIsAhead).
package learn

import (
	"cmp"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/bundle"
	"github.com/freshet/freshet/services/recommendation/neighbours"
	"github.com/freshet/freshet/services/recommendation/popular"
	"github.com/freshet/freshet/services/recommendation/session"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// Options of the models. Start with Default.
type Options struct {
	Session                  session.Options
	Viewed, Bought, Together neighbours.Options
	// Open is how many visits may be under way at once; beyond it the one touched longest ago ends. Above 0.
	Open int
}

// Default suits a shop of some 100,000 items. Rows of 200 pairs are four times what answers look at; docs/live-models.md says what they cost.
func Default() Options {
	viewed, bought, together := neighbours.Default(), neighbours.Default(), neighbours.Default()
	viewed.Fade, viewed.Row = 0.5, 200
	bought.Row, bought.Groups = 200, 1_000_000
	together.Window, together.Row, together.Groups = 100, 200, 50_000
	return Options{Session: session.Default(), Viewed: viewed, Bought: bought, Together: together, Open: 200_000}
}

// Learner has the models that learn on. One goroutine hands it touches, any number may ask the models meanwhile.
type Learner struct {
	// The models, for asking.
	Session                  *session.Index
	Viewed, Bought, Together *neighbours.Index
	Popular                  *popular.Live

	live   *session.Live
	mu     sync.Mutex // of Finish and Touch, should they meet
	newest atomic.Int64
}

// New makes a learner that knows nothing.
func New(o Options) (*Learner, error) { return Resume(&bundle.Parts{}, o) }

// Resume makes a learner of what training learnt. The parts that there are keep their own options; they are the learner's from now on.
func Resume(p *bundle.Parts, o Options) (*Learner, error) {
	l := &Learner{Session: p.Session, Viewed: p.Viewed, Bought: p.Bought, Together: p.Together, Popular: popular.NewLive(p.Popular)}
	var err error
	if l.Session == nil {
		if l.Session, err = session.New(o.Session); err != nil {
			return nil, err
		}
	}
	for _, x := range []struct {
		to *(*neighbours.Index)
		o  neighbours.Options
	}{{&l.Viewed, o.Viewed}, {&l.Bought, o.Bought}, {&l.Together, o.Together}} {
		if *x.to != nil {
			continue
		}
		if *x.to, err = neighbours.New(x.o); err != nil {
			return nil, err
		}
	}
	if l.live, err = session.NewLive(l.Session, time.Duration(visitor.Pause)*time.Millisecond, o.Open); err != nil {
		return nil, fmt.Errorf("learn from touches: %w", err)
	}
	l.live.OnEnd(l.ended)
	return l, nil
}

// ended takes a visit that has ended.
func (l *Learner) ended(items []int32, lastMs int64) {
	at := make([]int64, len(items))
	for i := range at {
		at[i] = lastMs - int64(len(items)-1-i) // their order is what is known
	}
	l.Viewed.Take("", items, at)
	l.Viewed.Close("")
}

// Browses says that a touch is part of a visit.
func Browses(kind recommendationv1.TouchKind) bool {
	switch kind {
	case recommendationv1.TouchKind_TOUCH_KIND_VIEW, recommendationv1.TouchKind_TOUCH_KIND_CLICK, recommendationv1.TouchKind_TOUCH_KIND_CART, recommendationv1.TouchKind_TOUCH_KIND_WISH:
		return true
	}
	return false
}

// Weight is how much a touch says of what is popular and trending; below 0 it takes that back.
func Weight(t *recommendationv1.Touch) int64 {
	w := int64(0)
	switch t.GetKind() {
	case recommendationv1.TouchKind_TOUCH_KIND_VIEW, recommendationv1.TouchKind_TOUCH_KIND_CLICK:
		w = 1
	case recommendationv1.TouchKind_TOUCH_KIND_WISH:
		w = 3
	case recommendationv1.TouchKind_TOUCH_KIND_CART:
		w = 4
	case recommendationv1.TouchKind_TOUCH_KIND_BUY:
		w = 10
	case recommendationv1.TouchKind_TOUCH_KIND_RETURN:
		w = -10
	}
	if t.GetUndone() {
		return -w
	}
	return w
}

// At is when a touch counts as done: as it says, but not after it was received. One clock that is a day ahead would else end everybody's visits for a day.
func At(t *recommendationv1.Touch) int64 {
	if received := t.GetReceivedMs(); received > 0 {
		return min(t.GetAtMs(), received)
	}
	return t.GetAtMs()
}

// Touch takes a touch of an item.
func (l *Learner) Touch(t *recommendationv1.Touch, item int32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	newest, at := l.newest.Load(), At(t)
	if Browses(t.GetKind()) && !t.GetUndone() && at >= newest-visitor.Pause {
		l.live.Touch(t.GetCustomerId(), item, at)
	}
	l.newest.Store(max(newest, at))
	if w := Weight(t); w != 0 {
		l.Popular.Add(item, w)
	}
	l.sale(t, item)
}

func (l *Learner) sale(t *recommendationv1.Touch, item int32) {
	buys, returns := t.GetKind() == recommendationv1.TouchKind_TOUCH_KIND_BUY, t.GetKind() == recommendationv1.TouchKind_TOUCH_KIND_RETURN
	if order := t.GetOrderId(); buys && order != "" {
		if t.GetUndone() {
			l.Together.Drop(order, item)
		} else {
			l.Together.Observe(order, item, At(t))
		}
	}
	switch {
	case t.GetAnonymous():
	case buys && t.GetUndone(), returns && !t.GetUndone():
		l.Bought.Drop(t.GetCustomerId(), item)
	case buys, returns:
		l.Bought.Observe(t.GetCustomerId(), item, At(t))
	}
}

// Sweep ends the visits that have paused by a moment, for times when nobody comes.
func (l *Learner) Sweep(nowMs int64) { l.live.Sweep(nowMs) }

// Finish ends what is under way, for training: visits join, orders are closed.
func (l *Learner) Finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.live.EndAll()
	l.Together.CloseAll()
}

// Fill gives the parts of a bundle that were learnt here.
func (l *Learner) Fill(p *bundle.Parts) {
	p.Session, p.Viewed, p.Bought, p.Together, p.Popular = l.Session, l.Viewed, l.Bought, l.Together, l.Popular.Counts()
	p.Span.ToMs = cmp.Or(p.Span.ToMs, l.newest.Load())
}
