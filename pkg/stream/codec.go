package stream

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/freshet/freshet/pkg/broker"
)

// Kinds of changelog records, by first byte of the key.
const (
	kindFence  = 'F' // value: epoch, owner
	kindCommit = 'C' // value: commit
	kindState  = 'S' // + key; value: the state, null deletes
	kindTimer  = 'T' // + key; value: due, null clears
)

// epochHeader holds, on every changelog record, the epoch of the owner that wrote it.
const epochHeader = "e"

// commit is the bookkeeping that closes a batch of changelog records.
type commit struct {
	epoch int64
	seq   int64
	// inputs is where to go on reading, by topic.
	inputs map[string]broker.Place
	// outputs are the records to publish for this commit.
	outputs []broker.Message
}

type fence struct {
	epoch int64
	owner string
}

const codecVersion = 1

var errCorrupt = errors.New("not a changelog record of this version")

func (f fence) encode() []byte {
	b := binary.AppendVarint([]byte{codecVersion}, f.epoch)
	return append(b, f.owner...)
}

func decodeFence(b []byte) (fence, error) {
	if len(b) == 0 || b[0] != codecVersion {
		return fence{}, errCorrupt
	}
	epoch, n := binary.Varint(b[1:])
	if n <= 0 {
		return fence{}, errCorrupt
	}
	return fence{epoch: epoch, owner: string(b[1+n:])}, nil
}

func (c commit) encode() []byte {
	b := binary.AppendVarint([]byte{codecVersion}, c.epoch)
	b = binary.AppendVarint(b, c.seq)
	b = binary.AppendUvarint(b, uint64(len(c.inputs)))
	for topic, next := range c.inputs {
		b = appendBytes(b, []byte(topic))
		b = appendBytes(b, next.Append(nil))
	}
	b = binary.AppendUvarint(b, uint64(len(c.outputs)))
	for _, m := range c.outputs {
		b = appendBytes(b, []byte(m.Topic))
		b = appendNullable(b, m.Key)
		b = appendNullable(b, m.Value)
		b = binary.AppendUvarint(b, uint64(len(m.Headers)))
		for _, h := range m.Headers {
			b = appendBytes(b, []byte(h.Key))
			b = appendBytes(b, h.Value)
		}
	}
	return b
}

func appendBytes(b, v []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(v))), v...)
}

// appendNullable writes 0 for nil, else length+1 and the bytes.
func appendNullable(b, v []byte) []byte {
	if v == nil {
		return append(b, 0)
	}
	return append(binary.AppendUvarint(b, uint64(len(v))+1), v...)
}

func decodeCommit(b []byte) (commit, error) {
	r := cursor{b: b}
	if r.byte() != codecVersion {
		return commit{}, errCorrupt
	}
	c := commit{epoch: r.varint(), seq: r.varint(), inputs: map[string]broker.Place{}}
	for range r.count() {
		topic := string(r.bytes())
		place, rest, err := broker.ReadPlace(r.bytes())
		if err != nil || len(rest) > 0 {
			r.fail()
		}
		c.inputs[topic] = place
	}
	for range r.count() {
		m := broker.Message{Topic: string(r.bytes()), Key: r.nullable(), Value: r.nullable()}
		for range r.count() {
			m.Headers = append(m.Headers, broker.Header{Key: string(r.bytes()), Value: r.bytes()})
		}
		if r.err != nil {
			break
		}
		c.outputs = append(c.outputs, m)
	}
	if r.err != nil || len(r.b) != 0 {
		return commit{}, fmt.Errorf("commit record: %w", errCorrupt)
	}
	return c, nil
}

// cursor takes values off a slice; after a fault all it gives is zero and err is set.
type cursor struct {
	b   []byte
	err error
}

func (r *cursor) fail() { r.err, r.b = errCorrupt, nil }

func (r *cursor) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *cursor) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads a length; each element takes at least one byte, so a larger one is a fault.
func (r *cursor) count() int {
	v := r.uvarint()
	if v > uint64(len(r.b)) {
		r.fail()
		return 0
	}
	return int(v)
}

func (r *cursor) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *cursor) bytes() []byte { return r.take(r.uvarint()) }

func (r *cursor) nullable() []byte {
	n := r.uvarint()
	if n == 0 {
		return nil
	}
	return r.take(n - 1)
}

func encodeDue(due int64) []byte { return binary.AppendVarint(nil, due) }

func decodeDue(b []byte) (int64, error) {
	v, n := binary.Varint(b)
	if n != len(b) || n <= 0 {
		return 0, errCorrupt
	}
	return v, nil
}
