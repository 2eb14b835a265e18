package spool

import (
	"bytes"
	"testing"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/wire/wiretest"
)

const fuzzSalt = 7

// twoFrames are an intact segment.
func twoFrames(t testing.TB) []byte {
	t.Helper()
	var out []byte
	for _, name := range []string{"one", "two"} {
		b, err := encode([]broker.Message{message(name)})
		if err != nil {
			t.Fatal(err)
		}
		header{length: uint32(len(b) - headerBytes), messages: 1, sum: sumOf(b)}.put(b, fuzzSalt, int64(len(out)))
		out = append(out, b...)
	}
	return out
}

// FuzzSegment: whatever a segment holds, the walk ends, its pieces lie edge to edge, and what it calls
// intact has the checksums.
func FuzzSegment(f *testing.F) {
	two := twoFrames(f)
	f.Add(two)
	f.Add(two[:len(two)-3])
	f.Add(append(bytes.Clone(two), make([]byte, 100)...))
	f.Add(append([]byte("FSP1"), two...))
	f.Add(append(bytes.Repeat([]byte{1}, 30), two...))
	for _, b := range wiretest.Bytes(f, "spool-frame") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		w := &walker{src: bytes.NewReader(b), salt: fuzzSalt, end: int64(len(b)), window: 64}
		at := int64(0)
		for p, ok := w.next(); ok; p, ok = w.next() {
			if p.at != at || p.end <= p.at || p.end > w.end {
				t.Fatalf("a piece from %d to %d, after one that ended at %d", p.at, p.end, at)
			}
			if at = p.end; p.damaged && p.end == w.end {
				w.torn(p)
			}
			if !p.damaged && (p.end-p.at != p.header.size() || !bytes.Equal(p.payload, b[p.at+headerBytes:p.end])) {
				t.Fatalf("the frame at %d is not what stands there", p.at)
			}
			_, _ = p.messages()
		}
		if at != w.end || w.unreadable {
			t.Fatalf("ended at %d of %d", at, w.end)
		}
	})
}

// FuzzCursor: a cursor is taken only as it was written.
func FuzzCursor(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("FSC1"))
	f.Add(cursor{number: 1, salt: fuzzSalt, offset: 100}.encode())
	f.Add(cursor{number: 1, salt: fuzzSalt, offset: -1}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, ok := decodeCursor(b); ok && (c.offset < 0 || !bytes.Equal(c.encode(), b)) {
			t.Fatalf("%x was taken for %+v", b, c)
		}
	})
}

// FuzzPayload: what decodes encodes to something that decodes to the same.
func FuzzPayload(f *testing.F) {
	b, err := encode([]broker.Message{message("one"), {}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b[headerBytes:], uint32(2))
	f.Add([]byte{0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f}, uint32(1<<31))
	f.Fuzz(func(t *testing.T, b []byte, n uint32) {
		msgs, err := decode(b, n)
		if err != nil {
			return
		}
		again, err := encode(msgs)
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := decode(again[headerBytes:], n); err != nil || len(twice) != len(msgs) {
			t.Fatalf("%d messages became %d, %v", len(msgs), len(twice), err)
		}
	})
}
