package catalog

import (
	"encoding/binary"
	"errors"
	"fmt"
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
		return appendText(dst, v.Text)
	case KindList:
		from := len(dst)
		dst = append(dst, 0)
		for i := range v.List {
			e := &v.List[i]
			dst = appendText(dst, e.Key)
			dst = binary.AppendVarint(dst, e.Int)
			dst = appendText(dst, e.Text)
			dst = appendText(dst, e.Source)
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

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// find gives the bytes from position i on; ok is false when it is absent. zero says that it then reads as 0.
func (v Vector) find(i int) (rest []byte, k Kind, ok, zero bool) {
	if v.onto != nil {
		if i >= len(v.onto) || v.onto[i] < 0 {
			return nil, 0, false, false
		}
		i = v.onto[i]
	}
	if i < 0 || i >= len(v.layout.Fields) {
		return nil, 0, false, false
	}
	k, zero = v.layout.Fields[i].Kind, v.layout.Fields[i].Zero
	b := v.raw
	for group := i / groupOf; len(b) >= 3; group-- {
		mask := binary.LittleEndian.Uint16(b)
		n, size := binary.Uvarint(b[2:])
		if size <= 0 || n > uint64(len(b)-2-size) {
			return nil, k, false, zero
		}
		b = b[2+size:]
		if group > 0 {
			b = b[n:]
			continue
		}
		if mask&(1<<(i%groupOf)) == 0 {
			return nil, k, false, zero
		}
		b = b[:n]
		for j := i - i%groupOf; j < i; j++ {
			if mask&(1<<(j%groupOf)) != 0 {
				if b, ok = skip(b, v.layout.Fields[j].Kind); !ok {
					return nil, k, false, zero
				}
			}
		}
		return b, k, true, zero
	}
	return nil, k, false, zero
}

// skip steps over one value.
func skip(b []byte, k Kind) ([]byte, bool) {
	if k != KindText && k != KindList {
		for i := range b {
			if b[i] < 0x80 {
				return b[i+1:], true
			}
		}
		return nil, false
	}
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return nil, false
	}
	return b[size+int(n):], true
}

// Int is the value of every kind but text and list.
func (v Vector) Int(i int) (int64, bool) {
	b, k, ok, zero := v.find(i)
	if !ok {
		return 0, zero
	}
	if k == KindText || k == KindList {
		return 0, false
	}
	x, size := binary.Varint(b)
	return x, size > 0
}

// Text is the value of a text.
func (v Vector) Text(i int) (string, bool) {
	b, k, ok, _ := v.find(i)
	if !ok || k != KindText {
		return "", false
	}
	text, _, ok := cutText(b)
	return string(text), ok
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
	b, k, ok, _ := v.find(i)
	if !ok || k != KindList {
		return
	}
	list, _, ok := cutText(b)
	for ok && len(list) > 0 {
		var key, text, source []byte
		if key, list, ok = cutText(list); !ok {
			return
		}
		n, size := binary.Varint(list)
		if size <= 0 {
			return
		}
		list = list[size:]
		if text, list, ok = cutText(list); !ok {
			return
		}
		if source, list, ok = cutText(list); !ok {
			return
		}
		if !f(key, func() Entry { return Entry{Key: string(key), Int: n, Text: string(text), Source: string(source)} }) {
			return
		}
	}
}

func cutText(b []byte) (text, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return nil, nil, false
	}
	return b[size : size+int(n)], b[size+int(n):], true
}

// errDamaged says that bytes are no vector of a layout.
var errDamaged = errors.New("damaged feature values")

// Check says whether every value can be read, and nothing is left.
func (v Vector) Check() error {
	b := v.raw
	for start := 0; len(b) > 0; start += groupOf {
		n := uint64(0)
		size := 0
		if len(b) >= 3 {
			n, size = binary.Uvarint(b[2:])
		}
		if size <= 0 || n > uint64(len(b)-2-size) {
			return fmt.Errorf("%w: group at position %d", errDamaged, start)
		}
		mask, in := binary.LittleEndian.Uint16(b), b[2+size:2+size+int(n)]
		b = b[2+size+int(n):]
		for j := start; j < start+groupOf; j++ {
			if mask&(1<<(j%groupOf)) == 0 {
				continue
			}
			ok := j < len(v.layout.Fields)
			if ok {
				in, ok = skip(in, v.layout.Fields[j].Kind)
			}
			if !ok {
				return fmt.Errorf("%w: position %d", errDamaged, j)
			}
		}
		if len(in) > 0 {
			return fmt.Errorf("%w: %d bytes behind position %d", errDamaged, len(in), start+groupOf-1)
		}
	}
	return nil
}
