package send

import (
	"fmt"
	"net/http"
	"time"
)

// Config says where events go and how hard to try.
type Config struct {
	// URL is the collector, as in http://127.0.0.1:8080.
	URL string
	// History sends to /v1/import?history=true: changes facts and state, never fires an alert, takes any time in the past.
	History bool
	// WriteKey names the source. Required.
	WriteKey string
	// Connections work side by side, 1 to 256. Zero means 4.
	Connections int
	// BatchEvents and BatchBytes bound one request, counted before the envelope. Zero means 500 events and 450,000 bytes; one larger
	// event still travels, alone.
	BatchEvents, BatchBytes int
	// Linger is the longest an event waits for company. Zero means 20 ms.
	Linger time.Duration
	// RetryFor is how long one request is tried again before the sender gives up with an error. Zero means one minute.
	RetryFor time.Duration
	// OnResult, when set, is told after each answered request how many events were accepted and rejected. Many goroutines call it.
	OnResult func(accepted, rejected int)
	// OnOutage, when set, is told what a request met when it has been tried again a few times, once a request. Many goroutines call it.
	OnOutage func(err error)
}

func (c Config) withDefaults() (Config, error) {
	if c.URL == "" || c.WriteKey == "" {
		return c, fmt.Errorf("send: both the collector's URL and a write key are needed")
	}
	for _, d := range []struct {
		v   *int
		def int
	}{{&c.Connections, 4}, {&c.BatchEvents, 500}, {&c.BatchBytes, 450_000}} {
		if *d.v == 0 {
			*d.v = d.def
		}
		if *d.v < 0 {
			return c, fmt.Errorf("send: connections, batch events and batch bytes must be above 0")
		}
	}
	if c.Connections > 256 || c.BatchEvents > 2500 {
		return c, fmt.Errorf("send: at most 256 connections and 2,500 events a batch")
	}
	if c.Linger == 0 {
		c.Linger = 20 * time.Millisecond
	}
	if c.RetryFor == 0 {
		c.RetryFor = time.Minute
	}
	return c, nil
}

func (c Config) client() *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		MaxIdleConnsPerHost: c.Connections, MaxConnsPerHost: c.Connections, DisableCompression: true,
	}}
}

func (c Config) path() string {
	if c.History {
		return "/v1/import?history=true"
	}
	return "/v1/batch"
}
