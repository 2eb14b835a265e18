package standalone

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/testkit"
)

// childDirVariable turns this test binary into a stack on the directory it names;
// it prints its addresses when it is ready and lives until it is killed.
const childDirVariable = "FRESHET_TEST_STACK_DIR"

func runChild(dir string) {
	cfg := Default()
	cfg.Dir, cfg.Ephemeral, cfg.WriteKey = dir, true, writeKey
	s, err := New(cfg, Deps{Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-s.Started()
		_ = json.NewEncoder(os.Stdout).Encode(s.Addresses())
		_, _ = io.Copy(io.Discard, os.Stdin) // until the test that started us ends
		cancel()
	}()
	if err := s.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// startProcess starts a stack in a process of its own.
func startProcess(t *testing.T, dir string) (addr stack.Addresses, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDirVariable+"="+dir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = stdin.Close()
	})
	t.Cleanup(kill)
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatalf("the stack did not become ready: %v", err)
	}
	if err := json.Unmarshal(line, &addr); err != nil {
		t.Fatal(err)
	}
	return addr, kill
}

func TestRestartKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	onDir := func(c *Config) { c.Dir = dir }
	r := start(t, onDir)
	r.send("/v1/batch", event("m1", "identify", "7", nil), order("m2", "7", 30))
	r.rows("SELECT count() FROM dw.orders", 1)
	id := r.customer("user_id:7")
	r.stop()

	r = start(t, onDir)
	if again := r.customer("user_id:7"); again != id {
		t.Errorf("customer %s became %s", id, again)
	}
	r.get("/v1/customers/user_id:7/features", contains(`"spend_lifetime":{"decimal":"30"}`))
	r.send("/v1/batch", order("m2", "7", 30), order("m3", "7", 12)) // a retry across the restart, and a new one
	r.rows("SELECT count() FROM dw.orders", 2)
	r.get("/v1/customers/user_id:7/features", contains(`"spend_lifetime":{"decimal":"42"}`))
}

// TestKilledWhileReplaying kills the stack at random moments of a replay. The client repeats
// what was not acknowledged; in the end every event is in the facts exactly once.
func TestKilledWhileReplaying(t *testing.T) {
	const (
		kills   = 3
		batches = 120
		size    = 50
	)
	dir := t.TempDir()
	addr, kill := startProcess(t, dir)
	next := 0
	for range kills {
		fate := time.AfterFunc(time.Duration(rand.IntN(1500))*time.Millisecond, kill)
		for next < batches && post(addr, "/v1/import", batch(next, size)...) == nil {
			next++
		}
		fate.Stop()
		kill()
		t.Logf("killed after batch %d", next)
		addr, kill = startProcess(t, dir)
	}
	for ; next < batches; next++ {
		if err := post(addr, "/v1/import", batch(next, size)...); err != nil {
			t.Fatal(err)
		}
	}
	r := &rig{t: t, addr: addr}
	r.rows("SELECT count() FROM dw.events", batches*size)
	r.rows("SELECT uniqExact(event_id) FROM dw.events", batches*size)
	// Before any folding of equal rows: identity resolved each event once, from one place in events.raw.v1. What it had told when it was
	// killed it may tell again, as every output of package stream; such a copy is of the same place.
	r.rows("SELECT uniqExact(raw_partition, raw_offset) FROM dw.events_rows", batches*size)
	r.rows("SELECT toUInt64(sum(total_micros)) FROM dw.orders", batches*size*1_000_000)
	// Features counted them once, too: customer 0 has every tenth event.
	r.get("/v1/customers/user_id:c0/features", contains(fmt.Sprintf(`"spend_lifetime":{"decimal":"%d"}`, batches*size/10)))
}

// historyBegan is the same for every batch of a run.
var historyBegan = time.Now().UTC().Truncate(time.Second).AddDate(0, 0, -2)

// batch is the n-th part of a history that is the same on every call.
func batch(n, size int) []map[string]any {
	var events []map[string]any
	for i := range size {
		id := fmt.Sprintf("e%d-%d", n, i)
		e := order(id, fmt.Sprintf("c%d", i%10), 1)
		e["timestamp"] = historyBegan.Add(time.Duration(n*size+i) * time.Second).Format(time.RFC3339)
		events = append(events, e)
	}
	return events
}

func TestWhatCannotStart(t *testing.T) {
	dir := t.TempDir()
	r := start(t, func(c *Config) { c.Dir = dir })
	for name, tc := range map[string]struct {
		edit func(*Config)
		want string
	}{
		"a directory in use": {edit: func(c *Config) { c.Dir = dir }, want: "in use by another process"},
		"a Kafka port in use": {edit: func(c *Config) { c.Ephemeral, c.Listen = false, free(); c.Listen.Kafka = r.addr.Kafka },
			want: "is taken by another process"},
		"a ClickHouse port in use": {edit: func(c *Config) {
			c.Ephemeral, c.Listen = false, free()
			c.Listen.ClickHouseHTTP = r.addr.ClickHouseHTTP
		},
			want: "is taken by another process"},
		"an API port in use": {edit: func(c *Config) { c.Ephemeral, c.Listen = false, free(); c.Listen.APIHTTP = r.addr.APIHTTP },
			want: r.addr.APIHTTP},
		"no rules file": {edit: func(c *Config) { c.Segmentation.Rules = filepath.Join(dir, "none.yaml") }, want: "none.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Default()
			cfg.Ephemeral, cfg.Dir = true, t.TempDir()
			tc.edit(&cfg)
			s, err := New(cfg, Deps{Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), soon)
			defer cancel()
			if err := s.Run(ctx); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want it to say %q", err, tc.want)
			}
		})
	}
}

func free() stack.Addresses {
	const any = "127.0.0.1:0"
	return stack.Addresses{CollectorHTTP: any, CollectorGRPC: any, APIHTTP: any, APIGRPC: any,
		Kafka: any, ClickHouseNative: any, ClickHouseHTTP: any, Metrics: any}
}

// TestEngineDies: a stack whose ClickHouse is gone ends and says so.
func TestEngineDies(t *testing.T) {
	r := start(t, nil)
	p, err := os.FindProcess(r.clickhouse.Pid())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-r.ended:
		if err == nil || !strings.Contains(err.Error(), "run ClickHouse: its process ended") {
			t.Errorf("got %v", err)
		}
		r.ended <- nil
	case <-time.After(soon):
		t.Fatal("the stack goes on without its engine")
	}
	if _, err := os.Stat(r.cfg.Dir); !os.IsNotExist(err) {
		t.Errorf("the temporary directory is still there: %v", err)
	}
}

// TestNothingIsLeft: after a stop there is no goroutine and no child.
func TestNothingIsLeft(t *testing.T) {
	http.DefaultClient.CloseIdleConnections()
	before := goleak.IgnoreCurrent()
	r := start(t, nil)
	r.send("/v1/batch", order("m1", "1", 5))
	r.get("/v1/customers/user_id:1/segments", contains("potential"))
	r.rows("SELECT count() FROM dw.orders", 1)
	engine, err := os.FindProcess(r.clickhouse.Pid())
	if err != nil {
		t.Fatal(err)
	}
	r.stop()
	if err := engine.Signal(syscall.Signal(0)); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("the engine, process %d, is still there: %v", r.clickhouse.Pid(), err)
	}
	http.DefaultClient.CloseIdleConnections()
	testkit.Eventually(t, time.Minute, func() error { return goleak.Find(before) })
}
