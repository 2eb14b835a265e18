package tally

import (
	"cmp"
	"slices"
	"sort"

	"github.com/freshet/freshet/pkg/catalog"
)

// cell is what one column accumulated, over all time or in one tile. Which fields count is the column's Op to say.
type cell struct {
	column int
	sum    catalog.Sum
	n      int64 // a number, or a time
	more   *more
}

// more is what few columns have.
type more struct {
	at       int64  // OpFirst and OpLast
	text     string // the same, of texts
	sketch   catalog.Sketch
	keys     []catalog.Keyed // by key; OpLatest and OpTraits: the latest first
	spans    []catalog.Span
	times    []int64
	sessions []catalog.Session
}

// cells are sorted by column; a column that has nothing has none.
type cells []cell

// of finds or adds the cell of a column; fresh says that it was added.
func (l *cells) of(column int) (c *cell, fresh bool) {
	i, found := slices.BinarySearchFunc(*l, column, func(c cell, column int) int { return cmp.Compare(c.column, column) })
	if !found {
		*l = slices.Insert(*l, i, cell{column: column})
	}
	return &(*l)[i], !found
}

func (l *cells) drop(column int) {
	*l = slices.DeleteFunc(*l, func(c cell) bool { return c.column == column })
}

func (c *cell) grow() *more {
	if c.more == nil {
		c.more = &more{}
	}
	return c.more
}

// fed is what a column takes of one event.
type fed struct {
	at   int64
	n    int64
	text string // a key or a text
}

// feed adds what a column takes of one event to a cell. It reports false when the cell is empty then.
func feed(c *catalog.Column, x *cell, fresh bool, f *fed) bool {
	switch c.Op {
	case catalog.OpSum:
		x.sum = x.sum.Plus(catalog.SumOf(f.n))
		return x.sum != (catalog.Sum{})
	case catalog.OpMin:
		if fresh || f.n < x.n {
			x.n = f.n
		}
	case catalog.OpMax:
		if fresh || f.n > x.n {
			x.n = f.n
		}
	case catalog.OpFirst, catalog.OpLast:
		m := x.grow()
		if fresh || before(f.at, f.n, f.text, m.at, x.n, m.text) == (c.Op == catalog.OpFirst) {
			m.at, x.n, m.text = f.at, f.n, f.text
		}
	case catalog.OpFirstTime:
		if fresh || f.at < x.n {
			x.n = f.at
		}
	case catalog.OpLastTime:
		if fresh || f.at > x.n {
			x.n = f.at
		}
	case catalog.OpDistinct:
		x.grow().sketch.Add(catalog.KeyHash(f.text))
	case catalog.OpByKey:
		x.sum = x.sum.Plus(catalog.SumOf(f.n))
		addKey(x.grow(), catalog.Keyed{Key: f.text, Sum: catalog.SumOf(f.n)})
	case catalog.OpDecayed:
		span, sum := catalog.Weighted(f.n, f.at, c.HalfLife)
		m := x.grow()
		m.spans = catalog.AddSpan(m.spans, catalog.Span{Index: span, Sum: sum})
		return len(m.spans) > 0
	case catalog.OpDecayedByKey:
		span, sum := catalog.Weighted(f.n, f.at, c.HalfLife)
		addKey(x.grow(), catalog.Keyed{Key: f.text, Spans: catalog.AddSpan(nil, catalog.Span{Index: span, Sum: sum})})
	case catalog.OpTimes:
		m := x.grow()
		m.times = latest(insertTime(m.times, f.at), catalog.MaxTimes)
	case catalog.OpDays:
		m := x.grow()
		if day := catalog.Floor(f.at, dayMs); !slices.Contains(m.times, day) {
			m.times = insertTime(m.times, day)
		}
	case catalog.OpSessions:
		m := x.grow()
		m.sessions = join(m.sessions, catalog.Session{StartMs: f.at, EndMs: f.at, Events: 1})
	case catalog.OpLatest:
		m := x.grow()
		m.keys = keepName(m.keys, catalog.Keyed{Key: f.text, AtMs: f.at})
	}
	return true
}

const dayMs = 86_400_000

// before orders what two events told: by time, then by value.
func before(at, n int64, text string, otherAt, otherN int64, otherText string) bool {
	return cmp.Or(cmp.Compare(at, otherAt), cmp.Compare(n, otherN), cmp.Compare(text, otherText)) < 0
}

