package catalog

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/freshet/freshet/pkg/wire"
)

// groupOf is how many positions share a mask.
const groupOf = 16

// Vector is the values of one customer, as features.v1 carries them: FeatureSet.values, read by the layout that FeatureSet.schema names. Reading a
// position touches the group it is in, and steps over the others. Reading what is damaged gives absent values; Check tells.
//
// The form: groups of 16 positions, each a mask of those present (two bytes, little-endian, the first position lowest), the length of what follows
// (uvarint), and the values in order: a varint for every kind but these: a text is its length (uvarint) and bytes; a list is its length in bytes
// (uvarint) and its entries, each key (text), number (varint), text, source. Groups behind the last that has a value are left out, and so is a value
// of zero where the layout says that an absent one reads as zero.
type Vector struct {
	layout *Layout
	raw    []byte
	onto   []int // positions of the layout asked in, in layout; nil when it is the same
}

// NewVector reads raw by a layout.
func NewVector(l *Layout, raw []byte) Vector { return Vector{layout: l, raw: raw} }

// Through reads v by positions of another layout; onto is that layout's Onto(v's).
func (v Vector) Through(onto []int) Vector {
	v.onto = onto
	return v
}

// Encode appends the vector of values, by position, to dst.
func (l *Layout) Encode(dst []byte, values []Value) []byte {
	written := len(dst)
	for start := 0; start < len(l.Fields); start += groupOf {
		end := min(start+groupOf, len(l.Fields), len(values))
		mask := uint16(0)
		from := len(dst)
		dst = append(dst, 0, 0, 0) // the mask, and a length of one byte: nearly all are below 128
		for i := start; i < end; i++ {
			if x := &values[i]; x.Present && !(l.Fields[i].Zero && x.Int == 0) {
				mask |= 1 << (i - start)
				dst = appendValue(dst, l.Fields[i].Kind, x)
			}
		}
		binary.LittleEndian.PutUint16(dst[from:], mask)
		if n := len(dst) - from - 3; n < 0x80 {
			dst[from+2] = byte(n)
		} else {
			dst = lengthen(dst, from+2, n)
		}
		if mask != 0 {
			written = len(dst)
		}
	}
	return dst[:written]
}

// lengthen writes a length of more than one byte at a place that has room for one.
func lengthen(dst []byte, at, n int) []byte {
	var length [binary.MaxVarintLen64]byte
	size := binary.PutUvarint(length[:], uint64(n))
	dst = append(dst, length[:size-1]...)
	copy(dst[at+size:], dst[at+1:at+1+n])
	copy(dst[at:], length[:size])
	return dst
}

func appendValue(dst []byte, k Kind, v *Value) []byte {
	switch k {
	case KindText:
		return wire.AppendText(dst, v.Text)
	case KindList:
		from := len(dst)
		dst = append(dst, 0)
		for i := range v.List {
			e := &v.List[i]
			dst = wire.AppendText(dst, e.Key)
			dst = binary.AppendVarint(dst, e.Int)
			dst = wire.AppendText(dst, e.Text)
			dst = wire.AppendText(dst, e.Source)
		}
		if n := len(dst) - from - 1; n < 0x80 {
			dst[from] = byte(n)
		} else {
			dst = lengthen(dst, from, n)
		}
		return dst
	default:
		return binary.AppendVarint(dst, v.Int)
	}
}

// find gives the bytes from position i on; ok is false when it is absent. zero says that it then reads as 0.
func (v Vector) find(i int) (rest wire.Cursor, k Kind, ok, zero bool) {
	if v.onto != nil {
		if i >= len(v.onto) || v.onto[i] < 0 {
			return wire.Cursor{}, 0, false, false
		}
		i = v.onto[i]
	}
	if v.layout == nil || i < 0 || i >= len(v.layout.Fields) {
		return wire.Cursor{}, 0, false, false
	}
	k, zero = v.layout.Fields[i].Kind, v.layout.Fields[i].Zero
	c := wire.Read(v.raw)
	for group := i / groupOf; c.Left() > 0; group-- {
		mask, in := nextGroup(&c)
		if group > 0 {
			continue
		}
		if mask&(1<<(i%groupOf)) == 0 {
			break
		}
		rest = wire.Read(in)
		for j := i - i%groupOf; j < i; j++ {
			if mask&(1<<(j%groupOf)) != 0 {
				skip(&rest, v.layout.Fields[j].Kind)
			}
		}
		return rest, k, !rest.Failed(), zero
	}
	return wire.Cursor{}, k, false, zero
}

