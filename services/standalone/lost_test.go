package standalone

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/warehouse/reconcile"
)

// sendMany sends n events, ten in a request, under ids that begin with prefix.
func (r *rig) sendMany(prefix string, n int) {
	r.t.Helper()
	for i := 0; i < n; i += 10 {
		var batch []map[string]any
		for j := i; j < i+10; j++ {
			batch = append(batch, event(fmt.Sprint(prefix, j), "track", fmt.Sprint("u", j%7), map[string]any{"event": "Product Viewed"}))
		}
		r.send("/v1/batch", batch...)
	}
}

// stored waits until so many different events with a prefix are in the facts, and not one twice.
func (r *rig) stored(prefix string, n uint64) {
	r.t.Helper()
	r.rows("SELECT uniqExact(event_id) FROM dw.events WHERE startsWith(event_id, '"+prefix+"')", n)
	r.rows("SELECT count() FROM dw.events WHERE startsWith(event_id, '"+prefix+"')", n)
}

// books runs reconcile once everybody has read everything.
func (r *rig) books() *reconcile.Report {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), soon)
	defer cancel()
	b, err := broker.Dial(ctx, broker.Config{Addresses: []string{r.addr.Kafka}}, slog.New(slog.DiscardHandler))
	if err != nil {
		r.t.Fatal(err)
	}
	defer b.Close()
	conn, err := r.addr.ClickHouse(ctx, stack.Login{})
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close()
	if err := reconcile.Settle(ctx, b, reconcile.DefaultGroups()); err != nil {
		r.t.Fatal(err)
	}
	report, err := reconcile.Run(ctx, reconcile.Options{Broker: b, ClickHouse: conn})
	if err != nil {
		r.t.Fatal(err)
	}
	return report
}

// cutRaw takes away the last part of events.raw.v1/0.
func cutRaw(t *testing.T, dir string) (part string) {
	t.Helper()
	part = filepath.Join(dir, "kafka", "log", "partitions", topics.EventsRaw.Name+"-0")
	info, err := os.Stat(filepath.Join(part, "0.dat"))
	if err == nil {
		err = os.Truncate(filepath.Join(part, "0.dat"), info.Size()*6/10)
	}
	if err != nil {
		t.Fatal(err)
	}
	return part
}

// TestALostTailTakesNothingThatCameLater: the end of events.raw.v1 is gone, as after a power cut. Every event that is acknowledged afterwards is in the
// facts, and what is lost is told as a number.
func TestALostTailTakesNothingThatCameLater(t *testing.T) {
	dir := t.TempDir()
	onDir := func(c *Config) { c.Dir, c.Partitions = dir, 1 }
	r := start(t, onDir)
	r.sendMany("before", 200)
	r.stored("before", 200)
	if err := r.books().Err(); err != nil {
		t.Fatal(err)
	}
	r.stop()
	cutRaw(t, dir)

	r = start(t, onDir)
	r.sendMany("after", 150)
	r.stored("after", 150)
	r.stored("before", 200) // they had been read
	lost := int64(0)
	for _, l := range r.kafka.Lost() {
		lost += l.Records()
	}
	if lost == 0 {
		t.Fatal("the broker says that nothing is lost")
	}
	want := fmt.Sprintf("the broker lost %d records, offsets %d to 199, of which %d are in ods.events", lost, 200-lost, lost)
	if err := r.books().Err(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("reconcile says %v, want %q", err, want)
	}
	r.get("/v1/customers/user_id:u0/features", contains(`"events_lifetime":{"count":"51"}`)) // 29 before and 22 after
}

// TestALostTailThatNobodyKnowsOf: the broker itself has forgotten how long its log was. Those who read it have not: they stop and say so, and with --gaps skip
// everything that was acknowledged since is in the facts.
func TestALostTailThatNobodyKnowsOf(t *testing.T) {
	dir := t.TempDir()
	onDir := func(c *Config) { c.Dir, c.Partitions = dir, 1 }
	r := start(t, onDir)
	r.sendMany("before", 200)
	r.stored("before", 200)
	r.books()
	r.stop()
	part := cutRaw(t, dir)
	forget := func() {
		err := errors.Join(os.Remove(filepath.Join(part, "snapshot.json")), os.Remove(filepath.Join(dir, "kafka", "log", "groups.log")))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	forget()

	cfg := Default()
	cfg.Ephemeral, cfg.WriteKey = true, writeKey
	onDir(&cfg)
	held, err := New(cfg, Deps{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- held.Run(ctx) }()
	testkit.Eventually(t, soon, func() error {
		if err := held.ready.Check(); err == nil || !strings.Contains(err.Error(), "lost its tail") || !strings.Contains(err.Error(), "--gaps skip") {
			return fmt.Errorf("want a stack that is held; ready says %w", err)
		}
		return nil
	})
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("a stack that is held ended with %v", err)
	}
	forget() // while it was held, identity has told where it stood

	r = start(t, func(c *Config) { onDir(c); c.Gaps = broker.GapSkip })
	r.sendMany("after", 150)
	r.stored("after", 150)
	r.stored("before", 200)
	if err := r.books().Err(); err == nil || !strings.Contains(err.Error(), "was cut or made anew") {
		t.Errorf("reconcile says %v", err)
	}
	r.get("/v1/customers/user_id:u0/features", contains(`"events_lifetime":{"count":"51"}`))
}
