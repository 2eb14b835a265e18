package feature

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/money"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// mostTiles is how many tiles a part lists: a year of days, and some.
const mostTiles = 400

// The ways in which tiles come together: Part.combine.
const (
	combineSum      = "sum"
	combineSmallest = "smallest"
	combineLargest  = "largest"
	combineEarliest = "earliest"
	combineLatest   = "latest"
	combineGaps     = "gaps"
	combineVisits   = "visits"
	combineDays     = "days"
	combineNone     = "none"
)

// part is one accumulation of a feature, being written.
type part struct {
	*featurev1.Part
	e      *evidence
	f      *catalog.Feature
	column *catalog.Column
	slot   int
	r      *catalog.Reading
	// kind is that of an amount.
	kind catalog.Kind
	// shares are those of the keys, where the feature is of shares.
	shares map[string]string
}

// parts are what a feature reads.
func (e *evidence) parts(f *catalog.Feature) (out []*featurev1.Part) {
	plan := e.book.catalog.Plan()
	for _, slot := range f.Reads() {
		c := &plan.Columns[plan.Slots[slot].Column]
		p := &part{Part: &featurev1.Part{Column: c.Key, Combine: combineNone}, e: e, f: f, column: c, slot: slot, r: &e.readings[slot], kind: amountKind(c)}
		writers[c.Op](p)
		slices.SortStableFunc(p.Tiles, func(a, b *featurev1.Tile) int { return cmp.Compare(b.GetStartMs(), a.GetStartMs()) })
		p.Reading = p.words()
		out = append(out, p.Part)
	}
	return out
}

// amountKind is the form of the numbers that a column adds up.
func amountKind(c *catalog.Column) catalog.Kind {
	switch c.Op {
	case catalog.OpDecayed, catalog.OpDecayedByKey:
		return catalog.KindDecimal
	case catalog.OpFirstTime, catalog.OpLastTime, catalog.OpLatest:
		return catalog.KindMoment
	case catalog.OpTimes:
		return catalog.KindDuration
	}
	switch {
	case c.Text != nil && c.Op != catalog.OpDistinct:
		return catalog.KindText
	case c.Value != nil, c.Posted == catalog.PostedQuantity, c.Posted == catalog.PostedSpend, c.Posted == catalog.PostedRefund:
		return catalog.KindDecimal
	}
	return catalog.KindCount
}

// writers write the tiles, keys and total of a part.
var writers = map[catalog.Op]func(p *part){
	catalog.OpSum:          (*part).sum,
	catalog.OpMin:          func(p *part) { p.edge(combineSmallest) },
	catalog.OpMax:          func(p *part) { p.edge(combineLargest) },
	catalog.OpFirst:        func(p *part) { p.one(combineEarliest) },
	catalog.OpLast:         func(p *part) { p.one(combineLatest) },
	catalog.OpFirstTime:    func(p *part) { p.moment(combineEarliest) },
	catalog.OpLastTime:     func(p *part) { p.moment(combineLatest) },
	catalog.OpDistinct:     (*part).distinct,
	catalog.OpByKey:        (*part).byKey,
	catalog.OpDecayed:      (*part).decayed,
	catalog.OpDecayedByKey: (*part).decayedByKey,
	catalog.OpTimes:        (*part).times,
	catalog.OpSessions:     (*part).visits,
	catalog.OpDays:         (*part).days,
	catalog.OpLatest:       (*part).latest,
	catalog.OpTraits:       (*part).latest,
}

// number is an amount.
func (p *part) number(n int64) *featurev1.FeatureValue {
	return valueOf(p.kind, 0, catalog.Value{Present: true, Int: n})
}

// tile adds a span that adds n.
func (p *part) tile(start, length, n int64) *featurev1.Tile {
	t := &featurev1.Tile{StartMs: start, LengthMs: length, Amount: p.number(n)}
	p.Tiles = append(p.Tiles, t)
	return t
}

// ever adds the one tile of what is kept without spans.
func (p *part) ever(n int64) { p.tile(0, 0, n).SinceEver = true }

// tiled gives the tiles of a window to f; false without a window.
func (p *part) tiled(f func(r *catalog.Reading) int64) bool {
	if p.e.book.catalog.Plan().Slots[p.slot].Window.Length == 0 {
		return false
	}
	for _, t := range p.e.state.Tiles(p.slot, p.e.asOfMs, mostTiles) {
		p.tile(t.StartMs, t.LengthMs, f(&t.Reading)).Merged = int32(t.Merged)
	}
	return true
}

func (p *part) sum() {
	p.Combine, p.Total = combineSum, p.number(p.r.Sum.Clamp())
	if !p.tiled(func(r *catalog.Reading) int64 { return r.Sum.Clamp() }) && p.r.Any {
		p.ever(p.r.Sum.Clamp())
	}
}

func (p *part) edge(combine string) {
	p.Combine = combine
	if !p.r.Any {
		return
	}
	p.Total = p.number(p.r.N)
	if !p.tiled(func(r *catalog.Reading) int64 { return r.N }) {
		p.ever(p.r.N)
	}
}

// one is the one event that was kept.
func (p *part) one(combine string) {
	p.Combine = combine
	if p.r.Any {
		p.Total = valueOf(p.kind, 0, catalog.Value{Present: true, Int: p.r.N, Text: p.r.Text})
		p.tile(p.r.AtMs, 0, 0).Amount = p.Total
	}
}