// nextGroup takes a group: its mask, and what is in it.
func nextGroup(c *wire.Cursor) (mask uint16, in []byte) {
	if low := c.Take(2); low != nil {
		mask = binary.LittleEndian.Uint16(low)
	}
	return mask, c.Bytes()
}

// skip steps over one value.
func skip(c *wire.Cursor, k Kind) {
	if k == KindText || k == KindList {
		c.Bytes()
	} else {
		c.Uvarint()
	}
}

// Int is the value of every kind but text and list.
func (v Vector) Int(i int) (int64, bool) {
	c, k, ok, zero := v.find(i)
	if !ok {
		return 0, zero
	}
	if k == KindText || k == KindList {
		return 0, false
	}
	x := c.Varint()
	return x, !c.Failed()
}

// Text is the value of a text.
func (v Vector) Text(i int) (string, bool) {
	c, k, ok, _ := v.find(i)
	if !ok || k != KindText {
		return "", false
	}
	text := c.Text()
	return text, !c.Failed()
}

// Entry is the entry of a list that has the key.
func (v Vector) Entry(i int, key string) (Entry, bool) {
	found, ok := Entry{}, false
	v.each(i, func(k []byte, e func() Entry) bool {
		if ok = string(k) == key; ok {
			found = e()
		}
		return !ok
	})
	return found, ok
}

// List is the value of a list.
func (v Vector) List(i int) []Entry {
	var out []Entry
	v.each(i, func(_ []byte, e func() Entry) bool {
		out = append(out, e())
		return true
	})
	return out
}

// Has says whether there is a value of any kind.
func (v Vector) Has(i int) bool {
	_, _, ok, zero := v.find(i)
	return ok || zero
}

// At is the value of any kind.
func (v Vector) At(i int) Value {
	_, k, ok, zero := v.find(i)
	x := Value{Present: ok || zero}
	switch {
	case !ok:
	case k == KindText:
		x.Text, x.Present = v.Text(i)
	case k == KindList:
		x.List = v.List(i)
	default:
		x.Int, x.Present = v.Int(i)
	}
	return x
}

// each walks a list until f is done; the entry is made when asked for.
func (v Vector) each(i int, f func(key []byte, e func() Entry) bool) {
	c, k, ok, _ := v.find(i)
	if !ok || k != KindList {
		return
	}
	for list := wire.Read(c.Bytes()); list.Left() > 0; {
		key, n, text, source := list.Bytes(), list.Varint(), list.Bytes(), list.Bytes()
		if list.Failed() || !f(key, func() Entry {
			return Entry{Key: string(key), Int: n, Text: string(text), Source: string(source)}
		}) {
			return
		}
	}
}

// errDamaged says that bytes are no vector of a layout.
var errDamaged = errors.New("damaged feature values")

// Check says whether every value can be stepped over, and nothing is left.
func (v Vector) Check() error {
	c := wire.Read(v.raw)
	for start := 0; c.Left() > 0; start += groupOf {
		mask, in := nextGroup(&c)
		if c.Failed() {
			break
		}
		group := wire.Read(in)
		for j := start; j < start+groupOf; j++ {
			if mask&(1<<(j%groupOf)) == 0 {
				continue
			}
			if j >= len(v.layout.Fields) {
				group.Fail()
			} else {
				skip(&group, v.layout.Fields[j].Kind)
			}
			if group.Failed() {
				return fmt.Errorf("%w: position %d", errDamaged, j)
			}
		}
		if err := group.Done(); err != nil {
			return fmt.Errorf("%w behind position %d: %w", errDamaged, start+groupOf-1, err)
		}
	}
	if err := c.Done(); err != nil {
		return fmt.Errorf("%w: a group: %w", errDamaged, err)
	}
	return nil
}
