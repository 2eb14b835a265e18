package changelog

import (
	"encoding/binary"
	"errors"
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

const fenceVersion = 2

var errFence = errors.New("not a fence of this version: a newer Freshet writes to this topic")

// Encode gives the value of a fence's record.
func (f Fence) Encode() []byte {
	b := append(append([]byte{fenceVersion}, f.ID[:]...), f.Log[:]...)
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(f.Epoch)), uint64(f.Partitions))
}

// DecodeFence is the reverse of Encode.
func DecodeFence(b []byte) (f Fence, err error) {
	if len(b) < 1+len(f.ID)+len(f.Log) || b[0] != fenceVersion {
		return Fence{}, errFence
	}
	b = b[1:]
	b = b[copy(f.ID[:], b):]
	b = b[copy(f.Log[:], b):]
	epoch, n := binary.Uvarint(b)
	if n <= 0 || int64(epoch) <= 0 {
		return Fence{}, errFence
	}
	partitions, k := binary.Uvarint(b[n:])
	if k <= 0 || n+k != len(b) || partitions > 1<<20 {
		return Fence{}, errFence
	}
	f.Epoch, f.Partitions = int64(epoch), int(partitions)
	return f, nil
}
