package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/freshet/freshet/pkg/broker"
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

// magic begins every frame; a reader looks for it behind a damaged one.
var magic = []byte("FSP1")

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
		b = appendText(b, m.Topic)
		b = appendBytes(b, m.Key)
		b = appendBytes(b, m.Value)
		b = binary.AppendUvarint(b, uint64(len(m.Headers)))
		for _, h := range m.Headers {
			b = appendText(b, h.Key)
			b = appendBytes(b, h.Value)
		}
	}
	return b, nil
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// appendBytes writes the length plus one, so that nil, which Kafka tells from empty, is 0.
func appendBytes(b, v []byte) []byte {
	if v == nil {
		return append(b, 0)
	}
	return append(binary.AppendUvarint(b, uint64(len(v))+1), v...)
}

// decode reads exactly n messages; they are views of b.
func decode(b []byte, n uint32) ([]broker.Message, error) {
	r := payload{rest: b}
	msgs := make([]broker.Message, 0, min(int(n), len(b)/4+1)) // a message takes 4 bytes at least
	for range n {
		m := broker.Message{Topic: string(r.text()), Key: r.bytes(), Value: r.bytes()}
		headers := r.uvarint()
		if r.bad || headers > uint64(len(r.rest)) {
			return nil, errPayload
		}
		for range headers {
			m.Headers = append(m.Headers, broker.Header{Key: string(r.text()), Value: r.bytes()})
		}
		msgs = append(msgs, m)
	}
	if r.bad || len(r.rest) > 0 {
		return nil, errPayload
	}
	return msgs, nil
}

// payload reads fields from its front; once bad, it gives zeros.
type payload struct {
	rest []byte
	bad  bool
}

func (p *payload) uvarint() uint64 {
	v, n := binary.Uvarint(p.rest)
	if n <= 0 || p.bad {
		p.bad = true
		return 0
	}
	p.rest = p.rest[n:]
	return v
}

func (p *payload) take(n uint64) []byte {
	if p.bad || n > uint64(len(p.rest)) {
		p.bad = true
		return nil
	}
	v := p.rest[:n:n]
	p.rest = p.rest[n:]
	return v
}

func (p *payload) text() []byte { return p.take(p.uvarint()) }

func (p *payload) bytes() []byte {
	n := p.uvarint()
	if n == 0 {
		return nil
	}
	return p.take(n - 1)
}
