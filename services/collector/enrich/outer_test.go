package enrich

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestOuterAddress(t *testing.T) {
	const proxy, cdn, visitor = "10.0.0.1:4711", "10.0.0.2", "203.0.113.7"
	x := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		return h
	}
	for name, c := range map[string]struct {
		from, header string
		h            http.Header
		host, scheme string
	}{
		"a proxy says both": {proxy, xForwardedFor, x("X-Forwarded-For", visitor, "X-Forwarded-Host", "events.example.com", "X-Forwarded-Proto", "https"),
			"events.example.com", "https"},
		"a proxy that keeps the host says the scheme": {proxy, xForwardedFor, x("X-Forwarded-Proto", "HTTPS"), "", "https"},
		"a host with a port":                          {proxy, xForwardedFor, x("X-Forwarded-Host", "events.example.com:8443"), "events.example.com:8443", ""},
		"a host of IPv6":                              {proxy, xForwardedFor, x("X-Forwarded-Host", "[2001:db8::1]:8443"), "[2001:db8::1]:8443", ""},
		"anybody else says both":                      {visitor + ":5", xForwardedFor, x("X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https"), "", ""},
		"the IPv6 form of the proxy's address":        {"[::ffff:10.0.0.1]:4711", xForwardedFor, x("X-Forwarded-Proto", "https"), "", "https"},
		"what the client wrote stands further left": {proxy, xForwardedFor, x("X-Forwarded-For", "1.2.3.4, "+visitor, "X-Forwarded-Host", "evil.example, events.example.com"),
			"events.example.com", ""},
		"of two proxies the outer one's word": {proxy, xForwardedFor, x("X-Forwarded-For", visitor+", "+cdn, "X-Forwarded-Host", "events.example.com, inner.example",
			"X-Forwarded-Proto", "https, http"), "events.example.com", "https"},
		"the same in headers of their own": {proxy, xForwardedFor, x("X-Forwarded-For", visitor, "X-Forwarded-For", cdn, "X-Forwarded-Host", "events.example.com",
			"X-Forwarded-Host", "inner.example"), "events.example.com", ""},
		"of two proxies only one speaks": {proxy, xForwardedFor, x("X-Forwarded-For", visitor+", "+cdn, "X-Forwarded-Proto", "https"), "", "https"},
		"a chain, and the client's word": {proxy, xForwardedFor, x("X-Forwarded-For", "9.9.9.9, "+visitor+", "+cdn, "X-Forwarded-Host", "evil.example, events.example.com, inner.example"),
			"events.example.com", ""},
		"a scheme that is none":                    {proxy, xForwardedFor, x("X-Forwarded-Proto", "gopher", "X-Forwarded-Host", "a.example"), "a.example", ""},
		"a host that is none":                      {proxy, xForwardedFor, x("X-Forwarded-Host", "a.example/evil?x=\"", "X-Forwarded-Proto", "https"), "", "https"},
		"an endless host":                          {proxy, xForwardedFor, x("X-Forwarded-Host", string(make([]byte, 9000))), "", ""},
		"an empty one":                             {proxy, xForwardedFor, x("X-Forwarded-Host", ""), "", ""},
		"nothing":                                  {proxy, xForwardedFor, x(), "", ""},
		"Forwarded":                                {proxy, forwarded, x("Forwarded", `for=203.0.113.7;host="events.example.com:8443";proto=https;by=10.0.0.1`), "events.example.com:8443", "https"},
		"Forwarded, of two proxies":                {proxy, forwarded, x("Forwarded", `for=203.0.113.7;host=events.example.com;proto=https, for=10.0.0.2;host=inner.example;proto=http`), "events.example.com", "https"},
		"Forwarded, and the client's word":         {proxy, forwarded, x("Forwarded", `for=9.9.9.9;host=evil.example, for=203.0.113.7;host=events.example.com`), "events.example.com", ""},
		"Forwarded is asked for, X- is there":      {proxy, forwarded, x("X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https"), "", ""},
		"X- is asked for, Forwarded is there":      {proxy, xForwardedFor, x("Forwarded", "host=evil.example;proto=https"), "", ""},
		"a connection whose address is not one":    {"@", xForwardedFor, x("X-Forwarded-Proto", "https"), "", ""},
		"Forwarded without what it is asked about": {proxy, forwarded, x("Forwarded", "for=203.0.113.7"), "", ""},
	} {
		cfg := Default()
		cfg.TrustedProxies, cfg.ProxyHeader = []string{"10.0.0.0/8"}, c.header
		e, err := New(cfg, Deps{Logger: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry()})
		if err != nil {
			t.Fatal(err)
		}
		host, scheme := e.Outer(&http.Request{RemoteAddr: c.from, Header: c.h})
		if host != c.host || scheme != c.scheme {
			t.Errorf("%s: %q %q, want %q %q", name, host, scheme, c.host, c.scheme)
		}
	}
}
