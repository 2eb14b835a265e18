package changelog

import (
	"encoding/binary"

	"github.com/freshet/freshet/pkg/wire"
)

// Fence says who owns the partition from here on.
type Fence struct {
	// ID is the fence's own.
	ID ID
	// Log is the id of the log: that of its first fence.
	Log ID
	// Epoch counts owners, from 1.
	Epoch int64
	// Partitions is how many partitions the changelog's topic has: keys belong to partitions by this number.
	Partitions int
}

// Key is the key of the fence's record, no two alike: a compaction keeps all fences, which say to the end of days whose records count.
func (f Fence) Key() []byte {
	return append(binary.AppendUvarint([]byte{KindFence}, uint64(f.Epoch)), f.ID[:]...)
}

// FenceFormat is how fences are written.
var FenceFormat = wire.Format{Name: "fence of a changelog", Oldest: 1, Written: 1, Newest: 1}

// Encode gives the value of a fence's record.
func (f Fence) Encode() []byte {
	b := append(append(FenceFormat.Begin(nil), f.ID[:]...), f.Log[:]...)
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(f.Epoch)), uint64(f.Partitions))
}

// DecodeFence is the reverse of Encode.
func DecodeFence(b []byte) (f Fence, err error) {
	in, _, err := FenceFormat.Open(b)
	if err != nil {
		return Fence{}, err
	}
	in.Fixed(f.ID[:])
	in.Fixed(f.Log[:])
	f.Epoch, f.Partitions = int64(in.Uvarint()), in.Number()
	if f.Epoch <= 0 {
		in.Fail()
	}
	if err := in.Done(); err != nil {
		return Fence{}, err
	}
	return f, nil
}
