package conformance

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"
)

// fault is what happens to one request instead of the collector's answer.
type fault struct {
	// status is answered without the collector; 0 means that the connection is cut.
	status int
	// retryAfter is the header's value in seconds; 0 means none.
	retryAfter int
	// stored lets the collector have the request first, and store it.
	stored bool
	// hold gives no answer until the client is gone.
	hold bool
	// pass lets the request through: it is a later one that fails.
	pass bool
}

// seen is one request as it came.
type seen struct {
	at           time.Time
	method, path string
	header       http.Header
	body         []byte
	// status is what the client was told, 0 for a cut connection.
	status int
	// retryAfter is the Retry-After of that answer, in seconds.
	retryAfter int
	passed     bool // on to the collector
}

// proxy stands before the collector on a port of its own. It passes requests on, and
// treats the first POSTs as its faults say.
type proxy struct {
	url, host string

	mu       sync.Mutex
	faults   []fault
	requests []seen
	passed   int        // requests that the collector has and that are not noted yet
	noted    *sync.Cond // passed has become less
}

func startProxy(t *testing.T, collector string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{url: "http://" + listener.Addr().String(), host: listener.Addr().String()}
	p.noted = sync.NewCond(&p.mu)
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		p.serve(rw, r, collector)
	})}
	done := make(chan struct{})
	go func() { _ = srv.Serve(listener); close(done) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return p
}

// fail sets what happens to the POSTs to come.
func (p *proxy) fail(faults ...fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = faults
}

// posts are the requests that carried events, in order. One that the collector has is waited for: its events may be
// in Kafka before its answer is here.
func (p *proxy) posts() []seen {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.passed > 0 {
		p.noted.Wait()
	}
	var out []seen
	for _, s := range p.requests {
		if s.method == http.MethodPost {
			out = append(out, s)
		}
	}
	return out
}

// next takes the fault that is due for a POST.
func (p *proxy) next(method string) (fault, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if method != http.MethodPost || len(p.faults) == 0 {
		return fault{}, false
	}
	f := p.faults[0]
	p.faults = p.faults[1:]
	return f, !f.pass
}

func (p *proxy) note(s seen) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, s)
	if s.passed {
		p.settle()
	}
}

// settle says that one request that the collector had is noted, or will not be. mu is held.
func (p *proxy) settle() {
	p.passed--
	p.noted.Broadcast()
}

func (p *proxy) serve(rw http.ResponseWriter, r *http.Request, collector string) {
	s := seen{at: time.Now(), method: r.Method, path: r.URL.RequestURI(), header: r.Header.Clone()}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	s.body = body
	f, faulty := p.next(r.Method)
	var resp *http.Response
	if !faulty || f.stored {
		p.mu.Lock()
		s.passed = true
		p.passed++
		p.mu.Unlock()
		if resp, err = forward(r, body, collector); err != nil {
			p.mu.Lock()
			p.settle()
			p.mu.Unlock()
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		defer func() { _ = resp.Body.Close() }()
	}
	switch {
	case !faulty:
		s.status = resp.StatusCode
		s.retryAfter, _ = strconv.Atoi(resp.Header.Get("Retry-After")) // 0 without one
		p.note(s)
		pass(rw, resp)
	case f.status != 0:
		s.status, s.retryAfter = f.status, f.retryAfter
		p.note(s)
		answer(rw, f)
	default:
		p.note(s)
		if f.hold {
			<-r.Context().Done()
		}
		cut(rw)
	}
}

// forward sends the request on as it came, with the Host the client used.
func forward(r *http.Request, body []byte, collector string) (*http.Response, error) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+collector+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out.Header, out.Host = r.Header.Clone(), r.Host
	return http.DefaultTransport.RoundTrip(out)
}

func pass(rw http.ResponseWriter, resp *http.Response) {
	for name, values := range resp.Header {
		rw.Header()[name] = values
	}
	rw.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(rw, resp.Body) // the client may be gone
}

// answer gives the fault's status with the headers that the collector gives with it.
func answer(rw http.ResponseWriter, f fault) {
	rw.Header().Set("Access-Control-Allow-Origin", "*")
	if f.retryAfter > 0 {
		rw.Header().Set("Retry-After", strconv.Itoa(f.retryAfter))
		rw.Header().Set("Access-Control-Expose-Headers", "Retry-After")
	}
	rw.WriteHeader(f.status)
}

// cut closes the connection without an answer.
func cut(rw http.ResponseWriter) {
	conn, _, err := rw.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset, as of a machine that went away
	}
	_ = conn.Close()
}
