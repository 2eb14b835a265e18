// Package packed is the frame around every file of a model: which layout it is in, what it holds, and a hash of all of it. Models know the inside
// (package wire), and the bundle which files there are.
//
//	number of the layout | what it is (text) | the model's own | xxHash64 of everything before, big-endian
//
// Files count items by their place in the bundle's list of items. A process numbers items as it meets them: Places turns one into the other.
//
// Invariants, each with its test:
//   - a file with any bit changed, cut short or with something behind it is refused (TestEveryDamagedBitIsRefused);
//   - a file of a newer release, and one that holds something else, is refused with words that say so (TestAForeignFileIsToldApart).
package packed

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/pkg/wire"
)

// Begin begins a file; room is about how many bytes it will have.
func Begin(f wire.Format, room int) []byte {
	return wire.AppendText(f.Begin(make([]byte, 0, room+len(f.Name)+16)), f.Name)
}

// Seal ends a file.
func Seal(b []byte) []byte { return binary.BigEndian.AppendUint64(b, xxhash.Sum64(b)) }

// Open checks a file and gives what is between Begin and Seal. The cursor is a view of data.
func Open(f wire.Format, data []byte) (wire.Cursor, error) {
	in, _, err := f.Open(data)
	if err != nil {
		return wire.Cursor{}, err
	}
	if len(data) < 9 {
		return wire.Cursor{}, fmt.Errorf("%s: %w", f.Name, wire.ErrDamaged)
	}
	body := data[:len(data)-8]
	if xxhash.Sum64(body) != binary.BigEndian.Uint64(data[len(body):]) {
		return wire.Cursor{}, fmt.Errorf("%s: its hash does not fit: %w", f.Name, wire.ErrDamaged)
	}
	in = wire.Read(body[1:])
	if name := in.Text(); name != f.Name {
		return wire.Cursor{}, fmt.Errorf("%s: the file holds %q", f.Name, name)
	}
	return in, nil
}

// Done is nil when everything was read.
func Done(f wire.Format, in *wire.Cursor) error {
	if err := in.Done(); err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	return nil
}

// AppendFloat appends the bits of a number.
func AppendFloat(b []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
}

// Float takes a finite number.
func Float(in *wire.Cursor) float64 {
	b := in.Take(8)
	if b == nil {
		return 0
	}
	v := math.Float64frombits(binary.LittleEndian.Uint64(b))
	if math.IsNaN(v) || math.IsInf(v, 0) {
		in.Fail()
		return 0
	}
	return v
}

// AppendShort appends the bits of a short number.
func AppendShort(b []byte, v float32) []byte {
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
}

// Short takes a finite short number.
func Short(in *wire.Cursor) float32 {
	b := in.Take(4)
	if b == nil {
		return 0
	}
	v := math.Float32frombits(binary.LittleEndian.Uint32(b))
	if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
		in.Fail()
		return 0
	}
	return v
}
