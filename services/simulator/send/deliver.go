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

// Answer is the collector's reply to a batch: all of it is durable.
type Answer struct {
	Accepted int        `json:"accepted"`
	Rejected []Rejected `json:"rejected"`
}

// Rejected is one refused event of a batch.
type Rejected struct {
	// Index is its place in the batch, from 0.
	Index  int    `json:"index"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

// Client posts batches and waits for their answers. Many goroutines may use it. Close it.
type Client struct {
	cfg     Config
	http    *http.Client
	retries func(events int)
	latency func(time.Duration)
}

// NewClient makes a client for callers that need to know what became of each batch; Sender is for the others. Of the configuration,
// batches, linger and OnResult are the caller's business. Errors are those of the configuration.
func NewClient(cfg Config) (*Client, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Client{cfg: cfg, http: cfg.client(), retries: func(int) {}, latency: func(time.Duration) {}}, nil
}

// Close gives up the connections that are not in use.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// retryable wraps a fault that may pass; after is the collector's wish, 0 when it has none.
type retryable struct {
	err   error
	after time.Duration
}

func (r retryable) Error() string { return r.err.Error() }
func (r retryable) Unwrap() error { return r.err }

// outage is the attempt, a second or two after the first, from which on a fault is more than a hiccup.
const outage = 5

// ErrBehind says that the collector defers history, because the stages behind it have to work off what it took before. It passes.
var ErrBehind = errors.New("the stack is behind, and history has to wait")

// errTooLarge says that the request, not an event, was too large.
var errTooLarge = errors.New("the request is too large")

// Deliver posts items until they are answered for good: again after a dropped connection, 429, 502, 503 and 504, for at most RetryFor, and
// in halves when the request is too large. An error says that items may have arrived or not; sending them again is safe.
func (c *Client) Deliver(ctx context.Context, items [][]byte) (Answer, error) {
	deadline := time.Now().Add(c.cfg.RetryFor)
	for attempt := 0; ; attempt++ {
		began := time.Now()
		got, err := c.post(ctx, items)
		if err == nil {
			c.latency(time.Since(began))
			return got, nil
		}
		if errors.Is(err, errTooLarge) && len(items) > 1 {
			return c.halves(ctx, items)
		}
		var again retryable
		if !errors.As(err, &again) || time.Now().After(deadline) {
			return got, err
		}
		if left := time.Until(deadline); again.after > left {
			return got, fmt.Errorf("the collector asks to wait %s, longer than it is tried again: %w", again.after, err)
		}
		if attempt == outage && c.cfg.OnOutage != nil {
			c.cfg.OnOutage(err)
		}
		c.retries(len(items))
		if err := pause(ctx, attempt, again.after); err != nil {
			return got, errors.Join(err, again)
		}
	}
}

func (c *Client) halves(ctx context.Context, items [][]byte) (Answer, error) {
	half := len(items) / 2
	got, err := c.Deliver(ctx, items[:half])
	if err != nil {
		return got, err
	}
	rest, err := c.Deliver(ctx, items[half:])
	got.Accepted += rest.Accepted
	for _, r := range rest.Rejected {
		r.Index += half
		got.Rejected = append(got.Rejected, r)
	}
	return got, err
}

// pause waits as long as the collector asks, else longer with each attempt, with jitter.
func pause(ctx context.Context, attempt int, asked time.Duration) error {
	wait := min(50*time.Millisecond<<min(attempt, 6), 2*time.Second)
	wait = max(wait/2+rand.N(wait), asked)
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *Client) post(ctx context.Context, items [][]byte) (Answer, error) {
	body := envelope(items, time.Now())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.URL+c.cfg.path(), bytes.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("make the request: %w", err)
	}
	req.SetBasicAuth(c.cfg.WriteKey, "")
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return Answer{}, context.Cause(ctx)
		}
		return Answer{}, retryable{err: err}
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		return Answer{}, retryable{err: fmt.Errorf("read the answer: %w", err)}
	}
	return read(resp, reply)
}

// read tells an answer from a fault that may pass and one that will not.
func read(resp *http.Response, reply []byte) (got Answer, err error) {
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
		return got, retryable{err: refusal(resp.Status, reply), after: time.Duration(after) * time.Second}
	case code == http.StatusUnauthorized:
		return got, fmt.Errorf("the collector does not know this write key, or it has ended: `freshet source list` shows which are live, --write-key takes one")
	default:
		return got, fmt.Errorf("the collector answered %s: %s", resp.Status, clip(reply))
	}
}

// refusal is an answer that says to come again.
func refusal(status string, reply []byte) error {
	var why struct{ Error, Message string }
	if json.Unmarshal(reply, &why) == nil && why.Error == "behind" {
		return fmt.Errorf("%w: %s", ErrBehind, clip([]byte(why.Message)))
	}
	return fmt.Errorf("the collector answered %s: %s", status, clip(reply))
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
