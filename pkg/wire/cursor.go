package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrDamaged is returned for bytes that no writer of the layout wrote.
var ErrDamaged = errors.New("the bytes are damaged")

// Cursor takes values off the front of bytes. After the first fault it is empty and all it
// gives is zero. The zero Cursor is one over no bytes. Not for two goroutines at once.
type Cursor struct {
	rest   []byte
	failed bool
}

// Read begins at the front of b. What the cursor gives as bytes is a view of b.
func Read(b []byte) Cursor { return Cursor{rest: b} }

// Fail makes the cursor fail: for values that can be read and cannot be.
func (c *Cursor) Fail() { c.failed, c.rest = true, nil }

// Failed says whether something could not be read.
func (c *Cursor) Failed() bool { return c.failed }

// Left is how many bytes were not taken; 0 after a fault.
func (c *Cursor) Left() int { return len(c.rest) }

// Rest takes everything that is left.
func (c *Cursor) Rest() []byte {
	b := c.rest
	c.rest = nil
	return b
}

// Done is nil when everything was read and nothing is left; else it wraps ErrDamaged.
func (c *Cursor) Done() error {
	switch {
	case c.failed:
		return ErrDamaged
	case len(c.rest) > 0:
		return fmt.Errorf("%w: %d bytes too many", ErrDamaged, len(c.rest))
	}
	return nil
}

// Byte takes one byte.
func (c *Cursor) Byte() byte {
	if len(c.rest) == 0 {
		c.Fail()
		return 0
	}
	v := c.rest[0]
	c.rest = c.rest[1:]
	return v
}

// Varint takes what binary.AppendVarint wrote.
func (c *Cursor) Varint() int64 {
	u := c.Uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// Uvarint takes what binary.AppendUvarint wrote. Most are of one byte, and small enough to be read in place.
func (c *Cursor) Uvarint() uint64 {
	if len(c.rest) > 0 && c.rest[0] < 0x80 {
		v := c.rest[0]
		c.rest = c.rest[1:]
		return uint64(v)
	}
	return c.long()
}

func (c *Cursor) long() uint64 {
	v, n := binary.Uvarint(c.rest)
	if n <= 0 {
		c.Fail()
		return 0
	}
	c.rest = c.rest[n:]
	return v
}

// Int32 takes a varint; one beyond 32 bits is a fault.
func (c *Cursor) Int32() int32 {
	v := c.Varint()
	if v != int64(int32(v)) {
		c.Fail()
		return 0
	}
	return int32(v)
}

// Number takes a uvarint that says how many there are of something that does not follow:
// from 0 to 2^31-1. For things that do follow, see Count.
func (c *Cursor) Number() int {
	v := c.Uvarint()
	if v > math.MaxInt32 {
		c.Fail()
		return 0
	}
	return int(v)
}

// Count takes how many things follow that need at least size (1 or more) bytes each. More
// than what is left can hold is a fault, so a damaged count cannot ask for memory.
func (c *Cursor) Count(size int) int {
	v := c.Uvarint()
	if v > uint64(len(c.rest)/size) {
		c.Fail()
		return 0
	}
	return int(v)
}

// Take takes n bytes, or none when fewer are left: nil then.
func (c *Cursor) Take(n int) []byte {
	if uint(n) > uint(len(c.rest)) {
		c.Fail()
		return nil
	}
	v := c.rest[:n:n]
	c.rest = c.rest[n:]
	return v
}

// Fixed fills v; it stays as it was when fewer bytes are left.
func (c *Cursor) Fixed(v []byte) { copy(v, c.Take(len(v))) }

// Bytes takes what AppendBytes wrote.
func (c *Cursor) Bytes() []byte { return c.Take(c.Count(1)) }

// Text takes what AppendText wrote, as a copy.
func (c *Cursor) Text() string { return string(c.Bytes()) }

// Nullable takes what AppendNullable wrote.
func (c *Cursor) Nullable() []byte {
	v := c.Uvarint()
	if v == 0 {
		return nil
	}
	if v-1 > uint64(len(c.rest)) {
		c.Fail()
		return nil
	}
	return c.Take(int(v - 1))
}
