package bundle_test

import (
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/services/recommendation/als"
	"github.com/freshet/freshet/services/recommendation/associate"
	"github.com/freshet/freshet/services/recommendation/ease"
	"github.com/freshet/freshet/services/recommendation/neighbours"
	"github.com/freshet/freshet/services/recommendation/packed"
	"github.com/freshet/freshet/services/recommendation/popular"
	"github.com/freshet/freshet/services/recommendation/session"
)

// decode reads a file as any of the kinds, with a hash that fits: what a writer with a fault could have written. What can be read must be usable.
func decode(data []byte) {
	data = binary.BigEndian.AppendUint64(slices.Clone(data), xxhash.Sum64(data))
	places := packed.Same(items)
	if x, err := session.Decode(data, places); err == nil {
		x.Add([]int32{1, 2})
		x.Encode()
	}
	if x, err := neighbours.Decode(data, places); err == nil {
		x.Observe("a", 1, 1)
		x.Similar(nil, 1, 5, 0, nil)
		x.Encode()
	}
	if m, err := ease.Decode(data, places); err == nil {
		m.Encode()
	}
	if m, err := als.Decode(data, places); err == nil {
		m.FoldIn([]int32{1})
	}
	_, _, _ = associate.Decode(data, places)
	_, _ = popular.Decode(data, places)
}

// FuzzRead looks for bytes that make a decoder panic, or ask for more memory than they justify.
func FuzzRead(f *testing.F) {
	for _, factors := range []int{0, 4} {
		files := write(f, parts(f, touches(20, 1), factors))
		for _, name := range slices.Sorted(maps.Keys(files)) {
			if strings.HasSuffix(name, ".bin") && name != "ranker.bin" {
				f.Add(files[name][:len(files[name])-8])
			}
		}
	}
	f.Fuzz(func(_ *testing.T, data []byte) { decode(data) })
}

// What FuzzRead looks for, in a few thousand draws that every run of the tests makes.
func TestNoDamageMakesADecoderPanic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, factors := range []int{0, 4} {
		files := write(t, parts(t, touches(20, 1), factors))
		for _, name := range slices.Sorted(maps.Keys(files)) {
			if !strings.HasSuffix(name, ".bin") || name == "ranker.bin" {
				continue
			}
			for range 300 {
				data := slices.Clone(files[name][:len(files[name])-8])
				for range 1 + r.IntN(3) {
					data[r.IntN(len(data))] = byte(r.IntN(256))
				}
				decode(data)
			}
		}
	}
}
