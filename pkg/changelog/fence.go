package changelog

import (
	"encoding/binary"
	"errors"
)

// Fence says who owns the partition from here on.
type Fence struct {
	Log   ID
	Epoch int64
	// Owner names the process that wrote it; no two are alike.
	Owner string
	// Partitions is how many partitions the changelog's topic has: keys belong to partitions by this number.
	Partitions int
}

// Mark is the mark of the fence itself.
func (f Fence) Mark() Mark { return Mark{Log: f.Log, Epoch: f.Epoch} }

// Key is a key for a fence's record, another one at each call: a compaction keeps all fences, which say to the end of days whose records count.
func (f Fence) Key() []byte {
	nonce := NewID()
	return append(binary.AppendUvarint([]byte{KindFence}, uint64(f.Epoch)), nonce[:]...)
}

const fenceVersion = 2

var errFence = errors.New("not a fence of this version")

// Encode gives the value of a fence's record.
func (f Fence) Encode() []byte {
	b := append([]byte{fenceVersion}, f.Log[:]...)
	b = binary.AppendUvarint(b, uint64(f.Epoch))
	b = binary.AppendUvarint(b, uint64(f.Partitions))
	return append(b, f.Owner...)
}

// DecodeFence is the reverse of Encode.
func DecodeFence(b []byte) (f Fence, err error) {
	if len(b) < 1+len(f.Log)+2 || b[0] != fenceVersion {
		return Fence{}, errFence
	}
	b = b[1+copy(f.Log[:], b[1:]):]
	epoch, n := binary.Uvarint(b)
	if n <= 0 {
		return Fence{}, errFence
	}
	partitions, k := binary.Uvarint(b[n:])
	if k <= 0 || partitions > 1<<20 {
		return Fence{}, errFence
	}
	f.Epoch, f.Partitions, f.Owner = int64(epoch), int(partitions), string(b[n+k:])
	return f, nil
}
