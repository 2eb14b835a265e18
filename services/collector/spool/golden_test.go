package spool

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/pkg/wire/wiretest"
)

// frame is the whole of a frame where a test writes it.
func frame(t testing.TB, msgs []broker.Message) []byte {
	t.Helper()
	b, err := encode(msgs)
	if err != nil {
		t.Fatal(err)
	}
	h := header{length: uint32(len(b) - headerBytes), messages: uint32(len(msgs)), createdMS: 1_781_524_800_000, sum: sumOf(b)}
	h.put(b, fuzzSalt, 100)
	return b
}

func TestGoldenSpool(t *testing.T) {
	wiretest.Golden(t, wiretest.Layout[[]broker.Message]{
		Format: format, Name: "spool-frame", Version: format.Written,
		Write: func(msgs []broker.Message) []byte { return frame(t, msgs) },
		Read: func(b []byte) ([]broker.Message, error) {
			h, ok := readHeader(b, fuzzSalt, 100)
			if !ok || h.size() != int64(len(b)) || h.sum != sumOf(b) || h.createdMS != 1_781_524_800_000 {
				return nil, errPayload
			}
			return decode(b[headerBytes:], h.messages)
		},
		Examples: map[string][]broker.Message{
			"an event": {message("one")},
			"nil and empty": {{Topic: "t", Key: nil, Value: []byte{}}, {Topic: "", Key: []byte{}, Value: nil,
				Headers: []broker.Header{{Key: "a", Value: nil}, {Key: "", Value: []byte{}}}}},
		},
	})
	wiretest.Golden(t, wiretest.Layout[cursor]{
		Name: "spool-cursor", Version: 1, Write: cursor.encode,
		Read: func(b []byte) (cursor, error) {
			c, ok := decodeCursor(b)
			if !ok {
				return c, errors.New("no cursor")
			}
			return c, nil
		},
		Examples: map[string]cursor{"a place": {number: 7, salt: 1<<64 - 1, offset: 1 << 40}},
	})
}

// What a newer release wrote is not damage: the collector does not start, says why, and the newer release finds all of it.
// A flipped bit is damage: the intact frames are read.
func TestASegmentOfANewerReleaseIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	put(t, l, "one", "two")
	salt := l.segments[0].salt
	l.kill()
	var today []byte
	edit(t, dir, func(b []byte) []byte { // as the next release may write it
		today = bytes.Clone(b)
		h, _ := readHeader(b, salt, 0)
		magic = []byte("FSP2")
		defer func() { magic = []byte("FSP1") }()
		h.put(b, salt, 0)
		return b
	})
	before, err := os.ReadFile(files(t, dir, ".spool")[0])
	if err != nil {
		t.Fatal(err)
	}
	if l, err := Open(Config{Dir: dir, MaxBytes: 1 << 20, SegmentBytes: 1 << 20}); !errors.Is(err, wire.ErrNewer) {
		t.Fatalf("opened as %v, %v", l, err)
	}
	if after, err := os.ReadFile(files(t, dir, ".spool")[0]); err != nil || !bytes.Equal(after, before) || len(files(t, dir, ".damaged")) > 0 {
		t.Fatalf("the segment was touched: %v", err)
	}
	edit(t, dir, func([]byte) []byte { today[3] ^= 2; return today }) // reads FSP3, with the checksum of FSP1
	if got := drain(open(t, dir), 1<<20); got != "two" {
		t.Errorf("behind a flipped bit %q was read, want two", got)
	}
}
