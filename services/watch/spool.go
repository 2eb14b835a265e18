package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// What the collector says of its spool.
const (
	spoolOldest = "freshet_collector_spool_oldest_age_seconds"
	spoolEvents = "freshet_collector_spool_events"
	// maxMetrics bounds one answer, in bytes.
	maxMetrics = 16 << 20
)

// spools asks collectors for their spools, and whether they are behind.
type spools struct {
	addresses []string
	token     string
	client    *http.Client
	lookUp    func(ctx context.Context, host string) ([]string, error)
}

func newSpools(addresses []string, token string, timeout time.Duration) *spools {
	return &spools{addresses: addresses, token: token, client: &http.Client{Timeout: timeout, CheckRedirect: noRedirect}, lookUp: net.DefaultResolver.LookupHost}
}

// noRedirect keeps the token from going anywhere else.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// look asks every collector. The spool does not tell live events from history, nor sources: the oldest event counts.
func (s *spools) look(ctx context.Context, now time.Time) (r reading, o overload) {
	for _, address := range s.addresses {
		each, err := s.behind(ctx, address)
		if err != nil {
			r.err = errors.Join(r.err, err)
			continue
		}
		for _, a := range each {
			r.err = errors.Join(r.err, s.one(ctx, now, a, &r, &o))
		}
	}
	return r, o
}

// behind are the addresses behind a name: each collector has a spool of its own.
func (s *spools) behind(ctx context.Context, address string) ([]*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("collector %q: %w", address, err)
	}
	if u.Scheme == "https" { // its certificate is for the name
		return []*url.URL{u}, nil
	}
	hosts, err := s.lookUp(ctx, u.Hostname())
	if err != nil {
		return nil, fmt.Errorf("find the collectors: %w", err)
	}
	var out []*url.URL
	for _, h := range hosts {
		one := *u
		one.Host = h
		if port := u.Port(); port != "" {
			one.Host = net.JoinHostPort(h, port)
		}
		out = append(out, &one)
	}
	return out, nil
}

func (s *spools) one(ctx context.Context, now time.Time, u *url.URL, r *reading, o *overload) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return fmt.Errorf("ask a collector: %w", err)
	}
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask a collector: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("ask the collector at %s: it answered %s", u.Host, resp.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(io.LimitReader(resp.Body, maxMetrics))
	if err != nil {
		return fmt.Errorf("read the metrics of the collector at %s: %w", u.Host, err)
	}
	events, ok := gauge(families[spoolEvents])
	oldest, ok2 := gauge(families[spoolOldest])
	if !ok || !ok2 {
		return fmt.Errorf("the collector at %s has no metric %s or %s: is it a collector?", u.Host, spoolEvents, spoolOldest)
	}
	o.hear(families)
	r.lag += int64(events)
	if events > 0 {
		at := now.Add(-time.Duration(oldest * float64(time.Second)))
		r.waiting = append(r.waiting, waiting{grade: unknown, received: at, arrived: at})
	}
	return nil
}

func gauge(f *dto.MetricFamily) (float64, bool) {
	if f == nil || len(f.GetMetric()) == 0 {
		return 0, false
	}
	return f.GetMetric()[0].GetGauge().GetValue(), true
}
