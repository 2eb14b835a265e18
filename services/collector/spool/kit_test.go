package spool

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/broker"
)

// open opens a log in dir that ends with the test.
func open(t testing.TB, dir string, edits ...func(*Config)) *Log {
	t.Helper()
	cfg := Config{Dir: dir, MaxBytes: 64 << 20, SegmentBytes: 1 << 20}
	for _, edit := range edits {
		edit(&cfg)
	}
	l, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func segments(n int64) func(*Config) { return func(c *Config) { c.SegmentBytes = n } }

// message is one whose value says which it is.
func message(name string) broker.Message {
	return broker.Message{Topic: "events.raw.v1", Key: []byte("key"), Value: []byte(name), Headers: broker.Headers("traceparent", "00-"+name)}
}

// put appends a frame per name.
func put(t testing.TB, l *Log, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := l.Append(t.Context(), []broker.Message{message(name)}); err != nil {
			t.Fatalf("append %s: %v", name, err)
		}
	}
}

// drain reads everything, in reads of about limit bytes, and advances over it.
func drain(l *Log, limit int) string {
	var names []string
	for {
		b := l.Read(limit)
		if len(b.Messages) == 0 {
			return strings.Join(names, " ")
		}
		for _, m := range b.Messages {
			names = append(names, string(m.Value))
		}
		l.Advance(b)
	}
}

// kill leaves a log as the death of its process does: nothing is noted, the lock is free.
func (l *Log) kill() {
	l.mu.Lock()
	l.closed = true
	for l.committing {
		l.quiet.Wait()
	}
	l.mu.Unlock()
	_ = l.release()
}

// files are the names in dir with a suffix.
func files(t testing.TB, dir, suffix string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// edit changes the bytes of the only segment.
func edit(t testing.TB, dir string, change func([]byte) []byte) {
	t.Helper()
	found := files(t, dir, ".spool")
	if len(found) != 1 {
		t.Fatalf("segments: %v, want one", found)
	}
	b, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(found[0], change(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

func numbers(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprintf("m%03d", i))
	}
	return out
}

func join(names []string) string { return strings.Join(names, " ") }
