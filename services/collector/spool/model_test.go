package spool

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/broker"
)

// Whatever happens in whatever order, what was confirmed and not advanced over is read, in order, exactly
// once but for what a crash repeats, and nothing else is.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		m := model{rt: rt, dir: dir, segment: rapid.Int64Range(1, 600).Draw(rt, "segment")}
		m.log = open(t, dir, segments(m.segment))
		rt.Repeat(map[string]func(*rapid.T){
			"append":  m.append,
			"advance": m.advance,
			"fail":    m.fail,
			"close":   func(*rapid.T) { _ = m.log.Close(); m.reopen(t, true) },
			"kill":    func(*rapid.T) { m.log.kill(); m.reopen(t, false) },
			"tear":    func(rt *rapid.T) { m.log.kill(); m.tear(rt); m.reopen(t, false) },
			"":        m.check,
		})
		if got := drain(m.log, 200); got != join(m.waiting) {
			rt.Fatalf("in the end read %q, want %q", got, join(m.waiting))
		}
		_ = m.log.Close()
	})
}

// model is a log and what it should hold.
type model struct {
	rt       *rapid.T
	dir      string
	segment  int64
	log      *Log
	n        int
	waiting  []string // confirmed, not advanced over
	advanced []string
}

func (m *model) append(rt *rapid.T) {
	m.n++
	name := fmt.Sprintf("m%d%s", m.n, strings.Repeat("x", rapid.IntRange(0, 100).Draw(rt, "pad")))
	if err := m.log.Append(context.Background(), []broker.Message{message(name)}); err != nil {
		rt.Fatal(err)
	}
	m.waiting = append(m.waiting, name)
}

func (m *model) advance(rt *rapid.T) {
	b := m.log.Read(rapid.IntRange(1, 500).Draw(rt, "limit"))
	for i, msg := range b.Messages {
		if i >= len(m.waiting) || string(msg.Value) != m.waiting[i] {
			rt.Fatalf("message %d of the batch is %s, waiting are %v", i, msg.Value, m.waiting)
		}
	}
	if len(b.Messages) == 0 && len(m.waiting) > 0 {
		rt.Fatalf("nothing to read, waiting are %v", m.waiting)
	}
	if len(b.Messages) > 0 {
		m.log.Advance(b)
		m.advanced = append(m.advanced, m.waiting[:len(b.Messages)]...)
		m.waiting = m.waiting[len(b.Messages):]
	}
}

// fail is an append on a broken disk.
func (m *model) fail(rt *rapid.T) {
	write, sync := m.log.write, m.log.sync
	if rapid.Bool().Draw(rt, "at sync") {
		m.log.sync = func(*os.File) error { return os.ErrInvalid }
	} else {
		m.log.write = half
	}
	if err := m.log.Append(context.Background(), []broker.Message{message("never confirmed")}); err == nil {
		rt.Fatal("a failed append was confirmed")
	}
	m.log.write, m.log.sync = write, sync
}

// tear leaves a part of a frame behind the newest segment.
func (m *model) tear(rt *rapid.T) {
	found, err := listSegments(m.dir)
	if err != nil || len(found) == 0 {
		return
	}
	s := found[len(found)-1]
	b, err := os.ReadFile(s.path)
	if err != nil {
		rt.Fatal(err)
	}
	frame, _ := encode([]broker.Message{message("torn")})
	header{length: uint32(len(frame) - headerBytes), messages: 1}.put(frame, s.salt, int64(len(b)))
	cut := rapid.IntRange(1, len(frame)-1).Draw(rt, "cut")
	if err := os.WriteFile(s.path, append(b, frame[:cut]...), 0o600); err != nil {
		rt.Fatal(err)
	}
}

// reopen opens the folder again. After a crash a part of what was advanced over may wait again.
func (m *model) reopen(t *testing.T, clean bool) {
	m.log = open(t, m.dir, segments(m.segment))
	again := int(m.log.Stats().Events) - len(m.waiting)
	if again < 0 || again > len(m.advanced) || clean && again != 0 {
		m.rt.Fatalf("%d events wait after a restart, want %d, advanced over %d, clean stop %v", again+len(m.waiting), len(m.waiting), len(m.advanced), clean)
	}
	m.waiting = append(slices.Clone(m.advanced[len(m.advanced)-again:]), m.waiting...)
	m.advanced = m.advanced[:len(m.advanced)-again]
}

func (m *model) check(rt *rapid.T) {
	st := m.log.Stats()
	if st.Events != int64(len(m.waiting)) || m.log.Empty() != (len(m.waiting) == 0) || st.DamagedFrames != 0 {
		rt.Fatalf("%+v, waiting are %d", st, len(m.waiting))
	}
	var onDisk int64
	for _, s := range m.log.segments {
		info, err := os.Stat(s.path)
		if err != nil {
			rt.Fatal(err)
		}
		onDisk += info.Size()
	}
	if onDisk != st.Bytes {
		rt.Fatalf("%d bytes on disk, %d counted", onDisk, st.Bytes)
	}
}
