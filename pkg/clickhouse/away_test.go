package clickhouse_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/testkit"
)

// With errors as the driver and a real server give them.
func TestAway(t *testing.T) {
	cfg := testkit.ClickHouse(t)
	for name, c := range map[string]struct {
		query string
		// within bounds the query; spoil does something to the way to the server before it.
		within time.Duration
		spoil  func(g *testkit.Gate, conn driver.Conn, cancel context.CancelFunc)
		want   bool
	}{
		"it answers":                        {query: "SELECT 1"},
		"no such table":                     {query: "SELECT count() FROM nowhere"},
		"no SQL":                            {query: "SELEKT 1"},
		"a type that does not fit":          {query: "SELECT 'text'"},
		"a function that throws":            {query: "SELECT throwIf(1)"},
		"too slow for the server's limit":   {query: "SELECT sum(sleepEachRow(0.1)) FROM numbers(30) SETTINGS max_execution_time = 0.2, max_block_size = 1", want: true},
		"too large for the server's memory": {query: "SELECT length(groupArray(number)) FROM numbers(10000000) SETTINGS max_memory_usage = 1000000", want: true},
		"its process is gone, idle before":  {query: "SELECT 1", spoil: func(g *testkit.Gate, _ driver.Conn, _ context.CancelFunc) { g.Shut() }, want: true},
		"its process stands still":          {query: "SELECT 1", within: 300 * time.Millisecond, spoil: func(g *testkit.Gate, _ driver.Conn, _ context.CancelFunc) { g.Silence() }, want: true},
		"its process dies in mid-query": {query: "SELECT sum(sleepEachRow(0.2)) FROM numbers(15) SETTINGS max_block_size = 1", spoil: func(g *testkit.Gate, _ driver.Conn, _ context.CancelFunc) {
			time.AfterFunc(300*time.Millisecond, g.Shut)
		}, want: true},
		"the caller leaves": {query: "SELECT sum(sleepEachRow(0.2)) FROM numbers(15) SETTINGS max_block_size = 1", spoil: func(_ *testkit.Gate, _ driver.Conn, cancel context.CancelFunc) {
			time.AfterFunc(200*time.Millisecond, cancel)
		}},
		"the caller had left before it came": {query: "SELECT 1", spoil: func(_ *testkit.Gate, _ driver.Conn, cancel context.CancelFunc) { cancel() }},
	} {
		t.Run(name, func(t *testing.T) {
			gate := testkit.NewGate(t, cfg.Address)
			through := cfg
			through.Address, through.DialTimeout = gate.Address, time.Second
			conn, err := clickhouse.Open(t.Context(), through)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			within := c.within
			if within == 0 {
				within = 20 * time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), within)
			defer cancel()
			if c.spoil != nil {
				c.spoil(gate, conn, cancel)
			}
			var n uint64
			err = conn.QueryRow(ctx, c.query).Scan(&n)
			if got := clickhouse.Away(err) || errors.Is(ctx.Err(), context.DeadlineExceeded); got != c.want {
				t.Errorf("%v: away %v, want %v", err, got, c.want)
			}
			gate.Open()
		})
	}
}
