package send

import (
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// Report is what became of the events.
type Report struct {
	// Sent were handed over; Accepted are durable at the collector, duplicates included; Rejected were refused, by reason.
	// Sent is the sum of the two when the sender closed without an error.
	Sent, Accepted, Rejected int64
	Reasons                  map[string]int64
	// Details holds the collector's sentence about the first event refused for each reason.
	Details map[string]string
	// Retries is the number of requests that had to be sent again.
	Retries int64
	// Again is how many events were in those: at most so many copies the sender itself may have made.
	Again int64
	// Elapsed runs from New.
	Elapsed time.Duration
	// P50 and P99 are the times from a request's first byte to its answer, of the attempts that were answered.
	P50, P99 time.Duration
}

// Rate is answered events a second.
func (r Report) Rate() float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(r.Accepted+r.Rejected) / r.Elapsed.Seconds()
}

// String is one line for people.
func (r Report) String() string {
	return fmt.Sprintf("%d sent, %d accepted, %d rejected, %d requests repeated, %.0f events/s in %s (answer p50 %s, p99 %s)",
		r.Sent, r.Accepted, r.Rejected, r.Retries, r.Rate(), r.Elapsed.Round(time.Millisecond),
		r.P50.Round(10*time.Microsecond), r.P99.Round(10*time.Microsecond))
}

type tally struct {
	sent, accepted, retries, repeated atomic.Int64
	latency                           Histogram
	mu                                sync.Mutex
	rejected                          int64
	reasons                           map[string]int64
	details                           map[string]string
}

// again notes a request that is sent once more.
func (t *tally) again(events int) {
	t.retries.Add(1)
	t.repeated.Add(int64(events))
}

func (t *tally) report(elapsed time.Duration) Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Report{Sent: t.sent.Load(), Accepted: t.accepted.Load(), Rejected: t.rejected, Reasons: maps.Clone(t.reasons), Details: maps.Clone(t.details),
		Retries: t.retries.Load(), Again: t.repeated.Load(), Elapsed: elapsed, P50: t.latency.Quantile(0.5), P99: t.latency.Quantile(0.99)}
}

func (s *Sender) account(got Answer) {
	t := &s.tally
	t.accepted.Add(int64(got.Accepted))
	if len(got.Rejected) > 0 {
		t.mu.Lock()
		if t.reasons == nil {
			t.reasons, t.details = map[string]int64{}, map[string]string{}
		}
		for _, r := range got.Rejected {
			t.rejected++
			if t.reasons[r.Reason]++; t.reasons[r.Reason] == 1 {
				t.details[r.Reason] = r.Detail
			}
		}
		t.mu.Unlock()
	}
	if s.cfg.OnResult != nil {
		s.cfg.OnResult(got.Accepted, len(got.Rejected))
	}
}