func insertTime(list []int64, at int64) []int64 {
	i := sort.Search(len(list), func(i int) bool { return list[i] > at })
	return slices.Insert(list, i, at)
}

func latest(list []int64, n int) []int64 { return list[max(0, len(list)-n):] }

// keepName notes the last time of a name.
func keepName(list []catalog.Keyed, x catalog.Keyed) []catalog.Keyed {
	if i := slices.IndexFunc(list, func(k catalog.Keyed) bool { return k.Key == x.Key }); i >= 0 {
		if list[i].AtMs >= x.AtMs {
			return list
		}
		list = slices.Delete(list, i, i+1)
	}
	return catalog.KeepLatest(list, x, catalog.MaxNames)
}

// addKey adds to the keys of a cell, and bounds them.
func addKey(m *more, k catalog.Keyed) {
	i, found := slices.BinarySearchFunc(m.keys, k.Key, func(x catalog.Keyed, key string) int { return cmp.Compare(x.Key, key) })
	if found {
		m.keys[i].Sum = m.keys[i].Sum.Plus(k.Sum)
		m.keys[i].Spans = catalog.MergeSpans(m.keys[i].Spans, k.Spans)
		m.dropRest()
		return
	}
	m.keys = slices.Insert(m.keys, i, k)
	if len(m.keys) > catalog.MaxKeys {
		m.keys = catalog.Evict(m.keys)
	}
}

// dropRest forgets what the keys that were not kept come to together when that is nothing: whether it was ever more must not show.
func (m *more) dropRest() {
	if len(m.keys) > 0 && m.keys[0].Key == "" && m.keys[0].Sum == (catalog.Sum{}) && len(m.keys[0].Spans) == 0 {
		m.keys = slices.Delete(m.keys, 0, 1)
	}
}

// join adds a session to a rising list: those that are at most catalog.SessionGap apart become one.
func join(list []catalog.Session, s catalog.Session) []catalog.Session {
	gap := catalog.SessionGap.Milliseconds()
	i := sort.Search(len(list), func(i int) bool { return list[i].EndMs+gap >= s.StartMs })
	j := i
	for j < len(list) && list[j].StartMs-gap <= s.EndMs {
		s.StartMs, s.EndMs, s.Events = min(s.StartMs, list[j].StartMs), max(s.EndMs, list[j].EndMs), s.Events+list[j].Events
		j++
	}
	return slices.Replace(list, i, j, s)
}

// merge adds o, of the same column, to a cell. It reports false when the cell is empty then.
func merge(c *catalog.Column, x *cell, fresh bool, o *cell) bool {
	switch c.Op {
	case catalog.OpSum:
		x.sum = x.sum.Plus(o.sum)
		return x.sum != (catalog.Sum{})
	case catalog.OpMin, catalog.OpMax, catalog.OpFirstTime, catalog.OpLastTime:
		return feed(c, x, fresh, &fed{at: o.n, n: o.n})
	case catalog.OpFirst, catalog.OpLast:
		return feed(c, x, fresh, &fed{at: o.more.at, n: o.n, text: o.more.text})
	}
	m := x.grow()
	switch c.Op {
	case catalog.OpDistinct:
		m.sketch.Merge(&o.more.sketch)
	case catalog.OpByKey, catalog.OpDecayedByKey:
		x.sum = x.sum.Plus(o.sum)
		for _, k := range o.more.keys {
			k.Spans = slices.Clone(k.Spans)
			addKey(m, k)
		}
	case catalog.OpDecayed:
		m.spans = catalog.MergeSpans(m.spans, o.more.spans)
		return len(m.spans) > 0
	case catalog.OpTimes:
		for _, t := range o.more.times {
			m.times = insertTime(m.times, t)
		}
		m.times = latest(m.times, catalog.MaxTimes)
	case catalog.OpDays:
		for _, t := range o.more.times {
			feed(c, x, false, &fed{at: t})
		}
	case catalog.OpSessions:
		for _, s := range o.more.sessions {
			m.sessions = join(m.sessions, s)
		}
	case catalog.OpLatest:
		for _, k := range o.more.keys {
			m.keys = keepName(m.keys, k)
		}
	case catalog.OpTraits:
		for _, k := range o.more.keys {
			m.keys = catalog.TellTrait(m.keys, k)
		}
	}
	return true
}
