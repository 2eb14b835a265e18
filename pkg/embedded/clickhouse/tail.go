package embeddedclickhouse

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
)

// tailLines is how much of what the engine said is kept for an error.
const tailLines = 20

// tail takes the engine's output, hands each line to the logger, and keeps the last ones.
type tail struct {
	to *slog.Logger

	mu    sync.Mutex
	part  []byte
	lines []string
}

// Write implements io.Writer; it never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part = append(t.part, p...)
	for {
		i := bytes.IndexByte(t.part, '\n')
		if i < 0 {
			return len(p), nil
		}
		t.line(string(bytes.TrimSpace(t.part[:i])))
		t.part = t.part[i+1:]
	}
}

func (t *tail) line(s string) {
	// Our own way to stop the engine: not worth a warning.
	if s == "" || s == "Received exception:" || strings.Contains(s, "QUERY_WAS_CANCELLED") {
		return
	}
	if t.lines = append(t.lines, s); len(t.lines) > tailLines {
		t.lines = t.lines[1:]
	}
	t.note(s)
}

// note hands s to the logger.
func (t *tail) note(s string) {
	if t.to != nil {
		t.to.Warn("embedded ClickHouse: " + s)
	}
}

// err is what the engine said last, or nil when it said nothing.
func (t *tail) err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lines) == 0 {
		return nil
	}
	return errors.New(strings.Join(t.lines, "; "))
}
