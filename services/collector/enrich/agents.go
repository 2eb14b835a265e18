package enrich

import (
	"strings"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	// maxUserAgent is how much of a user agent is read, in bytes.
	maxUserAgent = 512
	// newAgents is how many unknown user agents are read through the expressions in one second; at a quarter of a millisecond each,
	// who sends a new one with every event gets no more than a fifth of a core.
	newAgents = 800
)

// agents reads user agents and remembers them. Safe for concurrent use.
type agents struct {
	known   *lru.Cache[string, *agent]
	now     func() time.Time
	second  atomic.Int64 // the Unix second that spent counts
	spent   atomic.Int64
	results struct{ cached, parsed, skipped prometheus.Counter }
}

func newAgentCache(size int, now func() time.Time, results *prometheus.CounterVec) (*agents, error) {
	known, err := lru.New[string, *agent](size)
	if err != nil {
		return nil, err
	}
	a := &agents{known: known, now: now}
	a.results.cached = results.WithLabelValues("cached")
	a.results.parsed = results.WithLabelValues("parsed")
	a.results.skipped = results.WithLabelValues("skipped")
	return a, nil
}

// read returns what a user agent says; nil for none. line may be a view of a request's body.
func (a *agents) read(line string) *agent {
	line = cut(line, maxUserAgent)
	if line == "" {
		return nil
	}
	if known, ok := a.known.Get(line); ok {
		a.results.cached.Inc()
		return known
	}
	line = strings.Clone(line)
	if !a.mayParse() {
		a.results.skipped.Inc()
		return glance(line)
	}
	a.results.parsed.Inc()
	found := builtIn().read(line)
	a.known.Add(line, found)
	return found
}

// mayParse takes one of this second's readings.
func (a *agents) mayParse() bool {
	now := a.now().Unix()
	if then := a.second.Load(); then != now && a.second.CompareAndSwap(then, now) {
		a.spent.Store(0)
	}
	return a.spent.Add(1) <= newAgents
}
