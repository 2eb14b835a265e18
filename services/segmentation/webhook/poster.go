package webhook

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// Poster makes signed requests to endpoints. It keeps nothing and repeats nothing: what is sent, when and how often is its user's business.
// Safe for concurrent use.
type Poster struct {
	client  *http.Client
	timeout time.Duration
	now     func() time.Time
}

// NewPoster makes a poster. timeout bounds one attempt, connections is how many idle ones are kept to one host, and now stamps the requests.
func NewPoster(timeout time.Duration, connections int, now func() time.Time) *Poster {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = connections
	return &Poster{timeout: timeout, now: now, client: &http.Client{
		Transport: transport,
		// A redirect is a failure: the signed request is meant for the configured address alone.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Post makes one attempt to deliver body under an id, signed with the endpoint's key (Endpoint.Key). Nil is a 2xx. After an error,
// retryAfter is what the endpoint asked for, 0 when it asked for nothing. The error does not show the address, which may hold a secret.
func (p *Poster) Post(ctx context.Context, address string, key []byte, id string, body []byte) (retryAfter time.Duration, err error) {
	_, retryAfter, err = p.post(ctx, &target{url: address, key: key}, id, body)
	var shown *url.Error
	if errors.As(err, &shown) {
		err = shown.Err
	}
	return retryAfter, err
}

// Close gives up the connections that are not in use.
func (p *Poster) Close() { p.client.CloseIdleConnections() }
