package send

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// answer is the collector's reply to a batch.
type answer struct {
	Accepted int `json:"accepted"`
	Rejected []struct {
		Index  int    `json:"index"`
		Reason string `json:"reason"`
		Detail string `json:"detail"`
	} `json:"rejected"`
}

// retryable wraps a fault that may pass; after is the collector's wish, 0 when it has none.
type retryable struct {
	err   error
	after time.Duration
}

func (r retryable) Error() string { return r.err.Error() }
func (r retryable) Unwrap() error { return r.err }

// errTooLarge says that the request, not an event, was too large.
var errTooLarge = errors.New("the request is too large")

// deliver posts items until they are answered for good.
func (s *Sender) deliver(items [][]byte) error {
	deadline := time.Now().Add(s.cfg.RetryFor)
	for attempt := 0; ; attempt++ {
		began := time.Now()
		got, err := s.post(items)
		if err == nil {
			s.tally.latency.Observe(time.Since(began))
			s.account(got)
			return nil
		}
		if errors.Is(err, errTooLarge) && len(items) > 1 {
			if err := s.deliver(items[:len(items)/2]); err != nil {
				return err
			}
			return s.deliver(items[len(items)/2:])
		}
		var again retryable
		if !errors.As(err, &again) || time.Now().After(deadline) {
			return err
		}
		s.tally.retries.Add(1)
		if err := s.pause(attempt, again.after); err != nil {
			return errors.Join(err, again)
		}
	}
}

// pause waits as long as the collector asks, else longer with each attempt, with jitter.
func (s *Sender) pause(attempt int, asked time.Duration) error {
	wait := min(50*time.Millisecond<<min(attempt, 6), 2*time.Second)
	wait = max(wait/2+rand.N(wait), asked)
	select {
	case <-time.After(wait):
		return nil
	case <-s.ctx.Done():
		return context.Cause(s.ctx)
	}
}

func (s *Sender) post(items [][]byte) (answer, error) {
	body := envelope(items, time.Now())
	req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, s.cfg.URL+s.cfg.path(), bytes.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("make the request: %w", err)
	}
	req.SetBasicAuth(s.cfg.WriteKey, "")
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		if s.ctx.Err() != nil {
			return answer{}, context.Cause(s.ctx)
		}
		return answer{}, retryable{err: err}
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		return answer{}, retryable{err: fmt.Errorf("read the answer: %w", err)}
	}
	return read(resp, reply)
}

// read tells an answer from a fault that may pass and one that will not.
func read(resp *http.Response, reply []byte) (got answer, err error) {
	switch code := resp.StatusCode; {
	case code/100 == 2, code == http.StatusBadRequest:
		if err := json.Unmarshal(reply, &got); err != nil || code == http.StatusBadRequest && len(got.Rejected) == 0 {
			return got, fmt.Errorf("the collector answered %s: %s", resp.Status, clip(reply))
		}
		return got, nil
	case code == http.StatusRequestEntityTooLarge:
		return got, errTooLarge
	case code == http.StatusTooManyRequests, code == http.StatusBadGateway, code == http.StatusServiceUnavailable, code == http.StatusGatewayTimeout:
		after, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return got, retryable{err: fmt.Errorf("the collector answered %s: %s", resp.Status, clip(reply)), after: time.Duration(after) * time.Second}
	case code == http.StatusUnauthorized:
		return got, fmt.Errorf("the collector does not know this write key: give the one it was started with")
	default:
		return got, fmt.Errorf("the collector answered %s: %s", resp.Status, clip(reply))
	}
}

func clip(b []byte) string { return string(b[:min(len(b), 300)]) }

// envelope writes the body of a batch; items go in as they are, broken ones too.
func envelope(items [][]byte, sent time.Time) []byte {
	size := 64
	for _, it := range items {
		size += len(it) + 1
	}
	b := make([]byte, 0, size)
	b = append(b, `{"sentAt":"`...)
	b = sent.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(b, `","batch":[`...)
	for i, it := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, it...)
	}
	return append(b, "]}"...)
}
