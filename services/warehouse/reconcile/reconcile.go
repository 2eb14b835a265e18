// Package reconcile holds Kafka, ClickHouse and the served features against each
// other and lists every inequality. It is for the command line and for tests; it
// changes nothing, and what it recomputes it computes with SQL of its own, not with
// the definitions that the services share; but for orders: what the events of an order make of it is one rule, package order, and here
// it is told of all order events in the facts at once.
//
// Its numbers are exact only when nothing is under way: a lag is an inequality too.
package reconcile

import (
	"context"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/freshet/freshet/pkg/broker"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// ErrUnequal says that a report has inequalities.
var ErrUnequal = errors.New("the books do not balance")

// Options say what is held against what.
type Options struct {
	ClickHouse driver.Conn
	Broker     *broker.Client
	// Names are where the facts are.
	Names schema.Names
	// Workspace is the tenant of the customers to check; empty means "default".
	Workspace string
	// Groups are the consumer groups whose lag counts; nil means DefaultGroups.
	Groups []Group
	// Features asks the running stack for a customer's features; nil leaves them out.
	Features func(ctx context.Context, customerID string) (*featurev1.GetFeaturesResponse, error)
	// Customers is how many customers to ask for; 0 means 5.
	Customers int
	// Expected are numbers that must come out; nil means there are none.
	Expected *Expected
}

// Report is what was found. Err tells whether all is equal.
type Report struct {
	Partitions []Partition
	Sources    []Source
	Rejected   []Reason
	Orders     []Orders
	Totals     []Total
	Book       Book
	Customers  Customers
	Lag        []Lag
	// Absent are groups of services that this stack does without.
	Absent   []string
	Features []FeatureCheck
	// Expected is set when numbers were expected: what came out for them.
	Expected *Expected
	// Inequalities are sentences, each of two numbers that should be one.
	Inequalities []string
}

// Err is nil when everything is equal; else ErrUnequal with every inequality.
func (r *Report) Err() error {
	if len(r.Inequalities) == 0 {
		return nil
	}
	errs := []error{ErrUnequal}
	for _, s := range r.Inequalities {
		errs = append(errs, errors.New(s))
	}
	return errors.Join(errs...)
}

func (r *Report) unequal(format string, args ...any) {
	r.Inequalities = append(r.Inequalities, fmt.Sprintf(format, args...))
}

// Run reads everything and compares. An error means that something could not be
// read; inequalities are in the report.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Workspace == "" {
		o.Workspace = "default"
	}
	if o.Groups == nil {
		o.Groups = DefaultGroups()
	}
	if o.Customers == 0 {
		o.Customers = 5
	}
	q := query{conn: o.ClickHouse, names: o.Names}
	r := &Report{}
	for _, step := range []func() error{
		func() error { return r.readLag(ctx, o) },
		func() error { return r.readPartitions(ctx, o, q) },
		func() error { return r.readSources(ctx, q) },
		func() error { return r.readRejected(ctx, q) },
		func() error { return r.readOrders(ctx, q) },
		func() error { return r.checkOrders(ctx, q) },
		func() error { return r.readCustomers(ctx, q) },
		func() error { return r.checkFeatures(ctx, o, q) },
		func() error { return r.checkExpected(ctx, o, q) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// query runs SQL with {ods} and {dw} in it.
type query struct {
	conn  driver.Conn
	names schema.Names
}

// each calls scan for every row.
func (q query) each(ctx context.Context, sql string, scan func(scan func(dest ...any) error) error, args ...any) error {
	rows, err := q.conn.Query(ctx, q.names.Expand(sql), args...)
	if err != nil {
		return fmt.Errorf("query ClickHouse: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows.Scan); err != nil {
			return fmt.Errorf("read an answer of ClickHouse: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("query ClickHouse: %w", err)
	}
	return nil
}

// one scans the only row.
func (q query) one(ctx context.Context, sql string, dest ...any) error {
	return q.each(ctx, sql, func(scan func(...any) error) error { return scan(dest...) })
}
