package webhook

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
)

// secrets are in every part of the address where a service may want one; each begins with SEKRIT.
const (
	credentials = "SEKRITUSER:SEKRITPASS@"
	secretPath  = "/hook/SEKRITPATH/SEKRIT%2FSLASH?token=SEKRITQUERY&SEKRITNAME=SEKRIT%20VALUE#SEKRITFRAGMENT"
)

// raw is a server that does with a connection as it is told, and is no HTTP server.
func raw(t *testing.T, serve func(c net.Conn, head string)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				head := make([]byte, 4096)
				n, _ := c.Read(head)
				serve(c, string(head[:n]))
			}()
		}
	}()
	return l.Addr().String()
}

func handler(t *testing.T, tls bool, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	if tls {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// However a delivery fails, nothing of the address but its host is in the log, the dead letter, the metrics or the trace; and what is
// there says what went wrong.
func TestNoSecretOfAnAddressIsTold(t *testing.T) {
	line := func(head string) string { first, _, _ := strings.Cut(head, "\r\n"); return first }
	echo := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://[::1"+r.URL.RequestURI())
		w.WriteHeader(http.StatusFound)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	plain := handler(t, false, func(http.ResponseWriter, *http.Request) {})
	for name, c := range map[string]struct{ scheme, address, want string }{
		"nobody_listens":  {"http", closed, "dial: connection refused"},
		"no_such_host":    {"http", "nowhere.invalid", "look up nowhere.invalid: "},
		"it_echoes":       {"http", raw(t, func(c net.Conn, head string) { _, _ = io.WriteString(c, head) }), "no HTTP answer came"},
		"it_hangs_up":     {"http", raw(t, func(net.Conn, string) {}), "the connection ended before the answer did"},
		"it_says_nothing": {"http", raw(t, func(c net.Conn, _ string) { _, _ = io.Copy(io.Discard, c) }), "no answer within the time"},
		"half_an_answer": {"http", raw(t, func(c net.Conn, _ string) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
		}),
			"the connection ended before the answer did"},
		"a_reason_that_repeats": {"http", raw(t, func(c net.Conn, head string) {
			_, _ = fmt.Fprintf(c, "HTTP/1.1 400 bad request: %s\r\nContent-Length: 0\r\n\r\n", line(head))
		}), "answered 400 Bad Request"},
		"a_redirect_that_repeats": {"http", handler(t, false, echo), "post to "},
		"a_refusal":               {"http", handler(t, false, func(w http.ResponseWriter, r *http.Request) { http.Error(w, r.URL.String(), http.StatusForbidden) }), "answered 403 Forbidden"},
		"gone":                    {"http", handler(t, false, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }), "answered 410 Gone"},
		"an_unknown_certificate":  {"https", handler(t, true, func(http.ResponseWriter, *http.Request) {}), "its certificate is not trusted"},
		"tls_to_a_plain_server":   {"https", plain, ""},
		"plain_to_a_tls_server":   {"http", handler(t, true, func(http.ResponseWriter, *http.Request) {}), "answered 400 Bad Request"},
	} {
		t.Run(name, func(t *testing.T) {
			var log buffer
			reg, spans := prometheus.NewRegistry(), tracetest.NewInMemoryExporter()
			tracer := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)).Tracer("test")
			f := newFixture(t)
			f.cfg.Timeout, f.cfg.Waits = 3*time.Second, nil
			f.deps = func(d *Deps) {
				d.Logger, d.Metrics, d.Tracer = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), reg, tracer
			}
			f.hook(name, c.scheme+"://"+credentials+c.address+secretPath)
			f.begin()
			f.alert(name, "x")
			f.committed(name)
			f.end()
			told := map[string]string{"the log": log.b.String(), "the dead letter": deadLetter(t, f), "the metrics": exposed(t, reg), "the trace": fmt.Sprintf("%+v", spans.GetSpans())}
			for where, text := range told {
				if strings.Contains(strings.ToUpper(text), "SEKRIT") {
					t.Errorf("%s tells a secret:\n%s", where, text)
				}
			}
			for _, where := range []string{"the log", "the dead letter"} {
				if host, _, _ := strings.Cut(c.address, "/"); !strings.Contains(told[where], c.want) || !strings.Contains(told[where], c.scheme+"://"+host) {
					t.Errorf("%s does not say %q of %s:\n%s", where, c.want, host, told[where])
				}
			}
		})
	}
}

// deadLetter is everything of the one record in the dead letters but its value.
func deadLetter(t *testing.T, f *fixture) string {
	t.Helper()
	b, err := f.client.Fetch(context.Background(), broker.TopicPartition{Topic: topics.AlertsDead.Name}, 0, broker.FetchOptions{})
	if err != nil || len(b.Records) != 1 {
		t.Fatalf("%d dead letters, %v", len(b.Records), err)
	}
	return fmt.Sprintf("%s %s", b.Records[0].Headers, b.Records[0].Key)
}

// exposed is what Prometheus would read.
func exposed(t *testing.T, reg *prometheus.Registry) string {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, m := range families {
		if _, err := expfmt.MetricFamilyToText(&b, m); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// What is configured wrongly is said without what it says.
func TestNoSecretOfAWrongAddressIsTold(t *testing.T) {
	for _, address := range []string{
		"ftp://" + credentials + "host" + secretPath, "//" + credentials + "host" + secretPath, "http://" + credentials + secretPath,
		"http://host:SEKRITPORT" + secretPath, "http://host/%zzSEKRIT", "http://ho st/SEKRIT", "SEKRIT", "http://[::1/SEKRIT", "http://host\x7f/SEKRIT",
	} {
		faults := fmt.Sprint(Endpoint{URL: address}.Faults())
		if !strings.Contains(faults, "url: is no http or https address") && !strings.Contains(address, "/%zz") || strings.Contains(faults, "SEKRIT") {
			t.Errorf("%q: %s", address, faults)
		}
		if got := told(address, io.EOF).Error(); strings.Contains(got, "SEKRIT") {
			t.Errorf("%q: %s", address, got)
		}
	}
}
