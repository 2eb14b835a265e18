package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// outcome is what the generator saw, as JSON on its standard output.
type outcome struct {
	// Requests and Events were sent within the measured time, after the warm-up, and answered 2xx.
	Requests, Events int64
	// Acknowledged are all events that were answered 2xx, the warm-up's included.
	Acknowledged int64
	// Failed are answers other than 2xx, and events to be sent again.
	Failed int64
	// Seconds is the measured time; P50 and P99 are of answers, in milliseconds.
	Seconds, P50, P99 float64
	// CPU is what the generator itself used, in seconds.
	CPU float64
}

// load is what one connection is to do.
type load struct {
	address     string
	batch       int
	first       int64 // number of its first event
	begun       time.Time
	from, until time.Time // the measured time; before from is the warm-up
	window      int       // of a stream: events without an answer
}

// tally is what one connection saw. latencies are microseconds.
type tally struct {
	requests, events, acknowledged, failed int64
	latencies                              []int32
}

// add counts one answer.
func (t *tally) add(l *load, sent, answered time.Time, events int64) {
	t.acknowledged += events
	if sent.Before(l.from) || answered.After(l.until) {
		return
	}
	t.requests++
	t.events += events
	t.latencies = append(t.latencies, int32(answered.Sub(sent).Microseconds()))
}

// generateRole sends until the time is over. Every request that was sent is waited for,
// so that what is acknowledged can be compared with what is stored.
func generateRole(ctx context.Context, args []string) error {
	var l load
	var connections int
	var grpc bool
	var seconds, warm time.Duration
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	flags.StringVar(&l.address, "address", "", "host:port")
	flags.BoolVar(&grpc, "grpc", false, "IngestStream instead of HTTP")
	flags.IntVar(&connections, "connections", 32, "connections, or streams")
	flags.IntVar(&l.batch, "batch", 1, "events in a request")
	flags.IntVar(&l.window, "window", 500, "events of a stream that wait for their answer")
	flags.DurationVar(&seconds, "time", time.Second, "measured time")
	flags.DurationVar(&warm, "warm", 500*time.Millisecond, "time before that")
	flags.Int64Var(&l.first, "first", 0, "number of the first event")
	if err := flags.Parse(args); err != nil {
		return err
	}
	send := overHTTP
	if grpc {
		send = overGRPC
	}
	l.begun = time.Now()
	l.from = l.begun.Add(warm)
	l.until = l.from.Add(seconds)
	tallies, faults := make([]tally, connections), make([]error, connections)
	var wg sync.WaitGroup
	for i := range connections {
		mine := l
		mine.first += int64(i) * 1_000_000_000
		wg.Go(func() { faults[i] = send(ctx, &mine, &tallies[i]) })
	}
	wg.Wait()
	if err := errors.Join(faults...); err != nil {
		return err
	}
	return report(os.Stdout, tallies, seconds)
}

func report(to io.Writer, tallies []tally, measured time.Duration) error {
	out := outcome{Seconds: measured.Seconds(), CPU: ownCPU()}
	var all []int32
	for _, t := range tallies {
		out.Requests += t.requests
		out.Events += t.events
		out.Acknowledged += t.acknowledged
		out.Failed += t.failed
		all = append(all, t.latencies...)
	}
	slices.Sort(all)
	out.P50, out.P99 = quantile(all, .5), quantile(all, .99)
	if err := json.NewEncoder(to).Encode(out); err != nil {
		return fmt.Errorf("write the outcome: %w", err)
	}
	return nil
}

// quantile of sorted microseconds, in milliseconds; 0 of none.
func quantile(sorted []int32, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]) / 1000
}

// ownCPU is the user and system time of this process, in seconds.
func ownCPU() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
