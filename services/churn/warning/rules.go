package warning

import (
	"math"
	"math/bits"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/forecast"
)

// always and never are the ends of time.
const (
	always = math.MinInt64
	never  = math.MaxInt64
)

const (
	dayMs   = 24 * 60 * 60 * 1000
	million = 1_000_000
)

// millionths is a number of the file in whole millionths.
func millionths(x float64) uint64 { return uint64(math.Round(x * million)) }

// later is a moment and a span behind it, or never.
func later(ms, span int64) int64 {
	if span > 0 && ms > never-span {
		return never
	}
	return ms + span
}

// days is a span of time for people.
func days(ms int64) float64 { return float64(ms) / dayMs }

// atLeast says whether a x b >= c x d, exactly.
func atLeast(a, b, c, d uint64) bool {
	h1, l1 := bits.Mul64(a, b)
	h2, l2 := bits.Mul64(c, d)
	return h1 > h2 || h1 == h2 && l1 >= l2
}

// fell: recent is at most to x what would be usual, and that is at least least.
type fell struct {
	recent, past *catalog.Feature
	// length is the recent window's, before that of the past without it, in milliseconds.
	length, before uint64
	// to and least are millionths; scale is how many steps the unit of the features has.
	to, least, scale uint64
}

func newFell(w *forecast.Warning, recent, past *catalog.Feature) *fell {
	f := &fell{recent: recent, past: past, to: millionths(w.To), least: millionths(w.Least), scale: 1}
	f.length = uint64(recent.Window.Length.Milliseconds())
	f.before = uint64(past.Window.Length.Milliseconds()) - f.length
	if recent.Kind == catalog.KindDecimal {
		f.scale = million
	}
	return f
}

// values are what the recent window has, not below 0, and what the past has without it; ok is false when one is absent, or there is no past.
func (f *fell) values(v catalog.Vector) (recent, past uint64, ok bool) {
	r, has := v.Int(f.recent.Position)
	p, had := v.Int(f.past.Position)
	if r = max(r, 0); !has || !had || p <= r {
		return 0, 0, false
	}
	return uint64(r), uint64(p - r), true
}

func (f *fell) span(v catalog.Vector) (from, until int64, ok bool) {
	recent, past, ok := f.values(v)
	if !ok {
		return 0, 0, false
	}
	enough := atLeast(past, f.length*(million/f.scale), f.least, f.before)
	return always, never, enough && atLeast(past, f.length*f.to, recent, f.before*million)
}

func (f *fell) evidence(v catalog.Vector, _ int64) []Evidence {
	recent, past, _ := f.values(v)
	unit := float64(f.scale)
	return []Evidence{
		{Feature: f.recent.Name, Value: float64(recent) / unit, Against: float64(past) / unit * float64(f.length) / float64(f.before)},
		{Feature: f.past.Name, Value: float64(past+recent) / unit},
	}
}

// overdue: more than times x cycle has passed since, and a cycle counts at least least.
type overdue struct {
	since, cycle *catalog.Feature
	times        uint64 // millionths
	least        int64  // milliseconds
}

func newOverdue(w *forecast.Warning, since, cycle *catalog.Feature) *overdue {
	return &overdue{since: since, cycle: cycle, times: millionths(w.Times), least: int64(math.Round(w.Least * dayMs))}
}

// limit is the longest time that is not overdue, in milliseconds; ok is false without a cycle. A cycle of nothing is none: everything came at once.
func (o *overdue) limit(v catalog.Vector) (limit int64, ok bool) {
	cycle, ok := v.Int(o.cycle.Position)
	if !ok || cycle <= 0 {
		return 0, false
	}
	high, low := bits.Mul64(uint64(max(cycle, o.least)), o.times)
	if high >= million/2 { // above 63 bits
		return 0, false
	}
	quotient, _ := bits.Div64(high, low, million)
	return int64(quotient), true
}

func (o *overdue) span(v catalog.Vector) (from, until int64, ok bool) {
	since, has := v.Int(o.since.Position)
	limit, ok := o.limit(v)
	if !has || !ok {
		return 0, 0, false
	}
	return later(later(since, limit), 1), never, true
}

func (o *overdue) evidence(v catalog.Vector, nowMs int64) []Evidence {
	since, _ := v.Int(o.since.Position)
	limit, _ := o.limit(v)
	cycle, _ := v.Int(o.cycle.Position)
	return []Evidence{{Feature: o.since.Name, Value: days(nowMs - since), Against: days(limit)}, {Feature: o.cycle.Name, Value: days(cycle)}}
}

// unanswered: moment is at most within ago, and answer lies before it.
type unanswered struct {
	moment, answer *catalog.Feature
	within         int64 // milliseconds
}

func (u *unanswered) span(v catalog.Vector) (from, until int64, ok bool) {
	moment, has := v.Int(u.moment.Position)
	answer, had := v.Int(u.answer.Position)
	return moment, later(later(moment, u.within), 1), has && had && answer < moment
}

func (u *unanswered) evidence(v catalog.Vector, nowMs int64) []Evidence {
	moment, _ := v.Int(u.moment.Position)
	answer, _ := v.Int(u.answer.Position)
	return []Evidence{{Feature: u.moment.Name, Value: days(nowMs - moment), Against: days(nowMs - answer)}, {Feature: u.answer.Name, Value: days(nowMs - answer)}}
}
