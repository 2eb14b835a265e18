package tally

import (
	"slices"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/catalog/expr"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// tile is what happened in [start, start+hop). It is never empty: what was taken back leaves no tile.
type tile struct {
	start int64
	cells cells
}

// State is what is known of one customer.
type State struct {
	e *Engine
	// seen says that there was an event; last is the latest then.
	seen  bool
	last  int64
	sales []sale // by time
	life  cells
	tiles [][]tile // one list a hop, by start
}

// New is the state of a customer who did nothing.
func (e *Engine) New() *State { return e.in(&Arena{}) }

// in is New in an arena.
func (e *Engine) in(a *Arena) *State {
	s := &a.states.take(1, 0)[0]
	s.e, s.tiles = e, a.lists.take(len(e.hops), 0)
	return s
}

// Insert adds one event. passedMs only decides what is too old to be kept; it does not change what is read from then on.
func (s *State) Insert(x *expr.Event, passedMs int64) {
	at := x.AtMs()
	if !s.seen || at > s.last {
		s.seen, s.last = true, at
	}
	for _, i := range s.e.named[expr.NameOf(x.Event())] {
		s.take(i, x, passedMs)
	}
	for _, i := range s.e.any {
		s.take(i, x, passedMs)
	}
}

// take feeds one column.
func (s *State) take(i int, x *expr.Event, passedMs int64) {
	c := &s.e.plan.Columns[i]
	if c.Each != nil {
		c.Each.Each(x, func() { s.takeOne(i, c, x, passedMs) })
		return
	}
	s.takeOne(i, c, x, passedMs)
}

func (s *State) takeOne(i int, c *catalog.Column, x *expr.Event, passedMs int64) {
	if c.Where != nil && !c.Where.Holds(x) {
		return
	}
	if c.Op == catalog.OpTraits {
		s.traits(i, x)
		return
	}
	f := fed{at: x.AtMs(), n: 1}
	ok := true
	if c.Value != nil {
		f.n, ok = c.Value.Of(x)
	}
	if ok && c.Counted != nil {
		_, ok = c.Counted.Of(x)
	}
	if text := c.By; ok && (text != nil || c.Text != nil) {
		if text == nil {
			text = c.Text
		}
		f.text, ok = text.Of(x)
		if c.Text != nil {
			f.n = 0
		}
	}
	if ok {
		s.feed(i, c, &f, passedMs)
	}
}

// feed adds to what is kept without a window, and to the tile of each hop.
func (s *State) feed(i int, c *catalog.Column, f *fed, passedMs int64) {
	if c.Op == catalog.OpSessions && tooOld(c, f.at, passedMs) {
		return
	}
	if c.Op == catalog.OpDays && f.at < dayHorizon(passedMs) {
		return
	}
	if c.Lifetime {
		x, fresh := s.life.of(i)
		if !feed(c, x, fresh, f) {
			s.life.drop(i)
		}
	}
	if len(c.Hops) == 0 || c.Op == catalog.OpSessions {
		return
	}
	for h := range s.e.hops {
		if w := s.e.hops[h].keep[i]; w != nil {
			if start := catalog.Floor(f.at, s.e.hops[h].ms); start >= horizon(w, passedMs) {
				s.tileAt(h, start, func(t *tile) {
					x, fresh := t.cells.of(i)
					if !feed(c, x, fresh, f) {
						t.cells.drop(i)
					}
				})
			}
		}
	}
}

// tooOld says that a moment is too far back for a session that any window could see.
func tooOld(c *catalog.Column, at, passedMs int64) bool {
	from := passedMs
	for i := range c.Keep {
		from = min(from, horizon(&c.Keep[i], passedMs))
	}
	return at < from-catalog.SessionGap.Milliseconds()
}

// dayHorizon is the begin of the oldest day worth keeping.
func dayHorizon(passedMs int64) int64 { return catalog.Floor(passedMs, dayMs) - 366*dayMs }

// tileAt changes the tile that begins at start, and drops it when it is empty then. Most events fall into the last tile or after it.
func (s *State) tileAt(h int, start int64, change func(*tile)) {
	list := s.tiles[h]
	i := len(list)
	for i > 0 && list[i-1].start > start {
		i--
	}
	if i == 0 || list[i-1].start != start {
		list = slices.Insert(list, i, tile{start: start})
		i++
	}
	change(&list[i-1])
	if len(list[i-1].cells) == 0 {
		list = slices.Delete(list, i-1, i)
	}
	s.tiles[h] = list
}

// traits notes what an identify call told.
func (s *State) traits(i int, x *expr.Event) {
	if x.Event().GetType() != eventv1.EventType_EVENT_TYPE_IDENTIFY {
		return
	}
	list := catalog.TraitsOf(x.Event().GetTraitsJson())
	if len(list) == 0 {
		return
	}
	c, _ := s.life.of(i)
	m := c.grow()
	for _, t := range list {
		m.keys = catalog.TellTrait(m.keys, catalog.Keyed{Key: t.Name, Text: t.Text, AtMs: x.AtMs(), Source: x.Event().GetSource()})
	}
}

// Post adds what an order posts, or takes it when it counts no more. passedMs is as for Insert.
func (s *State) Post(p *orderv1.Posting, taken bool, passedMs int64) {
	sign := int64(1)
	if taken {
		sign = -1
	}
	at := p.GetAtMs()
	s.sales = addSale(s.sales, sale{at: at, n: sign * p.GetOrders()})
	for _, i := range s.e.posts {
		c := &s.e.plan.Columns[i]
		if n := posted(c.Posted, p); n != 0 {
			s.feed(i, c, &fed{at: at, n: sign * n}, passedMs)
		}
	}
}

func posted(what catalog.Posted, p *orderv1.Posting) int64 {
	switch what {
	case catalog.PostedOrders:
		return p.GetOrders()
	case catalog.PostedQuantity:
		return p.GetQuantityMicros()
	case catalog.PostedSpend:
		return p.GetSpendMicros()
	case catalog.PostedRefunds:
		return p.GetRefunds()
	default:
		return p.GetRefundMicros()
	}
}

// Merge adds everything of o, which is left as it was.
func (s *State) Merge(o *State) {
	if o.seen && (!s.seen || o.last > s.last) {
		s.seen, s.last = true, o.last
	}
	for _, x := range o.sales {
		s.sales = addSale(s.sales, x)
	}
	s.life.merge(s.e.plan, o.life)
	for h := range o.tiles {
		for i := range o.tiles[h] {
			from := &o.tiles[h][i]
			s.tileAt(h, from.start, func(t *tile) { t.cells.merge(s.e.plan, from.cells) })
		}
	}
}

func (l *cells) merge(p *catalog.Plan, o cells) {
	for i := range o {
		x, fresh := l.of(o[i].column)
		if !merge(&p.Columns[o[i].column], x, fresh, &o[i]) {
			l.drop(o[i].column)
		}
	}
}

// Prune drops what no window reaches from passedMs on.
func (s *State) Prune(passedMs int64) {
	for h := range s.tiles {
		s.pruneTiles(h, passedMs)
	}
	kept := s.life[:0]
	for _, x := range s.life {
		if s.pruned(&s.e.plan.Columns[x.column], &x, passedMs) {
			kept = append(kept, x)
		}
	}
	s.life = kept
}

func (s *State) pruneTiles(h int, passedMs int64) {
	hp, list := &s.e.hops[h], s.tiles[h]
	var buf [16]int64
	from := hp.horizons(passedMs, buf[:0])
	if len(list) == 0 || len(from) == 0 {
		return
	}
	oldest, newest := slices.Min(from), slices.Max(from)
	old := 0
	for old < len(list) && list[old].start < oldest {
		old++
	}
	list = slices.Delete(list, 0, old)
	for i := 0; i < len(list) && list[i].start < newest; i++ {
		t := &list[i]
		t.cells = slices.DeleteFunc(t.cells, func(c cell) bool { return t.start < from[hp.kept[c.column]] })
		if len(t.cells) == 0 {
			list = slices.Delete(list, i, i+1)
			i--
		}
	}
	s.tiles[h] = list
}

// pruned drops what is too old of a cell that has no tiles, and reports false when nothing is left.
func (s *State) pruned(c *catalog.Column, x *cell, passedMs int64) bool {
	switch c.Op {
	case catalog.OpDays:
		from := dayHorizon(passedMs)
		x.more.times = slices.DeleteFunc(x.more.times, func(t int64) bool { return t < from })
		return len(x.more.times) > 0
	case catalog.OpSessions:
		x.more.sessions = slices.DeleteFunc(x.more.sessions, func(v catalog.Session) bool { return tooOld(c, v.EndMs, passedMs) })
		return len(x.more.sessions) > 0
	case catalog.OpDecayed:
		x.more.spans = recent(x.more.spans, c, passedMs)
		return len(x.more.spans) > 0
	case catalog.OpDecayedByKey:
		// Keys stay, or which of them are kept would depend on when they were pruned.
		for i := range x.more.keys {
			x.more.keys[i].Spans = recent(x.more.keys[i].Spans, c, passedMs)
		}
		x.more.dropRest()
	}
	return true
}

// recent drops the spans that count no more.
func recent(spans []catalog.Span, c *catalog.Column, passedMs int64) []catalog.Span {
	now, _ := catalog.SpanOf(passedMs, c.HalfLife)
	return slices.DeleteFunc(spans, func(s catalog.Span) bool { return s.Index < now-catalog.SpansKept-1 })
}
