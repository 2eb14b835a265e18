package demo

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/freshet/freshet/services/segmentation/webhook"
)

// receiver is the product app at the other end of the alerts: a local HTTP server that believes nothing it cannot verify.
type receiver struct {
	key    []byte
	listen net.Listener
	server *http.Server

	mu sync.Mutex
	// arrived holds when each alert came first; repeats and forged count the deliveries that are not in it.
	arrived         map[string]time.Time
	segments        map[string]int
	repeats, forged int
}

// alert is what the receiver reads of a delivery.
type alert struct {
	Type string `json:"type"`
	Data struct {
		AlertID string `json:"alert_id"`
		Segment string `json:"segment"`
	} `json:"data"`
}

// newReceiver listens on a free port of this machine.
func newReceiver(ctx context.Context) (*receiver, error) {
	r := &receiver{key: make([]byte, 32), arrived: map[string]time.Time{}, segments: map[string]int{}}
	if _, err := rand.Read(r.key); err != nil {
		return nil, err
	}
	var err error
	if r.listen, err = new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = r.server.Serve(r.listen) }() // ends with Close
	return r, nil
}

func (r *receiver) url() string { return "http://" + r.listen.Addr().String() + "/alerts" }

// secret is the key as a rules file and --webhook-secret write it.
func (r *receiver) secret() string { return "whsec_" + base64.StdEncoding.EncodeToString(r.key) }

func (r *receiver) close() { _ = r.server.Close() }

// ServeHTTP takes one alert.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	now := time.Now()
	body, err := io.ReadAll(io.LimitReader(req.Body, 1<<20))
	var a alert
	if err != nil || !r.genuine(req.Header, body) || json.Unmarshal(body, &a) != nil || a.Data.AlertID != req.Header.Get(webhook.HeaderID) {
		r.mu.Lock()
		r.forged++
		r.mu.Unlock()
		http.Error(w, "the signature does not match", http.StatusUnauthorized)
		return
	}
	if !strings.HasPrefix(a.Type, "segment.") {
		return // the watch's word on freshness, on a machine that is very busy
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, seen := r.arrived[a.Data.AlertID]; seen {
		r.repeats++
		return
	}
	r.arrived[a.Data.AlertID] = now
	r.segments[a.Data.Segment]++
}

// genuine checks the signature as Standard Webhooks asks.
func (r *receiver) genuine(h http.Header, body []byte) bool {
	seconds, err := strconv.ParseInt(h.Get(webhook.HeaderTimestamp), 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
	want := webhook.Sign(r.key, h.Get(webhook.HeaderID), time.Unix(seconds, 0), body)
	return hmac.Equal([]byte(want), []byte(h.Get(webhook.HeaderSignature)))
}

// delivered is the number of different alerts that came.
func (r *receiver) delivered() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.arrived)
}
