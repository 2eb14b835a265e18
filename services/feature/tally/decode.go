package tally

import (
	"encoding/binary"
	"slices"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/wire"
)

// reader reads the parts of a state. What cannot have been written fails.
type reader struct {
	wire.Cursor
	base  int64
	arena *Arena
	// all is the bytes that the cursor began with, as one text of which the others are parts.
	all string
}

// readFrom begins at the front of in, which is left untouched.
func readFrom(in wire.Cursor, a *Arena) reader {
	if a == nil {
		a = &Arena{}
	}
	rest := in
	return reader{Cursor: in, arena: a, all: string(rest.Rest())}
}

// Text takes a text without a copy of its own.
func (r *reader) Text() string {
	n := len(r.Bytes())
	if r.Failed() {
		return ""
	}
	end := len(r.all) - r.Left()
	return r.all[end-n : end]
}

// one is a cell's further part.
func (r *reader) one() *more { return &r.arena.mores.take(1, 0)[0] }

func (r *reader) state(s *State) {
	switch r.Byte() {
	case 0:
	case 1:
		s.seen, s.last = true, r.Varint()
	default:
		r.Fail()
	}
	s.sales = r.sales()
	s.life = r.cells(s.e.plan, func(c *catalog.Column) bool { return c.Lifetime && !ofSales(c) })
	for h := range s.tiles {
		s.tiles[h] = r.tiles(s.e, h)
	}
}

// sales reads the times of sales; they must rise, and none may be empty.
func (r *reader) sales() []sale {
	n := r.Count(2)
	if n == 0 {
		return nil
	}
	list := make([]sale, n)
	at := int64(0)
	for i := range list {
		list[i] = sale{at: at + r.Varint(), n: r.Varint()}
		if i > 0 && list[i].at <= at || list[i].n == 0 {
			r.Fail()
		}
		at = list[i].at
	}
	return list
}

// tiles reads one hop; starts must rise.
func (r *reader) tiles(e *Engine, h int) []tile {
	n := r.Count(3)
	if n == 0 {
		return nil
	}
	list := r.arena.tiles.take(n, 1)
	before, ms := int64(0), e.hops[h].ms
	r.base = 0
	for i := range list {
		hops := before + r.Varint()
		if i > 0 && hops <= before || hops*ms/ms != hops {
			r.Fail()
		}
		before = hops
		list[i].start = hops * ms
		list[i].cells = r.cellsOf(e.plan, e.hops[h].keep)
		if len(list[i].cells) == 0 {
			r.Fail()
		}
		if r.Failed() {
			return nil
		}
	}
	return list
}

func (r *reader) cellsOf(p *catalog.Plan, keep []*catalog.Window) cells {
	return r.read(p, func(column int) bool { return keep[column] != nil })
}

func (r *reader) cells(p *catalog.Plan, belongs func(*catalog.Column) bool) cells {
	return r.read(p, func(column int) bool { return belongs(&p.Columns[column]) })
}

// read reads cells; columns must rise, and belong there.
func (r *reader) read(p *catalog.Plan, belongs func(int) bool) cells {
	n := r.Count(2)
	if n == 0 {
		return nil
	}
	list := cells(r.arena.cells.take(n, 2))
	column := 0
	for i := range list {
		step := r.Uvarint()
		if i > 0 && step == 0 || step >= uint64(len(p.Columns)-column) {
			r.Fail()
			return nil
		}
		column += int(step)
		if !belongs(column) {
			r.Fail()
			return nil
		}
		list[i].column = column
		if r.cell(p.Columns[column].Op, &list[i]); r.Failed() {
			return nil
		}
	}
	return list
}

func (r *reader) time() int64 {
	r.base += r.Varint()
	return r.base
}

