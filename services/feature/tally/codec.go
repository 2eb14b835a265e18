package tally

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/wire"
)

// format is that of a state. Behind it stands the fingerprint of the plan: columns are told by their place in it.
var format = wire.Format{Name: "feature state", Oldest: 3, Written: 3, Newest: 3}

// Append encodes s behind b. All integers are varints; columns are told as the distance from the one before, tile starts in hops since the tile before.
func (s *State) Append(b []byte) []byte {
	b = format.Begin(b)
	b = binary.BigEndian.AppendUint64(b, s.e.plan.Fingerprint)
	if s.seen {
		b = append(b, 1)
		b = binary.AppendVarint(b, s.last)
	} else {
		b = append(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(s.sales)))
	at := int64(0)
	for _, x := range s.sales {
		b = binary.AppendVarint(b, x.at-at)
		b = binary.AppendVarint(b, x.n)
		at = x.at
	}
	w := writer{plan: s.e.plan}
	b = w.cells(b, s.life)
	for h := range s.tiles {
		b = binary.AppendUvarint(b, uint64(len(s.tiles[h])))
		before := int64(0)
		w.base = 0
		for i := range s.tiles[h] {
			hops := s.tiles[h][i].start / s.e.hops[h].ms
			b = binary.AppendVarint(b, hops-before)
			before = hops
			b = w.cells(b, s.tiles[h][i].cells)
		}
	}
	return b
}

// writer writes cells. Times are written as the distance from the one before.
type writer struct {
	plan *catalog.Plan
	base int64
}

func (w *writer) time(b []byte, at int64) []byte {
	b = binary.AppendVarint(b, at-w.base)
	w.base = at
	return b
}

func (w *writer) cells(b []byte, list cells) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	before := 0
	for i := range list {
		b = binary.AppendUvarint(b, uint64(list[i].column-before))
		before = list[i].column
		b = w.cell(b, w.plan.Columns[list[i].column].Op, &list[i])
	}
	return b
}

func (w *writer) cell(b []byte, op catalog.Op, x *cell) []byte {
	switch op {
	case catalog.OpSum:
		return appendSum(b, x.sum)
	case catalog.OpMin, catalog.OpMax:
		return binary.AppendVarint(b, x.n)
	case catalog.OpFirstTime, catalog.OpLastTime:
		return w.time(b, x.n)
	case catalog.OpFirst, catalog.OpLast:
		b = w.time(b, x.more.at)
		return wire.AppendText(binary.AppendVarint(b, x.n), x.more.text)
	case catalog.OpDistinct:
		return appendSketch(b, &x.more.sketch)
	case catalog.OpByKey:
		b = binary.AppendUvarint(b, uint64(len(x.more.keys)))
		for i := range x.more.keys {
			b = appendSum(wire.AppendText(b, x.more.keys[i].Key), x.more.keys[i].Sum)
		}
	case catalog.OpDecayed:
		return appendSpans(b, x.more.spans)
	case catalog.OpDecayedByKey:
		b = binary.AppendUvarint(b, uint64(len(x.more.keys)))
		for i := range x.more.keys {
			b = appendSpans(wire.AppendText(b, x.more.keys[i].Key), x.more.keys[i].Spans)
		}
	case catalog.OpTimes, catalog.OpDays:
		b = binary.AppendUvarint(b, uint64(len(x.more.times)))
		for _, t := range x.more.times {
			b = w.time(b, t)
		}
	case catalog.OpSessions:
		b = binary.AppendUvarint(b, uint64(len(x.more.sessions)))
		for _, v := range x.more.sessions {
			b = w.time(b, v.StartMs)
			b = w.time(b, v.EndMs)
			b = binary.AppendVarint(b, v.Events)
		}
	case catalog.OpLatest:
		b = binary.AppendUvarint(b, uint64(len(x.more.keys)))
		for i := range x.more.keys {
			b = w.time(wire.AppendText(b, x.more.keys[i].Key), x.more.keys[i].AtMs)
		}
	case catalog.OpTraits:
		b = binary.AppendUvarint(b, uint64(len(x.more.keys)))
		for i := range x.more.keys {
			k := &x.more.keys[i]
			b = w.time(wire.AppendText(b, k.Key), k.AtMs)
			b = wire.AppendText(wire.AppendText(b, k.Text), k.Source)
		}
	}
	return b
}

func appendSketch(b []byte, s *catalog.Sketch) []byte {
	hashes, exact := s.Exact()
	if !exact {
		return append(binary.AppendUvarint(b, catalog.DistinctExact+1), s.Ranks()...)
	}
	b = binary.AppendUvarint(b, uint64(len(hashes)))
	for _, h := range hashes {
		b = binary.BigEndian.AppendUint64(b, h)
	}
	return b
}

func appendSpans(b []byte, spans []catalog.Span) []byte {
	b = binary.AppendUvarint(b, uint64(len(spans)))
	before := int64(0)
	for _, s := range spans {
		b = binary.AppendVarint(b, s.Index-before)
		before = s.Index
		b = appendSum(b, s.Sum)
	}
	return b
}

// appendSum writes a sum as binary.AppendVarint writes an int64: sign last, seven bits a byte.
func appendSum(b []byte, x catalog.Sum) []byte {
	hi, lo := x.Words()
	sign := uint64(hi >> 63)
	high, low := uint64(hi)<<1|lo>>63, lo<<1
	high, low = high^sign, low^sign
	for high != 0 || low >= 0x80 {
		b = append(b, byte(low)|0x80)
		low, high = low>>7|high<<57, high>>7
	}
	return append(b, byte(low))
}

// ErrUnknownPlan says that a state was kept by a catalogue that is not known here.
var ErrUnknownPlan = errors.New("it was kept by a catalogue that is not known here")

// Decode reads what Append wrote and returns the bytes behind it. Texts are copied, so b may be reused. A state of another plan is brought to this one
// when that plan is known (Learn), else the error is ErrUnknownPlan. Any other input gives an error of package wire. The state lies in a, which may be nil.
func (e *Engine) Decode(b []byte, a *Arena) (s *State, rest []byte, err error) {
	in, _, err := format.Open(b)
	if err != nil {
		return nil, nil, err
	}
	var fingerprint [8]byte
	in.Fixed(fingerprint[:])
	of := &foreign{engine: e}
	if fp := binary.BigEndian.Uint64(fingerprint[:]); fp != e.plan.Fingerprint {
		if of = e.old[fp]; of == nil {
			return nil, nil, fmt.Errorf("%s: %w (%016x)", format.Name, ErrUnknownPlan, fp)
		}
	}
	r := readFrom(in, a)
	s = of.engine.in(r.arena)
	r.state(s)
	if r.Failed() {
		return nil, nil, fmt.Errorf("%s: %w", format.Name, wire.ErrDamaged)
	}
	rest = r.Rest()
	if of.engine != e {
		s = of.bring(s, e)
	}
	return s, rest, nil
}
