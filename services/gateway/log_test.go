package gateway_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/freshet/freshet/pkg/service"
)

// lines is a log that is written from several goroutines.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// What callers send does not get into the log as it is, nor at a level that is on: a request must not write lines.
func TestWhatCallersSendDoesNotReachTheLog(t *testing.T) {
	hostile := []string{`a"b`, "a/b; c=\"\xff", `;;;`, `a/b; q`}
	for level, wanted := range map[string]bool{"info": false, "debug": true} {
		log := &lines{}
		service.LogGRPC(service.NewLogger(service.LogConfig{Level: level, Format: "json"}, log))
		g := run(t, config(everything().serve(t, "127.0.0.1:0").address))
		for _, h := range hostile {
			g.do(t, "POST", "/v1/identity:resolve", `{"identifiers":[{"type":"user_id","value":"42"}]}`, "Content-Type", h, "Accept", h)
		}
		if got := strings.Contains(log.String(), "Content-Type"); got != wanted {
			t.Errorf("at level %s the log says:\n%s", level, log)
		}
		for line := range strings.Lines(log.String()) {
			var entry map[string]any
			if err := json.Unmarshal([]byte(line), &entry); err != nil {
				t.Errorf("a line past the logger: %q", line)
			}
		}
	}
}