func (r *reader) cell(op catalog.Op, x *cell) {
	switch op {
	case catalog.OpSum:
		if x.sum = r.sum(); x.sum == (catalog.Sum{}) {
			r.Fail()
		}
	case catalog.OpMin, catalog.OpMax:
		x.n = r.Varint()
	case catalog.OpFirstTime, catalog.OpLastTime:
		x.n = r.time()
	case catalog.OpFirst, catalog.OpLast:
		x.more = r.one()
		x.more.at = r.time()
		x.n, x.more.text = r.Varint(), r.Text()
	case catalog.OpDistinct:
		x.more = r.one()
		r.sketch(&x.more.sketch)
	case catalog.OpByKey, catalog.OpDecayedByKey:
		x.more = r.one()
		x.more.keys = r.keys(op)
		if op == catalog.OpByKey {
			for i := range x.more.keys {
				x.sum = x.sum.Plus(x.more.keys[i].Sum)
			}
		}
	case catalog.OpDecayed:
		x.more = r.one()
		x.more.spans = r.spans()
	case catalog.OpTimes, catalog.OpDays:
		x.more = r.one()
		x.more.times = r.arena.times.take(r.Count(1), 1)
		for i := range x.more.times {
			x.more.times[i] = r.time()
		}
		if !slices.IsSorted(x.more.times) {
			r.Fail()
		}
	case catalog.OpSessions:
		x.more = r.one()
		x.more.sessions = r.arena.sessions.take(r.Count(3), 1)
		for i := range x.more.sessions {
			x.more.sessions[i] = catalog.Session{StartMs: r.time(), EndMs: r.time(), Events: r.Varint()}
		}
	case catalog.OpLatest, catalog.OpTraits:
		x.more = r.one()
		x.more.keys = r.arena.keys.take(r.Count(2), 1)
		for i := range x.more.keys {
			k := catalog.Keyed{Key: r.Text(), AtMs: r.time()}
			if op == catalog.OpTraits {
				k.Text, k.Source = r.Text(), r.Text()
			}
			if x.more.keys[i] = k; i > 0 && catalog.Later(x.more.keys[i-1], k) >= 0 {
				r.Fail()
			}
		}
	}
}

// keys reads the parts by key; they must rise.
func (r *reader) keys(op catalog.Op) []catalog.Keyed {
	out := r.arena.keys.take(r.Count(2), 1)
	for i := range out {
		out[i].Key = r.Text()
		if op == catalog.OpByKey {
			out[i].Sum = r.sum()
		} else {
			out[i].Spans = r.spans()
		}
		if i > 0 && out[i-1].Key >= out[i].Key {
			r.Fail()
		}
	}
	return out
}

func (r *reader) spans() []catalog.Span {
	n := r.Count(2)
	if n == 0 {
		return nil
	}
	out := r.arena.spans.take(n, 1)
	before := int64(0)
	for i := range out {
		out[i] = catalog.Span{Index: before + r.Varint(), Sum: r.sum()}
		if i > 0 && out[i].Index <= before || out[i].Sum == (catalog.Sum{}) {
			r.Fail()
		}
		before = out[i].Index
	}
	return out
}

func (r *reader) sketch(s *catalog.Sketch) {
	n := r.Uvarint()
	if n > catalog.DistinctExact {
		ranks := make([]byte, catalog.Registers)
		r.Fixed(ranks)
		if read := catalog.OfRanks(ranks); read != nil && !r.Failed() {
			*s = *read
			return
		}
		r.Fail()
		return
	}
	hashes := r.arena.hashes.take(int(n), 1)
	for i := range hashes {
		var b [8]byte
		r.Fixed(b[:])
		hashes[i] = binary.BigEndian.Uint64(b[:])
	}
	if read := catalog.OfHashes(hashes); read != nil {
		*s = *read
		return
	}
	r.Fail()
}

// sum reads what appendSum wrote: at most 128 bits, in as few bytes as they need.
func (r *reader) sum() catalog.Sum {
	var high, low uint64
	for shift := 0; ; shift += 7 {
		x := r.Byte()
		if r.Failed() || shift > 126 || shift == 126 && x > 3 || shift > 0 && x == 0 {
			r.Fail()
			return catalog.Sum{}
		}
		bits := uint64(x & 0x7f)
		if shift < 64 {
			low |= bits << shift
			high |= bits >> (64 - shift)
		} else {
			high |= bits << (shift - 64)
		}
		if x < 0x80 {
			break
		}
	}
	sign := -(low & 1)
	return catalog.FromWords(int64(high>>1^sign), (low>>1|high<<63)^sign)
}
