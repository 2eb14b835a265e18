package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/propagation"

	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// payload is the body of a request: Standard Webhooks' type, timestamp and data.
type payload struct {
	Type      string `json:"type"`
	Timestamp string `json:"timestamp"`
	Data      data   `json:"data"`
}

// data is the transition.
type data struct {
	AlertID    string `json:"alert_id"`
	Workspace  string `json:"workspace"`
	CustomerID string `json:"customer_id"`
	Segment    string `json:"segment"`
	Version    int64  `json:"segment_version"`
	Seq        int64  `json:"seq"`
	Kind       string `json:"kind"`
	Reason     string `json:"reason"`
	At         string `json:"at"`
	// Absent when the endpoint gets no names.
	Identifiers *[]identifier `json:"identifiers,omitempty"`
	Complete    *bool         `json:"identifiers_complete,omitempty"`
}

// body is the request's body: the same bytes on every attempt. who is nil when the endpoint gets no names.
func body(a *segmentationv1.Alert, who *person) ([]byte, error) {
	t := a.GetTransition()
	kind := word(t.GetKind().String(), "TRANSITION_KIND_")
	at := time.UnixMilli(t.GetAtMs()).UTC().Format("2006-01-02T15:04:05.000Z")
	p := payload{
		Type: "segment." + kind, Timestamp: at,
		Data: data{
			AlertID: a.GetAlertId(), Workspace: t.GetWorkspace(), CustomerID: t.GetCustomerId(), Segment: t.GetSegment(),
			Version: t.GetVersion(), Seq: t.GetSeq(), Kind: kind, Reason: word(t.GetReason().String(), "TRANSITION_REASON_"), At: at,
		},
	}
	if who != nil {
		p.Data.Identifiers, p.Data.Complete = &who.identifiers, &who.complete
	}
	return json.Marshal(p)
}

// word is an enum's value as people write it.
func word(name, prefix string) string { return strings.ToLower(strings.TrimPrefix(name, prefix)) }

// verdict is what an attempt came to.
type verdict int

const (
	delivered verdict = iota // 2xx
	refused                  // anything else: worth another attempt
	gone                     // 410: the endpoint wants no more
)

// maxRetryAfter bounds what an endpoint may ask for.
const maxRetryAfter = 24 * time.Hour

// target is an endpoint ready for use.
type target struct {
	name, url string
	// identity is what of a customer's names it gets.
	identity string
	key      []byte
}

// post makes one attempt. reason says why it was not delivered; retryAfter is what the
// endpoint asked for, 0 when it asked for nothing.
func (p *Poster) post(ctx context.Context, t *target, id string, body []byte) (v verdict, retryAfter time.Duration, reason error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return refused, 0, told(t.url, err)
	}
	at := p.now()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Freshet-Webhook/1.0")
	req.Header.Set(HeaderID, id)
	req.Header.Set(HeaderTimestamp, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(HeaderSignature, Sign(t.key, id, at, body))
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(req.Header))
	resp, err := p.client.Do(req)
	if err != nil {
		return refused, 0, told(t.url, err)
	}
	defer resp.Body.Close()
	// Reading a little of the answer lets the connection be used again.
	if _, err := io.CopyN(io.Discard, resp.Body, 64<<10); err != nil && !errors.Is(err, io.EOF) && resp.StatusCode/100 == 2 {
		return refused, 0, told(t.url, err)
	}
	switch {
	case resp.StatusCode/100 == 2:
		return delivered, 0, nil
	case resp.StatusCode == http.StatusGone:
		return gone, 0, answered(t.url, resp.StatusCode)
	default:
		return refused, parseRetryAfter(resp.Header.Get("Retry-After"), p.now()), answered(t.url, resp.StatusCode)
	}
}

// parseRetryAfter reads seconds or a date; what is neither, or past, is 0.
func parseRetryAfter(s string, now time.Time) time.Duration {
	var wait time.Duration
	if n, err := strconv.ParseInt(s, 10, 32); err == nil {
		wait = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(s); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}
