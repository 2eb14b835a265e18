// Package doctor examines a machine and the stack on it, and names the remedy for everything it finds wrong. It changes nothing, but
// for the marked event that a probe sends.
package doctor

import (
	"context"
	"fmt"
	"io"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/terminal"
)

// State is the outcome of one check.
type State string

// The outcomes. Only Failed makes the whole examination fail.
const (
	OK     State = "ok"
	Warned State = "warn"
	Failed State = "FAIL"
)

// Finding is what one check found.
type Finding struct {
	Check  string
	State  State
	Detail string
	// Fix is what to do; empty when nothing is wrong.
	Fix string
}

// Patient is what is examined.
type Patient struct {
	Addresses stack.Addresses
	Login     stack.Login
	// Dir is where a stack keeps, or would keep, its data.
	Dir string
	// WriteKey is the key a probe is sent with. Empty: no probe.
	WriteKey string
}

// check examines one thing.
type check func(ctx context.Context, p Patient) Finding

// Examine runs every check, in the order a fault would spread.
func Examine(ctx context.Context, p Patient) []Finding {
	checks := []check{engine, disk, ports}
	up := running(ctx, p.Addresses)
	if up {
		checks = append(checks, kafka, clickHouse, collector, api, ready, lag, late, messageIDs, notes)
	}
	var out []Finding
	for _, c := range checks {
		out = append(out, c(ctx, p))
	}
	if up && p.WriteKey != "" {
		out = append(out, probe(ctx, p, probeWithin)...)
	}
	return out
}

// Write shows the findings and returns an error when one of them failed.
func Write(w io.Writer, findings []Finding) error {
	failed := 0
	for _, f := range findings {
		fmt.Fprintf(w, "%-4s  %-12s %s\n", f.State, f.Check, terminal.Safe(f.Detail))
		if f.Fix != "" {
			fmt.Fprintf(w, "      %-12s fix: %s\n", "", f.Fix)
		}
		if f.State == Failed {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed", failed, len(findings))
	}
	return nil
}

// running says whether any door of the stack is open.
func running(ctx context.Context, a stack.Addresses) bool {
	for _, d := range doors(a) {
		if stack.Knock(ctx, d.address) == nil {
			return true
		}
	}
	return false
}

type door struct{ name, address string }

func doors(a stack.Addresses) []door {
	return []door{
		{"collector_http", a.CollectorHTTP}, {"collector_grpc", a.CollectorGRPC}, {"api_http", a.APIHTTP}, {"api_grpc", a.APIGRPC},
		{"kafka", a.Kafka}, {"clickhouse_native", a.ClickHouseNative}, {"clickhouse_http", a.ClickHouseHTTP}, {"metrics", a.Metrics},
	}
}
