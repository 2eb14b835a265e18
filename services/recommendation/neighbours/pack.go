package neighbours

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/services/recommendation/packed"
)

var format = wire.Format{Name: "neighbours of recommendation", Oldest: 1, Written: 1, Newest: 1}

// Encode writes the index, its options and its open groups with it. Equal indexes give equal bytes (TestAFileIsTheIndex).
func (x *Index) Encode() []byte {
	x.mu.RLock()
	defer x.mu.RUnlock()
	pairs := 0
	for i := range x.pairs {
		pairs += x.pairs[i].n
	}
	b := x.o.append(packed.Begin(format, 12*pairs+24*len(x.pairs)+40*x.groups.size()))
	begun := byte(0)
	if x.begun {
		begun = 1
	}
	b = append(b, begun)
	b = binary.AppendVarint(binary.AppendVarint(b, x.landmark), x.newest)
	items := len(x.pairs)
	for items > 0 && x.pairs[items-1].n == 0 && x.self[items-1].groups == 0 {
		items--
	}
	b = binary.AppendUvarint(b, uint64(items))
	for i := range items {
		b = packed.AppendFloat(binary.AppendUvarint(b, uint64(x.self[i].groups)), x.self[i].of)
		b = binary.AppendUvarint(b, uint64(x.pairs[i].n))
		next := int32(0)
		for _, c := range x.pairs[i].sorted() {
			b = packed.AppendFloat(binary.AppendUvarint(binary.AppendUvarint(b, uint64(c.item-next)), uint64(c.groups)), c.of)
			next = c.item + 1
		}
	}
	return packed.Seal(appendGroups(appendGroups(b, x.groups.old), x.groups.young))
}

func (o *Options) append(b []byte) []byte {
	b = append(b, byte(o.Weighting))
	for _, v := range []float64{o.Reference, o.Mean, o.Shrink, o.Fade} {
		b = packed.AppendFloat(b, v)
	}
	self := 0
	if o.Self {
		self = 1
	}
	for _, n := range []int{int(o.HalfLife.Milliseconds()), o.Window, o.Row, o.Groups, o.Nearest, self} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

func readOptions(in *wire.Cursor) Options {
	o := Options{Weighting: Weighting(in.Byte()), Reference: packed.Float(in), Mean: packed.Float(in), Shrink: packed.Float(in), Fade: packed.Float(in)}
	const most = uint64(1 << 62 / int64(time.Millisecond))
	ms := in.Uvarint()
	if ms > most {
		in.Fail()
		return o
	}
	o.HalfLife = time.Duration(ms) * time.Millisecond
	o.Window, o.Row, o.Groups, o.Nearest = in.Number(), in.Number(), in.Number(), in.Number()
	o.Self = in.Number() == 1
	return o
}

func appendGroups(b []byte, all map[uint64][]held) []byte {
	b = binary.AppendUvarint(b, uint64(len(all)))
	for _, key := range slices.Sorted(maps.Keys(all)) {
		b = binary.BigEndian.AppendUint64(b, key)
		b = binary.AppendUvarint(b, uint64(len(all[key])))
		for _, h := range all[key] {
			b = binary.AppendVarint(binary.AppendUvarint(b, uint64(h.item)), h.atMs)
		}
	}
	return b
}

// Decode reads an index, which goes on learning where the one that was written stood.
func Decode(data []byte, places packed.Places) (*Index, error) {
	in, err := packed.Open(format, data)
	if err != nil {
		return nil, err
	}
	x, err := New(readOptions(&in))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", format.Name, err)
	}
	x.begun = in.Byte() == 1
	x.landmark, x.newest = in.Varint(), in.Varint()
	x.pairs, x.self = make([]row, places.Size()), make([]sum, places.Size())
	var cells []cell
	for i := range in.Count(10) {
		if i >= len(places) {
			in.Fail()
			break
		}
		own := sum{groups: int32(in.Number()), of: packed.Float(&in)}
		cells = readCells(&in, cells[:0], places)
		if n := places[i]; n != packed.None {
			x.self[n] = own
			x.pairs[n].fill(cells)
		}
	}
	x.makeRoom()
	x.groups.old = readGroups(&in, places)
	x.groups.young = readGroups(&in, places)
	if err := packed.Done(format, &in); err != nil {
		return nil, err
	}
	return x, nil
}

// readCells reads the pairs of an item. They rise, so that none is there twice.
func readCells(in *wire.Cursor, cells []cell, places packed.Places) []cell {
	next := 0
	for range in.Count(10) {
		at := next + in.Number()
		c := cell{groups: int32(in.Number()), of: packed.Float(in)}
		if at >= len(places) || c.groups < 1 {
			in.Fail()
			return nil
		}
		next = at + 1
		if c.item = places[at]; c.item != packed.None {
			cells = append(cells, c)
		}
	}
	return cells
}

func readGroups(in *wire.Cursor, places packed.Places) map[uint64][]held {
	n := in.Count(9)
	all := make(map[uint64][]held, n)
	for range n {
		var key [8]byte
		in.Fixed(key[:])
		mine := make([]held, 0, in.Count(2))
		for range cap(mine) {
			h := held{item: places.Item(in), atMs: in.Varint()}
			if h.item != packed.None {
				mine = append(mine, h)
			}
		}
		if len(mine) > 0 {
			all[binary.BigEndian.Uint64(key[:])] = mine
		}
	}
	return all
}
