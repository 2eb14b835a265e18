package tiles

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/freshet/freshet/services/feature/spec"
)

// codecVersion is the first byte of an encoded state. Tiles are listed by level and
// values by position, so a change of spec.Levels or spec.Measures needs a new one.
const codecVersion = 2

// ErrCorrupt is returned for bytes that Append never wrote.
var ErrCorrupt = errors.New("corrupt feature state")

// Append encodes s behind b. All integers are varints: sums by a mask of those not
// zero, tile starts in hops since the tile before, names as the time before the last event.
func (s *State) Append(b []byte) []byte {
	b = append(b, codecVersion)
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
		b = binary.AppendUvarint(b, uint64(len(n.name)))
		b = append(b, n.name...)
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
// so b may be reused. Any other input gives ErrCorrupt.
func Decode(b []byte) (*State, []byte, error) {
	r := reader{rest: b}
	if v := r.octet(); v != codecVersion {
		return nil, nil, fmt.Errorf("%w: it is of version %d, and this software reads %d: begin with a new state, from the events", ErrCorrupt, v, codecVersion)
	}
	s := &State{}
	r.sums(&s.lifetime)
	if s.seen() {
		s.first = r.varint()
		s.last = s.first + r.varint()
	}
	s.sales = r.sales()
	s.grow()
	for i := range levels {
		s.tiles[i] = r.tiles(levels[i].hop)
	}
	s.names = r.names(s.last)
	if r.bad {
		return nil, nil, ErrCorrupt
	}
	return s, r.rest, nil
}

// reader takes varints off the front; after the first fault it only gives zeros.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) fail() {
	r.bad, r.rest = true, nil
}

func (r *reader) octet() byte {
	if len(r.rest) == 0 {
		r.fail()
		return 0
	}
	x := r.rest[0]
	r.rest = r.rest[1:]
	return x
}

func (r *reader) varint() int64 {
	x, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return x
}

// count reads a length of things that take at least size bytes each, so that a
// corrupt length cannot ask for more memory than the input is long.
func (r *reader) count(size int) int {
	x, n := binary.Uvarint(r.rest)
	if n <= 0 || x > uint64((len(r.rest)-n)/size) {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return int(x)
}

func (r *reader) sums(v *spec.Sums) {
	mask := r.octet()
	if mask >= 1<<spec.NumMeasures {
		r.fail()
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
		x := r.octet()
		if r.bad || shift > 126 || shift == 126 && x > 3 || x == 0 {
			r.fail()
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
	n := r.count(2)
	if n == 0 {
		return nil
	}
	list := make([]sale, n)
	at := int64(0)
	for i := range list {
		list[i] = sale{at: at + r.varint(), n: r.varint()}
		if i > 0 && list[i].at <= at || list[i].n == 0 {
			r.fail()
		}
		at = list[i].at
	}
	return list
}

// tiles reads one level; starts must rise.
func (r *reader) tiles(hop int64) []tile {
	n := r.count(2) // a start and a mask at least
	if n == 0 {
		return nil
	}
	list := make([]tile, n)
	before := int64(0)
	for i := range list {
		hops := before + r.varint()
		if i > 0 && hops <= before || hops*hop/hop != hops {
			r.fail()
		}
		before = hops
		list[i].start = hops * hop
		if r.sums(&list[i].sums); list[i].sums == (spec.Sums{}) {
			r.fail()
		}
	}
	return list
}

// names reads the last times; they must be in the order of later.
func (r *reader) names(last int64) []lastTime {
	n := r.count(2)
	if n > spec.MaxNames {
		r.fail()
	}
	if n == 0 || r.bad {
		return nil
	}
	list := make([]lastTime, n)
	for i := range list {
		size := r.count(1)
		list[i].name = string(r.rest[:size])
		r.rest = r.rest[size:]
		list[i].at = last - r.varint()
		if i > 0 && later(list[i-1], list[i]) >= 0 {
			r.fail()
		}
	}
	return list
}
