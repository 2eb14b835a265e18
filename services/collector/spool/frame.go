package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/wire"
)

// A frame is a header and a payload. The header, little endian:
//
//	0  "FSP1"
//	4  payload bytes, uint32
//	8  messages in it, uint32
//	12 when it was appended, Unix milliseconds, int64
//	20 CRC32C of the payload
//	24 CRC32C of salt (8 bytes), offset in the segment (8 bytes) and the header up to here
const headerBytes = 28

// magic begins every frame; a reader looks for it behind a damaged one. Its digit is the number of the layout, format's. Whatever a
// later layout changes, its header has the checksum where this one has it: so that it is told from damage.
var (
	magic  = []byte("FSP1")
	format = wire.Format{Name: "spool", Oldest: 1, Written: 1, Newest: 1}
)

// maxPayload bounds one frame: more than any request can carry.
const maxPayload = 1 << 30

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errPayload says that bytes with the right checksum are no messages.
var errPayload = errors.New("the payload is malformed")

// header describes a frame.
type header struct {
	length, messages uint32
	createdMS        int64
	sum              uint32
}

// size of the whole frame.
func (h header) size() int64 { return headerBytes + int64(h.length) }

// put writes the header to b for its place.
func (h header) put(b []byte, salt uint64, offset int64) {
	copy(b, magic)
	binary.LittleEndian.PutUint32(b[4:], h.length)
	binary.LittleEndian.PutUint32(b[8:], h.messages)
	binary.LittleEndian.PutUint64(b[12:], uint64(h.createdMS))
	binary.LittleEndian.PutUint32(b[20:], h.sum)
	binary.LittleEndian.PutUint32(b[24:], headerSum(b, salt, offset))
}

// readHeader returns the header at the start of b; false when it is damaged or was written elsewhere.
func readHeader(b []byte, salt uint64, offset int64) (header, bool) {
	if len(b) < headerBytes || string(b[:4]) != string(magic) || binary.LittleEndian.Uint32(b[24:]) != headerSum(b, salt, offset) {
		return header{}, false
	}
	h := header{
		length: binary.LittleEndian.Uint32(b[4:]), messages: binary.LittleEndian.Uint32(b[8:]),
		createdMS: int64(binary.LittleEndian.Uint64(b[12:])), sum: binary.LittleEndian.Uint32(b[20:]),
	}
	return h, h.length <= maxPayload
}

// newer is an error when b begins a frame of a newer release, written at this place. It is no damage: taken for it, its
// events would be set aside.
func newer(b []byte, salt uint64, offset int64) error {
	if len(b) < headerBytes || string(b[:3]) != string(magic[:3]) || binary.LittleEndian.Uint32(b[24:]) != headerSum(b, salt, offset) {
		return nil
	}
	if v := b[3] - '0'; v > format.Newest {
		return &wire.VersionError{Format: format, Found: v}
	}
	return nil
}

func headerSum(b []byte, salt uint64, offset int64) uint32 {
	var place [16]byte
	binary.LittleEndian.PutUint64(place[:], salt)
	binary.LittleEndian.PutUint64(place[8:], uint64(offset))
	return crc32.Update(crc32.Checksum(place[:], castagnoli), castagnoli, b[:24])
}

// sumOf is the checksum of a frame's payload.
func sumOf(frame []byte) uint32 { return crc32.Checksum(frame[headerBytes:], castagnoli) }

// encode returns a frame of the messages: space for the header, and the payload.
func encode(msgs []broker.Message) ([]byte, error) {
	n := headerBytes
	for i := range msgs {
		m := &msgs[i]
		n += len(m.Topic) + len(m.Key) + len(m.Value) + 4*binary.MaxVarintLen32
		for _, h := range m.Headers {
			n += len(h.Key) + len(h.Value) + 2*binary.MaxVarintLen32
		}
	}
	if n > maxPayload {
		return nil, fmt.Errorf("spool %d messages: about %d bytes are more than a frame holds", len(msgs), n)
	}
	b := make([]byte, headerBytes, n)
	for i := range msgs {
		m := &msgs[i]
		b = wire.AppendText(b, m.Topic)
		b = wire.AppendNullable(b, m.Key)
		b = wire.AppendNullable(b, m.Value)
		b = binary.AppendUvarint(b, uint64(len(m.Headers)))
		for _, h := range m.Headers {
			b = wire.AppendText(b, h.Key)
			b = wire.AppendNullable(b, h.Value)
		}
	}
	return b, nil
}

// decode reads exactly n messages; they are views of b.
func decode(b []byte, n uint32) ([]broker.Message, error) {
	in := wire.Read(b)
	msgs := make([]broker.Message, 0, min(int(n), len(b)/leastMessage+1))
	for range n {
		m := broker.Message{Topic: in.Text(), Key: in.Nullable(), Value: in.Nullable()}
		for range in.Count(leastHeader) {
			m.Headers = append(m.Headers, broker.Header{Key: in.Text(), Value: in.Nullable()})
		}
		if in.Failed() {
			return nil, errPayload
		}
		msgs = append(msgs, m)
	}
	if in.Done() != nil {
		return nil, errPayload
	}
	return msgs, nil
}

// How many bytes a message and a header take at least.
const leastMessage, leastHeader = 4, 2
