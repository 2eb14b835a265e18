package popular

import (
	"encoding/binary"

	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/services/recommendation/packed"
)

var format = wire.Format{Name: "counts of recommendation", Oldest: 1, Written: 1, Newest: 1}

// Encode writes how often each item was taken; below 0 where more was taken back than is known.
func Encode(counts []int64) []byte {
	b := packed.Begin(format, 2*len(counts))
	b = binary.AppendUvarint(b, uint64(len(counts)))
	for _, n := range counts {
		b = binary.AppendVarint(b, n)
	}
	return packed.Seal(b)
}

// Decode reads what Encode wrote, by the numbers that items have here.
func Decode(data []byte, places packed.Places) ([]int64, error) {
	in, err := packed.Open(format, data)
	if err != nil {
		return nil, err
	}
	counts := make([]int64, places.Size())
	for i := range in.Count(1) {
		n := in.Varint()
		if i >= len(places) {
			in.Fail()
			break
		}
		if places[i] != packed.None {
			counts[places[i]] = n
		}
	}
	return counts, packed.Done(format, &in)
}