func (p *part) moment(combine string) {
	p.Combine = combine
	if p.r.Any {
		p.Total = p.number(p.r.AtMs)
		p.tile(p.r.AtMs, 0, p.r.AtMs)
	}
}

// distinct counts each text in the tile in which it was first met, so that the tiles come to the total.
func (p *part) distinct() {
	p.Combine, p.Total = combineSum, p.number(0)
	if p.r.Sketch == nil {
		return
	}
	p.Total = p.number(p.r.Sketch.Count())
	met := &catalog.Sketch{}
	if !p.tiled(func(r *catalog.Reading) int64 {
		before := met.Count()
		met.Merge(r.Sketch)
		return met.Count() - before
	}) {
		p.ever(p.r.Sketch.Count())
	}
}

func (p *part) byKey() {
	p.sum()
	for _, k := range p.ranked() {
		p.key(k.Key, k.Sum.Clamp())
	}
}

// ranked are the keys in the order of the feature: those that a top is cut from first, as it ranks them, and what has no share behind them; those of a
// breakdown by what they have.
func (p *part) ranked() []catalog.Keyed {
	list := slices.Clone(p.r.Keys)
	if p.f.Aggregate == "breakdown" {
		slices.SortStableFunc(list, func(a, b catalog.Keyed) int { return cmp.Compare(b.Sum.Clamp(), a.Sum.Clamp()) })
		return list
	}
	p.shares = map[string]string{}
	place := map[string]int{}
	for i, x := range p.f.Ranked(p.r, p.e.asOfMs) {
		p.shares[x.Key], place[x.Key] = money.FormatQuantity(x.Int), i-len(p.r.Keys)
	}
	slices.SortStableFunc(list, func(a, b catalog.Keyed) int { return cmp.Compare(place[a.Key], place[b.Key]) })
	return list
}

// key adds a key that has n.
func (p *part) key(name string, n int64) {
	p.Keys = append(p.Keys, &featurev1.PartKey{Key: name, Amount: p.number(n), Share: p.shares[name]})
}

// decayed shows what is left of each half-life. What the first ones come to is cut together, so that the parts come to the total.
func (p *part) decayed() { p.left(p.r.Spans) }

func (p *part) left(spans []catalog.Span) {
	half := p.column.HalfLife
	p.Combine, p.Total = combineSum, p.number(catalog.Decayed(spans, p.e.asOfMs, half))
	before := int64(0)
	for i, s := range spans {
		now := catalog.Decayed(spans[:i+1], p.e.asOfMs, half)
		if now != before {
			p.tile(s.Index*half.Milliseconds(), half.Milliseconds(), now-before)
		}
		before = now
	}
}

func (p *part) decayedByKey() {
	var all []catalog.Span
	for _, k := range p.r.Keys {
		all = catalog.MergeSpans(all, slices.Clone(k.Spans))
	}
	p.left(all)
	before := int64(0)
	all = nil
	for _, k := range p.ranked() {
		all = catalog.MergeSpans(all, slices.Clone(k.Spans))
		now := catalog.Decayed(all, p.e.asOfMs, p.column.HalfLife)
		p.key(k.Key, now-before)
		before = now
	}
}

// times are moments, each with the time since the one before.
func (p *part) times() {
	p.Combine = combineGaps
	for i, at := range p.r.Times {
		t := p.tile(at, 0, 0)
		if t.Amount = nil; i > 0 {
			t.Amount = p.number(at - p.r.Times[i-1])
		}
	}
}

// visits are those that begin within the window.
func (p *part) visits() {
	list := p.f.Visits(p.r, p.e.asOfMs)
	p.Combine, p.kind, p.Total = combineVisits, catalog.KindCount, p.number(int64(len(list)))
	if over := len(list) - mostTiles; over > 0 {
		first := catalog.Session{StartMs: list[0].StartMs, EndMs: list[over].EndMs}
		for _, v := range list[:over+1] {
			first.Events += v.Events
		}
		p.tile(first.StartMs, first.EndMs-first.StartMs, first.Events).Merged = int32(over + 1)
		list = list[over+1:]
	}
	for _, v := range list {
		p.tile(v.StartMs, v.EndMs-v.StartMs, v.Events)
	}
}

func (p *part) days() {
	p.Combine, p.Total = combineDays, p.number(int64(len(p.r.Times)))
	for _, day := range p.r.Times {
		p.tile(day, 86_400_000, 1)
	}
}

// latest are names with the time of each, and traits with their text.
func (p *part) latest() {
	p.Combine = combineLatest
	for _, k := range p.r.Keys {
		amount := p.number(k.AtMs)
		if p.column.Op == catalog.OpTraits {
			amount = valueOf(catalog.KindText, 0, catalog.Value{Present: true, Text: k.Text})
		}
		p.Keys = append(p.Keys, &featurev1.PartKey{Key: k.Key, Amount: amount})
	}
}

// words say what a part holds.
func (p *part) words() string {
	n := len(p.Tiles)
	switch p.Combine {
	case combineSum, combineSmallest, combineLargest:
		if n == 1 && p.Tiles[0].GetSinceEver() {
			return "kept as one number since ever"
		}
		return fmt.Sprintf("the %s of %s", p.Combine, counted(n, "span", "spans"))
	case combineGaps:
		return counted(n, "moment", "moments")
	case combineVisits, combineDays:
		return counted(n, p.Combine[:len(p.Combine)-1], p.Combine)
	}
	if len(p.Keys) > 0 {
		return counted(len(p.Keys), "entry", "entries")
	}
	return counted(n, "event", "events")
}

func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
