package warehouse

import (
	"unicode/utf8"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
)

// cursor walks over the fields of one message's bytes without copying any of them.
// The first thing it does not expect stops it, for good.
type cursor struct {
	rest []byte
	odd  bool
	num  protowire.Number
	typ  protowire.Type
}

// next moves to the next field and tells whether there is one.
func (c *cursor) next() bool {
	if c.odd || len(c.rest) == 0 {
		return false
	}
	num, typ, n := protowire.ConsumeTag(c.rest)
	if n < 0 {
		c.odd = true
		return false
	}
	c.num, c.typ, c.rest = num, typ, c.rest[n:]
	return true
}

// number reads the field as a varint.
func (c *cursor) number() uint64 {
	v, n := protowire.ConsumeVarint(c.rest)
	if c.typ != protowire.VarintType || n < 0 {
		c.odd = true
		return 0
	}
	c.rest = c.rest[n:]
	return v
}

// fixed32 reads the field as four bytes.
func (c *cursor) fixed32() uint32 {
	v, n := protowire.ConsumeFixed32(c.rest)
	if c.typ != protowire.Fixed32Type || n < 0 {
		c.odd = true
		return 0
	}
	c.rest = c.rest[n:]
	return v
}

func (c *cursor) bool() bool { return c.number() != 0 }

// bytes reads the field as bytes that stay where they are.
func (c *cursor) bytes() []byte {
	v, n := protowire.ConsumeBytes(c.rest)
	if c.typ != protowire.BytesType || n < 0 {
		c.odd = true
		return nil
	}
	c.rest = c.rest[n:]
	return v[:len(v):len(v)]
}

// text reads the field as a string that stays where it is.
func (c *cursor) text() string {
	b := c.bytes()
	if !utf8.Valid(b) {
		c.odd = true
		return ""
	}
	return textOf(b)
}

// sub reads the field as a message.
func (c *cursor) sub(read func(*cursor)) {
	in := cursor{rest: c.bytes()}
	read(&in)
	c.odd = c.odd || in.odd
}

// textOf gives bytes as a string without copying them. A record's bytes are never
// written again, and what holds the string keeps them alive.
func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
