package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
)

// scenario is one kind of load on one kind of storage.
type scenario struct {
	name               string
	connections, batch int
	grpc               bool
	// null measures the null handler beside it, turn by turn.
	null bool
}

// storage is what stands behind an acknowledgement.
type storage struct {
	// name says the ack mode.
	name string
	// args are the broker's.
	disk, fsync bool
	// down stops the broker before the load, so that the spool takes it.
	down      bool
	scenarios []scenario
}

// storages are the whole comparison.
var storages = []storage{
	{name: "acks=all, broker in memory", scenarios: []scenario{
		{name: "single", connections: 32, batch: 1, null: true},
		{name: "single", connections: 64, batch: 1, null: true},
		{name: "batch of 50", connections: 16, batch: 50, null: true},
		{name: "gRPC stream", connections: 1, batch: 1, grpc: true},
		{name: "gRPC stream", connections: 8, batch: 1, grpc: true},
	}},
	{name: "acks=all, broker on disk", disk: true, scenarios: []scenario{
		{name: "single", connections: 32, batch: 1},
		{name: "batch of 50", connections: 16, batch: 50},
	}},
	{name: "acks=all, broker on disk, fsync each", disk: true, fsync: true, scenarios: []scenario{
		{name: "single", connections: 32, batch: 1},
		{name: "batch of 50", connections: 16, batch: 50},
	}},
	{name: "broker gone: fsync to the spool", disk: true, down: true, scenarios: []scenario{
		{name: "single", connections: 32, batch: 1},
		{name: "batch of 50", connections: 16, batch: 50},
	}},
}

// bench is one storage with its processes.
type bench struct {
	o         options
	storage   storage
	dir       string
	broker    *process
	collector *process
	null      *process
	client    *broker.Client
	sent      int64 // events numbered so far
	acked     int64 // events acknowledged so far
	failed    int64
}

// compare measures everything and prints a table.
func compare(ctx context.Context, o options) error {
	fmt.Printf("%d rounds of %s each; the median counts, the spread is beside it\n\n", o.rounds, o.seconds)
	fmt.Println(header)
	for _, st := range storages {
		var wanted []scenario
		for _, s := range st.scenarios {
			if strings.Contains(st.name+": "+s.title(), o.only) {
				wanted = append(wanted, s)
			}
		}
		if st.scenarios = wanted; len(wanted) == 0 {
			continue
		}
		if err := measureStorage(ctx, o, st); err != nil {
			return fmt.Errorf("%s: %w", st.name, err)
		}
	}
	return nil
}

func measureStorage(ctx context.Context, o options, st storage) (err error) {
	dir, err := os.MkdirTemp("", "freshet-loadtest-")
	if err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b := &bench{o: o, storage: st, dir: dir}
	defer func() { err = b.close(err) }()
	if err := b.start(ctx); err != nil {
		return err
	}
	for _, s := range st.scenarios {
		if err := b.measure(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.title(), err)
		}
	}
	return b.verify(ctx)
}

func (b *bench) brokerArgs(address string) []string {
	args := []string{"-fsync=" + fmt.Sprint(b.storage.fsync)}
	if b.storage.disk {
		args = append(args, "-dir", filepath.Join(b.dir, "broker"))
	}
	return append(args, "-address", address)
}

// start starts the broker, makes the topics, and starts what is compared.
func (b *bench) start(ctx context.Context) (err error) {
	if b.broker, err = startRole(ctx, "broker", b.brokerArgs("")...); err != nil {
		return err
	}
	address := b.broker.addresses[""]
	if b.client, err = broker.Open(ctx, broker.Config{Addresses: []string{address}}, slog.New(slog.DiscardHandler), topics.EventsRaw, topics.EventsRejected); err != nil {
		return err
	}
	if b.collector, err = startCollector(ctx, b.o.collector, b.dir, address); err != nil {
		return err
	}
	b.null, err = startRole(ctx, "null")
	if b.storage.down && err == nil {
		b.broker.kill()
	}
	return err
}

// close ends what was started and keeps the first error.
func (b *bench) close(err error) error {
	if b.client != nil {
		b.client.Close()
	}
	for _, p := range []*process{b.null, b.collector, b.broker} {
		if p != nil {
			err = p.end(err)
		}
	}
	return err
}

