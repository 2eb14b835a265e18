package tiles

import (
	"encoding/binary"
	"fmt"

	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/services/feature/spec"
)

// format is that of a state. Tiles are listed by level and values by position, so a
// change of spec.Levels or spec.Measures needs a new layout.
var format = wire.Format{Name: "feature state", Oldest: 2, Written: 2, Newest: 2}

// Append encodes s behind b. All integers are varints: sums by a mask of those not
// zero, tile starts in hops since the tile before, names as the time before the last event.
func (s *State) Append(b []byte) []byte {
	b = format.Begin(b)
	b = appendSums(b, &s.lifetime)
	if s.seen() {
		b = binary.AppendVarint(b, s.first)
		b = binary.AppendVarint(b, s.last-s.first)
	}
	b = binary.AppendUvarint(b, uint64(len(s.sales)))
	at := int64(0)
	for _, x := range s.sales {
		b = binary.AppendVarint(b, x.at-at)
		b = binary.AppendVarint(b, x.n)
		at = x.at
	}
	for i, l := range levels {
		var list []tile
		if s.tiles != nil {
			list = s.tiles[i]
		}
		b = binary.AppendUvarint(b, uint64(len(list)))
		before := int64(0)
		for j := range list {
			hops := list[j].start / l.hop
			b = binary.AppendVarint(b, hops-before)
			before = hops
			b = appendSums(b, &list[j].sums)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(s.names)))
	for _, n := range s.names {
		b = wire.AppendText(b, n.name)
		b = binary.AppendVarint(b, s.last-n.at)
	}
	return b
}

func appendSums(b []byte, v *spec.Sums) []byte {
	mask := byte(0)
	for i, x := range v {
		if x.Sign() != 0 {
			mask |= 1 << i
		}
	}
	b = append(b, mask)
	for _, x := range v {
		if x.Sign() != 0 {
			b = appendSum(b, x)
		}
	}
	return b
}

// appendSum writes a sum as binary.AppendVarint writes an int64: sign last, seven bits a byte.
func appendSum(b []byte, x spec.Sum) []byte {
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

// Decode reads what Append wrote and returns the bytes behind it. Names are copied,
// so b may be reused. Any other input gives an error of package wire.
func Decode(b []byte) (*State, []byte, error) {
	in, _, err := format.Open(b)
	if err != nil {
		return nil, nil, err
	}
	r := reader{in}
	s := &State{}
	r.sums(&s.lifetime)
	if s.seen() {
		s.first = r.Varint()
		s.last = s.first + r.Varint()
	}
	s.sales = r.sales()
	s.grow()
	for i := range levels {
		s.tiles[i] = r.tiles(levels[i].hop)
	}
	s.names = r.names(s.last)
	if r.Failed() {
		return nil, nil, fmt.Errorf("%s: %w", format.Name, wire.ErrDamaged)
	}
	return s, r.Rest(), nil
}

// reader reads the parts of a state.
type reader struct{ wire.Cursor }

func (r *reader) sums(v *spec.Sums) {
	mask := r.Byte()
	if mask >= 1<<spec.NumMeasures {
		r.Fail()
	}
	for i := range v {
		if mask&(1<<i) != 0 {
			v[i] = r.sum()
		}
	}
}

// sum reads what appendSum wrote: at most 128 bits, in as few bytes as they need, and no zero, which the mask leaves out.
func (r *reader) sum() spec.Sum {
	var high, low uint64
	for shift := 0; ; shift += 7 {
		x := r.Byte()
		if r.Failed() || shift > 126 || shift == 126 && x > 3 || x == 0 {
			r.Fail()
			return spec.Sum{}
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
	return spec.FromWords(int64(high>>1^sign), (low>>1|high<<63)^sign)
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

// tiles reads one level; starts must rise.
func (r *reader) tiles(hop int64) []tile {
	n := r.Count(2) // a start and a mask at least
	if n == 0 {
		return nil
	}
	list := make([]tile, n)
	before := int64(0)
	for i := range list {
		hops := before + r.Varint()
		if i > 0 && hops <= before || hops*hop/hop != hops {
			r.Fail()
		}
		before = hops
		list[i].start = hops * hop
		if r.sums(&list[i].sums); list[i].sums == (spec.Sums{}) {
			r.Fail()
		}
	}
	return list
}

// names reads the last times; they must be in the order of later.
func (r *reader) names(last int64) []lastTime {
	n := r.Count(2)
	if n > spec.MaxNames {
		r.Fail()
	}
	if n == 0 || r.Failed() {
		return nil
	}
	list := make([]lastTime, n)
	for i := range list {
		list[i].name = r.Text()
		list[i].at = last - r.Varint()
		if i > 0 && later(list[i-1], list[i]) >= 0 {
			r.Fail()
		}
	}
	return list
}
