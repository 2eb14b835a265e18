package webhook

import (
	"slices"
	"testing"

	"github.com/freshet/freshet/pkg/wire/wiretest"
)

// at is a commit's metadata above offset 10.
type at struct{ spans []span }

func TestGoldenProgress(t *testing.T) {
	wiretest.Golden(t, wiretest.Layout[at]{
		Name: "webhook-progress", Version: 1,
		Write: func(a at) []byte {
			p := newProgress(10, "")
			for _, s := range a.spans {
				p.finish(s.first, s.next)
			}
			_, metadata := p.commit()
			return []byte(metadata)
		},
		Read:     func(b []byte) (at, error) { return at{newProgress(10, string(b)).spans}, nil },
		Examples: map[string]at{"nothing above": {}, "two spans": {[]span{{12, 19}, {20, 21}}}, "large offsets": {[]span{{1 << 60, 1<<60 + 5}}}},
	})
}

// FuzzProgress: whatever stands in the metadata, nothing below the offset is lost, and what is read is written and read as the same.
func FuzzProgress(f *testing.F) {
	for _, b := range wiretest.Bytes(f, "webhook-progress") {
		f.Add(int64(10), string(b))
	}
	f.Add(int64(3), "9-7,3-9223372036854775807,x")
	f.Fuzz(func(t *testing.T, low int64, metadata string) {
		if low < 0 {
			return
		}
		p := newProgress(low, metadata)
		if p.low < low {
			t.Fatalf("%q took the offset from %d back to %d", metadata, low, p.low)
		}
		offset, written := p.commit()
		if again := newProgress(offset, written); len(written) < maxMetadata/2 && (again.low != p.low || !slices.Equal(again.spans, p.spans)) {
			t.Fatalf("%d %q is %v, and then %v", low, metadata, p.spans, again.spans)
		}
	})
}
