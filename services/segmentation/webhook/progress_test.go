package webhook

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestProgressAgainstSet holds progress against a plain set, and a restart from its commit too.
func TestProgressAgainstSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Int64Range(0, 5).Draw(t, "low")
		p, done := newProgress(low, ""), map[int64]bool{}
		for o := range low {
			done[o] = true
		}
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			first := rapid.Int64Range(0, 40).Draw(t, "first")
			next := first + rapid.Int64Range(0, 3).Draw(t, "length")
			p.finish(first, next)
			for o := first; o < next; o++ {
				done[o] = true
			}
		}
		offset, metadata := p.commit()
		restarted := newProgress(offset, metadata)
		for o := range int64(50) {
			if p.finished(o) != done[o] || restarted.finished(o) != done[o] {
				t.Fatalf("offset %d: %v, after a restart from %d %q %v; want %v", o, p.finished(o), offset, metadata, restarted.finished(o), done[o])
			}
			if !done[o] && o < offset {
				t.Fatalf("committed %d although %d is unfinished", offset, o)
			}
		}
	})
}

func TestMetadataIsBounded(t *testing.T) {
	p := newProgress(0, "")
	for o := int64(1); o < 4000; o += 2 {
		p.finish(o, o+1)
	}
	offset, metadata := p.commit()
	if offset != 0 || len(metadata) > maxMetadata || len(metadata) < maxMetadata-20 {
		t.Errorf("offset %d with %d bytes of metadata", offset, len(metadata))
	}
	if again := newProgress(offset, metadata); !again.finished(1) || again.finished(3999) || again.finished(0) {
		t.Error("what fits is not what is kept")
	}
}

func TestDamagedMetadataOnlyRepeats(t *testing.T) {
	for _, m := range []string{"x", "5", "9-7", "-", "3-4,zz,8-8", "1-2", strings.Repeat(",", 9)} {
		p := newProgress(3, m)
		if p.finished(5) || !p.finished(2) {
			t.Errorf("%q: something unfinished counts as finished", m)
		}
	}
}
