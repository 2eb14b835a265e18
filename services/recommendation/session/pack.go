package session

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/services/recommendation/packed"
)

var format = wire.Format{Name: "sessions of recommendation", Oldest: 1, Written: 1, Newest: 1}

// Encode writes the index, its options with it. Equal indexes give equal bytes (TestAFileIsTheIndex).
func (x *Index) Encode() []byte {
	x.mu.RLock()
	defer x.mu.RUnlock()
	b := packed.Begin(format, 16*len(x.past))
	for _, n := range []int{x.o.Neighbours, x.o.Sample, x.o.Look, x.o.Longest} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	b = packed.AppendFloat(b, x.o.IDF)
	b = binary.AppendUvarint(b, uint64(x.all))
	items := len(x.item)
	for items > 0 && x.item[items-1].all == 0 {
		items--
	}
	b = binary.AppendUvarint(b, uint64(items))
	for i := range x.item[:items] {
		b = binary.AppendUvarint(b, uint64(x.item[i].all))
	}
	there := x.byAge()
	b = binary.AppendUvarint(b, uint64(len(there)))
	for _, at := range there {
		b = binary.AppendUvarint(b, uint64(len(x.past[at].items)))
		for _, item := range x.past[at].items {
			b = binary.AppendUvarint(b, uint64(item))
		}
	}
	return packed.Seal(b)
}

// byAge are the places of the sessions that are there, the oldest first; mu is held.
func (x *Index) byAge() []int32 {
	there := make([]int32, 0, len(x.past))
	for at := range x.past {
		if x.past[at].held > 0 {
			there = append(there, int32(at))
		}
	}
	slices.SortFunc(there, func(a, b int32) int { return cmp.Compare(x.ages[a], x.ages[b]) })
	return there
}

// Decode reads an index, which goes on learning where the one that was written stood.
func Decode(data []byte, places packed.Places) (*Index, error) {
	in, err := packed.Open(format, data)
	if err != nil {
		return nil, err
	}
	o := Options{Neighbours: in.Number(), Sample: in.Number(), Look: in.Number(), Longest: in.Number(), IDF: packed.Float(&in)}
	x, err := New(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", format.Name, err)
	}
	x.all = int64(in.Uvarint())
	all := make([]int64, len(places))
	for i := range in.Count(1) {
		if i >= len(all) {
			in.Fail()
			break
		}
		all[i] = int64(in.Uvarint())
	}
	x.item = make([]ring, places.Size())
	x.sessions(&in, places)
	for i, n := range places {
		if n == packed.None {
			continue
		}
		if x.item[n].all = all[i]; all[i] < int64(len(x.item[n].at)) || all[i] > x.all {
			in.Fail()
		}
	}
	if err := packed.Done(format, &in); err != nil {
		return nil, err
	}
	return x, nil
}

// slab is how many items share one piece of memory, which is let go with the last session that lies in it.
const slab = 1 << 10

// sessions reads the sessions, the oldest first, into the rings in which they were: an item's newest are in its ring, and all that any ring held are in the file.
func (x *Index) sessions(in *wire.Cursor, places packed.Places) {
	n := in.Count(2)
	if int64(n) > x.all || x.all < 0 {
		in.Fail()
		return
	}
	x.past = make([]past, 0, n)
	var room []int32
	for i := range n {
		k := in.Count(1)
		if k > x.o.Longest {
			in.Fail()
			return
		}
		if cap(room)-len(room) < k {
			room = make([]int32, 0, max(slab, k))
		}
		from := len(room)
		for range k {
			if item := places.Item(in); item != packed.None {
				room = append(room, item)
			}
		}
		if items := room[from:len(room):len(room)]; len(items) > 0 {
			x.put(items, x.all-int64(n-1-i))
		}
	}
}
