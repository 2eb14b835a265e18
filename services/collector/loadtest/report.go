package main

import (
	"fmt"
	"slices"
)

// sample is one measurement.
type sample struct {
	outcome

	serverCPU, brokerCPU float64 // seconds; the server is the collector or the null handler
	resident             float64 // of the collector after it, MiB
}

func (s scenario) title() string {
	kind := "connections"
	if s.grpc {
		kind = "streams"
	}
	return fmt.Sprintf("%s, %d %s", s.name, s.connections, kind)
}

const header = "| acknowledged by | load | events/s (spread) | null handler, events/s (spread) | ratio | p50 ms | p99 ms | CPU us an event: collector, broker, generator; null handler | resident MiB |\n" +
	"|---|---|---|---|---|---|---|---|---|"

// printRow prints medians.
func printRow(storage string, s scenario, own, null []sample) {
	rate := func(s sample) float64 { return float64(s.Events) / s.Seconds }
	perEvent := func(samples []sample, seconds func(sample) float64) float64 {
		return median(samples, func(s sample) float64 { return 1e6 * seconds(s) / float64(max(1, s.Acknowledged)) })
	}
	server := func(s sample) float64 { return s.serverCPU }
	beside, ratio, nullCPU := "", "", ""
	if len(null) > 0 {
		beside, ratio = spread(null, rate), fmt.Sprintf("%.2f", median(own, rate)/median(null, rate))
		nullCPU = fmt.Sprintf("; %.1f", perEvent(null, server))
	}
	fmt.Printf("| %s | %s | %s | %s | %s | %.1f | %.1f | %.1f, %.1f, %.1f%s | %.0f |\n", storage, s.title(), spread(own, rate), beside, ratio,
		median(own, func(s sample) float64 { return s.P50 }), median(own, func(s sample) float64 { return s.P99 }),
		perEvent(own, server), perEvent(own, func(s sample) float64 { return s.brokerCPU }),
		perEvent(own, func(s sample) float64 { return s.CPU }), nullCPU, median(own, func(s sample) float64 { return s.resident }))
}

// spread is the median with the least and the greatest.
func spread(samples []sample, of func(sample) float64) string {
	values := sorted(samples, of)
	return fmt.Sprintf("%.0f (%.0f to %.0f)", values[len(values)/2], values[0], values[len(values)-1])
}

func median(samples []sample, of func(sample) float64) float64 {
	values := sorted(samples, of)
	return values[len(values)/2]
}

func sorted(samples []sample, of func(sample) float64) []float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	slices.Sort(values)
	return values
}
