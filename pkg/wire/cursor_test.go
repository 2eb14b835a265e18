package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// value is one thing in a row of them: how it is appended, and whether a cursor gives it back.
type value struct {
	append func([]byte) []byte
	given  func(*Cursor) bool
}

// values draws one of a kind.
var values = []func(t *rapid.T) value{
	func(t *rapid.T) value {
		v := rapid.Byte().Draw(t, "byte")
		return value{func(b []byte) []byte { return append(b, v) }, func(c *Cursor) bool { return c.Byte() == v }}
	},
	func(t *rapid.T) value {
		v := rapid.Int64().Draw(t, "varint")
		return value{func(b []byte) []byte { return binary.AppendVarint(b, v) }, func(c *Cursor) bool { return c.Varint() == v }}
	},
	func(t *rapid.T) value {
		v := rapid.Uint64().Draw(t, "uvarint")
		return value{func(b []byte) []byte { return binary.AppendUvarint(b, v) }, func(c *Cursor) bool { return c.Uvarint() == v }}
	},
	func(t *rapid.T) value {
		v := rapid.Int32().Draw(t, "int32")
		return value{func(b []byte) []byte { return binary.AppendVarint(b, int64(v)) }, func(c *Cursor) bool { return c.Int32() == v }}
	},
	func(t *rapid.T) value {
		v := rapid.Int32Min(0).Draw(t, "number")
		return value{func(b []byte) []byte { return binary.AppendUvarint(b, uint64(v)) }, func(c *Cursor) bool { return c.Number() == int(v) }}
	},
	func(t *rapid.T) value {
		v := rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "bytes")
		return value{func(b []byte) []byte { return AppendBytes(b, v) }, func(c *Cursor) bool { return bytes.Equal(c.Bytes(), v) }}
	},
	func(t *rapid.T) value {
		v := rapid.String().Draw(t, "text")
		return value{func(b []byte) []byte { return AppendText(b, v) }, func(c *Cursor) bool { return c.Text() == v }}
	},
	func(t *rapid.T) value {
		var v []byte
		if rapid.Bool().Draw(t, "there") {
			v = append([]byte{}, rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "nullable")...)
		}
		return value{func(b []byte) []byte { return AppendNullable(b, v) }, func(c *Cursor) bool {
			got := c.Nullable()
			return bytes.Equal(got, v) && (got == nil) == (v == nil)
		}}
	},
	func(t *rapid.T) value {
		v := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "fixed")
		return value{func(b []byte) []byte { return append(b, v...) }, func(c *Cursor) bool {
			got := make([]byte, 4)
			c.Fixed(got)
			return bytes.Equal(got, v)
		}}
	},
}

func TestWhatIsAppendedIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var row []value
		var b []byte
		for range rapid.IntRange(0, 12).Draw(t, "length") {
			v := rapid.SampledFrom(values).Draw(t, "kind")(t)
			row, b = append(row, v), v.append(b)
		}
		c := Read(b)
		for i, v := range row {
			if !v.given(&c) {
				t.Fatalf("value %d is another one", i)
			}
		}
		if err := c.Done(); err != nil {
			t.Fatal(err)
		}
		if len(b) > 0 { // with its last byte cut off, the row cannot be read to its end
			c = Read(b[:len(b)-1])
			for _, v := range row {
				v.given(&c)
			}
			if err := c.Done(); !errors.Is(err, ErrDamaged) {
				t.Fatalf("a row cut off gave %v", err)
			}
		}
	})
}

// FuzzCursor does with any input whatever a script says.
func FuzzCursor(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, []byte("\x01\x02\x03\x03abc\x04xyz\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Add([]byte{7}, binary.AppendUvarint(nil, 1<<63))
	f.Add([]byte{8}, binary.AppendUvarint(nil, 1<<62+1))
	f.Add([]byte{6, 9}, []byte{0xff, 0xff, 0xff, 0xff, 0x0f, 1})
	f.Fuzz(func(t *testing.T, script, input []byte) {
		c := Read(input)
		for _, step := range script {
			failed, left := c.Failed(), c.Left()
			n, zero := given(&c, step)
			if n > left {
				t.Fatalf("step %d gives %d bytes or things of the %d bytes left", step%11, n, left)
			}
			if c.Left() > left || failed && (!c.Failed() || !zero) || c.Failed() && c.Left() > 0 {
				t.Fatalf("step %d: from failed %v with %d left to %v with %d, zero %v", step%11, failed, left, c.Failed(), c.Left(), zero)
			}
		}
		if err := c.Done(); (err == nil) != (!c.Failed() && c.Left() == 0) {
			t.Fatalf("done gives %v", err)
		}
	})
}

// given does one step: how many bytes or things it gave, and whether that is nothing.
func given(c *Cursor, step byte) (n int, zero bool) {
	sized := func(b []byte) (int, bool) { return len(b), len(b) == 0 }
	switch step % 11 {
	case 0:
		return 0, c.Byte() == 0
	case 1:
		return 0, c.Varint() == 0
	case 2:
		return 0, c.Uvarint() == 0
	case 3:
		return 0, c.Int32() == 0
	case 4:
		return 0, c.Number() == 0
	case 5:
		return sized(c.Bytes())
	case 6:
		return sized([]byte(c.Text()))
	case 7:
		return sized(c.Nullable())
	case 8:
		n := c.Count(1 + int(step)%3)
		return n, n == 0
	case 9:
		return sized(c.Take(int(int8(step)))) // below zero too
	}
	return sized(c.Rest())
}

func TestACountIsBoundedByWhatIsLeft(t *testing.T) {
	cases := map[string]struct {
		count uint64
		size  int
		left  int
		want  int
		fails bool
	}{
		"none":                       {0, 1, 0, 0, false},
		"as many as fit":             {3, 4, 12, 3, false},
		"one more than fits":         {4, 4, 15, 0, true},
		"more than an int can count": {1<<64 - 1, 1, 5, 0, true},
	}
	for name, c := range cases {
		in := Read(append(binary.AppendUvarint(nil, c.count), make([]byte, c.left)...))
		if got := in.Count(c.size); got != c.want || in.Failed() != c.fails {
			t.Errorf("%s: %d, failed %v", name, got, in.Failed())
		}
	}
}