// measure takes turns: null handler, collector, null handler, collector.
func (b *bench) measure(ctx context.Context, s scenario) error {
	var own, null []sample
	for round := range b.o.rounds {
		if s.null {
			used := b.null.cpu()
			o, err := generate(ctx, b.null.addresses[""], s, b.o.seconds, 0)
			if err != nil {
				return err
			}
			// The null handler does not count, and its answer says 1.
			o.Events, o.Acknowledged = o.Requests*int64(s.batch), o.Acknowledged*int64(s.batch)
			null = append(null, sample{outcome: o, serverCPU: b.null.cpu() - used})
		}
		stop := b.profile(ctx, s, round)
		one, err := b.once(ctx, s)
		stop()
		if err != nil {
			return err
		}
		own = append(own, one)
	}
	printRow(b.storage.name, s, own, null)
	return nil
}

// once is one measurement of the collector.
func (b *bench) once(ctx context.Context, s scenario) (sample, error) {
	address := b.collector.addresses["http"]
	if s.grpc {
		address = b.collector.addresses["grpc"]
	}
	collector, brokerCPU := b.collector.cpu(), b.broker.cpu()
	o, err := generate(ctx, address, s, b.o.seconds, b.sent)
	if err != nil {
		return sample{}, err
	}
	b.sent += int64(s.connections) * 1_000_000_000
	b.acked += o.Acknowledged
	b.failed += o.Failed
	return sample{outcome: o, serverCPU: b.collector.cpu() - collector, brokerCPU: b.broker.cpu() - brokerCPU, resident: b.collector.resident()}, nil
}

// verify counts what Kafka holds: every acknowledged event, and none beyond unless a
// request failed or took long. A broker that was gone comes back first, and the spool runs empty.
func (b *bench) verify(ctx context.Context) error {
	if b.storage.down {
		address := b.broker.addresses[""]
		back, err := startRole(ctx, "broker", b.brokerArgs(address)...)
		if err != nil {
			return err
		}
		b.broker = back
	}
	begun := time.Now()
	var stored int64
	for {
		var err error
		if stored, err = b.stored(ctx); err == nil && stored >= b.acked {
			break
		}
		if !b.storage.down || time.Since(begun) > 2*time.Minute {
			return fmt.Errorf("%d events are acknowledged, Kafka holds %d (%w)", b.acked, stored, err)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	note := ""
	if b.failed == 0 && stored > b.acked {
		note = "; those beyond were produced late, after the spool had taken them, and are dropped by identity"
	}
	if b.storage.down {
		note += fmt.Sprintf("; the spool ran empty in %.1f s, %.0f events/s", time.Since(begun).Seconds(), float64(stored)/time.Since(begun).Seconds())
	}
	fmt.Printf("  verified: %d events acknowledged, %d in Kafka, %d requests failed%s\n", b.acked, stored, b.failed, note)
	return nil
}

// stored sums the offsets of events.raw.v1.
func (b *bench) stored(ctx context.Context) (n int64, err error) {
	spans, err := b.client.Spans(ctx, topics.EventsRaw.Name)
	for _, span := range spans {
		n += span.Next - span.First
	}
	return n, err
}

// profile fetches the collector's CPU profile during the second round and its allocations
// after it, when a directory for them was named. The result waits for both.
func (b *bench) profile(ctx context.Context, s scenario, round int) func() {
	if b.o.profile == "" || round != 1%b.o.rounds {
		return func() {}
	}
	base := fmt.Sprintf("http://%s/debug/pprof/", b.collector.addresses["admin"])
	name := filepath.Join(b.o.profile, strings.NewReplacer(" ", "-", ",", "", ":", "").Replace(b.storage.name+"-"+s.title()))
	done := make(chan error, 1)
	go func() {
		done <- fetch(ctx, fmt.Sprintf("%sprofile?seconds=%d", base, max(1, int(b.o.seconds.Seconds()))), name+".cpu")
	}()
	return func() {
		err := <-done
		if err == nil {
			err = fetch(ctx, base+"allocs", name+".allocs")
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "profile:", err)
		}
	}
}

func fetch(ctx context.Context, url, file string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	if _, err = io.Copy(out, resp.Body); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return out.Close()
}
