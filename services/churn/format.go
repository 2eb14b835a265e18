package churn

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/freshet/freshet/pkg/wire"
)

// The formats of the state's values.
var (
	recordFormat = wire.Format{Name: "customer record of churn", Oldest: 1, Written: 1, Newest: 1}
	sweepFormat  = wire.Format{Name: "sweep of churn", Oldest: 1, Written: 1, Newest: 1}
)

// finish says what is wrong with what was read.
func finish(f wire.Format, in *wire.Cursor) error {
	if err := in.Done(); err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	return nil
}

// versionTime is the form of the time in a model's version, which ends in four hexadecimal digits of its file's hash: 20261128T181500-3f2a.
const versionTime = "20060102T150405"

// modelID is a model's version, taken apart: it is in every record, and is compared more often than it is read.
type modelID struct {
	seconds int64
	hash    uint16
	text    string // of any other form
}

// parseModel takes a version apart.
func parseModel(id string) modelID {
	if len(id) == len(versionTime)+5 {
		at, err := time.Parse(versionTime, id[:len(versionTime)])
		h, err2 := strconv.ParseUint(id[len(versionTime)+1:], 16, 16)
		if m := (modelID{seconds: at.Unix(), hash: uint16(h)}); err == nil && err2 == nil && m.seconds > 0 && m.String() == id {
			return m
		}
	}
	return modelID{text: id}
}

// String is the version.
func (m modelID) String() string {
	if m.seconds == 0 {
		return m.text
	}
	return fmt.Sprintf("%s-%04x", time.Unix(m.seconds, 0).UTC().Format(versionTime), m.hash)
}

// append writes the usual form in seven bytes, any other as a text.
func (m modelID) append(b []byte) []byte {
	if m.seconds == 0 {
		return wire.AppendText(append(b, 0), m.text)
	}
	return binary.BigEndian.AppendUint16(binary.AppendUvarint(b, uint64(m.seconds)), m.hash)
}

// readModel takes what append wrote.
func readModel(in *wire.Cursor) modelID {
	seconds := in.Uvarint()
	if seconds == 0 {
		m := parseModel(in.Text())
		if m.seconds != 0 {
			in.Fail() // there is one way to write a thing
		}
		return m
	}
	var h [2]byte
	in.Fixed(h[:])
	if seconds > 253402300799 { // behind the year 9999
		in.Fail()
	}
	return modelID{seconds: int64(seconds), hash: binary.BigEndian.Uint16(h[:])}
}

// appendShort appends a number in four bytes: scores are told as precise as they are kept.
func appendShort(b []byte, v float32) []byte {
	return binary.BigEndian.AppendUint32(b, math.Float32bits(v))
}

// readShort takes a finite number.
func readShort(in *wire.Cursor) float32 {
	v := math.Float32frombits(readWord(in))
	if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
		in.Fail()
		return 0
	}
	return v
}

func readWord(in *wire.Cursor) uint32 {
	var w [4]byte
	in.Fixed(w[:])
	return binary.BigEndian.Uint32(w[:])
}
