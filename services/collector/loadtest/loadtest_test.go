package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"testing"
	"time"
)

// Every request is JSON, of the size said in the documents, and no two events have one id.
func TestRequestsAreNumbered(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	seen := map[string]bool{}
	for _, events := range []int{1, 50} {
		r := newRequest(events, now)
		for first := int64(0); first < 150; first += 50 {
			r.number(int64(events)*1_000_000 + first)
			_, body, _ := bytes.Cut(r.bytes, []byte("\r\n\r\n"))
			var got struct {
				MessageID string
				Batch     []struct{ MessageID string }
			}
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatalf("%d events: %v in %s", events, err, body)
			}
			if events == 1 {
				got.Batch = append(got.Batch, struct{ MessageID string }{got.MessageID})
				if len(body) < 650 || len(body) > 800 {
					t.Errorf("an event has %d bytes", len(body))
				}
			}
			if len(got.Batch) != events {
				t.Fatalf("%d events, want %d", len(got.Batch), events)
			}
			for _, e := range got.Batch {
				if seen[e.MessageID] || e.MessageID == "" {
					t.Fatalf("id %q came twice", e.MessageID)
				}
				seen[e.MessageID] = true
			}
		}
	}
}

// An answer that comes byte by byte is read to its end and no further.
func TestReadAnswer(t *testing.T) {
	for text, want := range map[string]answer{
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 25\r\n\r\n" + `{"success":1,"accepted":7`: {200, 7},
		"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\nRetry-After: 1\r\n\r\n{}":                             {503, 0},
		"HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n" + `{"accepted":1250,"rejected":[{}]}`:                           {200, 1250},
	} {
		client, server := net.Pipe()
		go func() {
			for i := range len(text) {
				_, _ = io.WriteString(server, text[i:i+1])
			}
		}()
		got, err := readAnswer(client, make([]byte, 512))
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
		_ = server.Close()
		if _, err := readAnswer(client, make([]byte, 512)); err == nil {
			t.Error("an answer after the connection's end")
		}
	}
}

func TestQuantiles(t *testing.T) {
	var micros []int32
	for i := range int32(1000) {
		micros = append(micros, (i+1)*1000)
	}
	if p50, p99 := quantile(micros, .5), quantile(micros, .99); p50 != 501 || p99 != 991 || quantile(nil, .5) != 0 {
		t.Errorf("p50 %v, p99 %v of 1 to 1000 ms", p50, p99)
	}
}
