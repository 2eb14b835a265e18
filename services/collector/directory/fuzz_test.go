package directory

import (
	"bytes"
	"encoding/base64"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/services/collector/enrich"
)

const testKey = "web-write-key"

// open is a directory with one source.
func open(t testing.TB) *Directory {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	enricher, err := enrich.New(enrich.Default(), enrich.Deps{Logger: logger, Metrics: prometheus.NewRegistry(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(Config{Entries: []Entry{{Name: "web", Workspace: "default", WriteKey: testKey}}, Limits: DefaultLimits()},
		Deps{Logger: logger, Metrics: prometheus.NewRegistry(), Enrich: enricher, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// FuzzAuthorization: a key is found exactly when net/http reads it as the user of a Basic authorization. Any other
// authorization leaves the word to the body.
func FuzzAuthorization(f *testing.F) {
	for _, header := range []string{"", "Basic", "Basic " + base64.StdEncoding.EncodeToString([]byte(testKey+":")), "basic  " + base64.StdEncoding.EncodeToString([]byte(testKey+":x:y")),
		"BASIC " + base64.StdEncoding.EncodeToString([]byte(testKey)), "Bearer x", "Basic ***", "Basic " + strings.Repeat("QUFB", 300), "Basic " + base64.RawStdEncoding.EncodeToString([]byte(testKey+":"))} {
		f.Add(header)
	}
	d := open(f)
	f.Fuzz(func(t *testing.T, header string) {
		src, why := d.ByAuthorization(header)
		scheme, _, blank := strings.Cut(header, " ")
		if given := why != "" || src != nil; given != (blank && strings.EqualFold(scheme, "basic")) {
			t.Fatalf("%q: given %v", header, why)
		}
		// net/http wants one blank and a colon; clients that write more of the one or none of the other mean the same.
		strict := header
		if scheme, rest, ok := strings.Cut(header, " "); ok {
			strict = scheme + " " + strings.TrimSpace(rest)
			if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest)); err == nil && !bytes.Contains(raw, []byte(":")) {
				strict = scheme + " " + base64.StdEncoding.EncodeToString(append(raw, ':'))
			}
		}
		user, _, ok := (&http.Request{Header: http.Header{"Authorization": {strict}}}).BasicAuth()
		if want := ok && user == testKey && len(header) < 600; (src != nil) != want && len(header) < 600 {
			t.Fatalf("%q: found %v, net/http reads the user %q (%v)", header, src != nil, user, ok)
		}
	})
}
