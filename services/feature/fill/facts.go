package fill

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	native "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/freshet/freshet/pkg/catalog/expr"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/feature/history"
	"github.com/freshet/freshet/services/feature/tally"
)

// Mark says that everything of a route in a numbering up to Offset is meant: events by raw partition and offset, changes of orders by the order
// book's partition and sequence.
type Mark struct {
	// Route is the customer id that facts were first addressed to.
	Route string
	// Life is that of the raw topic; 0 for orders.
	Life      uint32
	Partition int32
	Offset    int64
}

// Arrival is a change by which an order went over to the customer.
type Arrival struct {
	Partition int32
	Sequence  int64
}

// Want is a hole: what these columns hold of these facts.
type Want struct {
	Workspace string
	// Columns are places in the engine's plan, rising.
	Columns []int
	Events  []Mark
	Orders  []Mark
	Arrived []Arrival
}

// Facts reads from ClickHouse. It does not change; many goroutines may use it.
type Facts struct {
	ClickHouse driver.Conn
	// Database has the facts: a plain name.
	Database string
	Engine   *tally.Engine
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Fold gives a state for each want, for State.Fill, and how many facts were read. What no window reaches from passedMs on may be left out.
func (f *Facts) Fold(ctx context.Context, wants []Want, passedMs int64) (found []*tally.State, facts int64, err error) {
	if !plainName.MatchString(f.Database) {
		return nil, 0, fmt.Errorf("fill features: database %q is no plain name", f.Database)
	}
	p := &page{Facts: f, wants: wants, passedMs: passedMs, engines: map[string]*tally.Engine{}}
	byWorkspace := map[string][]int{}
	for i, w := range wants {
		p.found = append(p.found, p.engine(w.Columns).New())
		byWorkspace[w.Workspace] = append(byWorkspace[w.Workspace], i)
	}
	for workspace, mine := range byWorkspace {
		if err := p.read(ctx, workspace, mine); err != nil {
			return nil, 0, err
		}
	}
	return p.found, p.facts, nil
}

// page is one call of Fold.
type page struct {
	*Facts
	wants    []Want
	passedMs int64
	found    []*tally.State
	facts    int64
	engines  map[string]*tally.Engine
}

// engine is one for each set of columns; there are few.
func (p *page) engine(columns []int) *tally.Engine {
	key := fmt.Sprint(columns)
	if p.engines[key] == nil {
		p.engines[key] = p.Engine.Only(columns)
	}
	return p.engines[key]
}

const (
	// Facts are picked by customer first, which an index helps with, and by mark then.
	eventsText = `SELECT w.n, ` + history.EventColumns + `
FROM {dw}.events AS f INNER JOIN wanted AS w ON w.route = f.customer_id AND w.life = f.raw_life AND w.part = f.raw_partition
WHERE f.workspace = {workspace:String} AND f.customer_id IN (SELECT route FROM wanted) AND f.raw_offset <= w.upto`
	posting = `SELECT w.n, toUnixTimestamp64Milli(f.occurred_at), f.sign, f.orders, f.quantity_micros, f.spend_micros, f.refunds, f.refund_micros
FROM {dw}.order_postings AS f `
	// A change's own postings come before those that went over, and where any did, one of its own was taken: line 1 says whose change it is.
	owner    = ` AS o ON o.book_partition = f.book_partition AND o.book_sequence = f.book_sequence`
	ownersOf = `(SELECT book_partition, book_sequence, customer_id AS owner FROM {dw}.order_postings
		WHERE workspace = {workspace:String} AND line = 1 AND (book_partition, book_sequence) IN `
	ordersText = posting + `INNER JOIN wanted AS w ON w.route = f.customer_id AND w.part = f.book_partition
LEFT JOIN ` + ownersOf + `(SELECT book_partition, book_sequence FROM {dw}.order_postings
		WHERE workspace = {workspace:String} AND customer_id IN (SELECT route FROM wanted) AND line > 1))` + owner + `
WHERE f.workspace = {workspace:String} AND f.customer_id IN (SELECT route FROM wanted) AND f.book_sequence <= w.upto AND (o.owner = '' OR o.owner = f.customer_id)`
	arrivedText = posting + `INNER JOIN wanted AS w ON w.part = f.book_partition AND w.upto = f.book_sequence
INNER JOIN ` + ownersOf + `(SELECT part, upto FROM wanted))` + owner + `
WHERE f.workspace = {workspace:String} AND (f.book_partition, f.book_sequence) IN (SELECT part, upto FROM wanted) AND f.customer_id != o.owner`
)

// read folds the facts of one workspace.
func (p *page) read(ctx context.Context, workspace string, mine []int) error {
	var events, orders, arrived []wanted
	for _, n := range mine {
		for _, m := range p.wants[n].Events {
			events = append(events, wanted{n, m})
		}
		for _, m := range p.wants[n].Orders {
			orders = append(orders, wanted{n, m})
		}
		for _, a := range p.wants[n].Arrived {
			arrived = append(arrived, wanted{n, Mark{Partition: a.Partition, Offset: a.Sequence}})
		}
	}
	if err := p.each(ctx, "events", eventsText, workspace, events, p.event); err != nil {
		return err
	}
	if !slices.ContainsFunc(mine, func(n int) bool { return p.ofOrders(p.wants[n].Columns) }) {
		return nil
	}
	if err := p.each(ctx, "postings of orders", ordersText, workspace, orders, p.posting); err != nil {
		return err
	}
	return p.each(ctx, "postings that went over", arrivedText, workspace, arrived, p.posting)
}

// wanted is a mark of want n.
type wanted struct {
	n int
	Mark
}

// each runs a statement over a list of marks and takes its rows.
func (p *page) each(ctx context.Context, what, text, workspace string, list []wanted, take func(scan func(...any) error) error) error {
	if len(list) == 0 {
		return nil
	}
	t, err := ext.NewTable("wanted", ext.Column("n", "UInt32"), ext.Column("route", "String"), ext.Column("life", "UInt32"), ext.Column("part", "Int32"), ext.Column("upto", "Int64"))
	if err != nil {
		return fmt.Errorf("make the table of marks: %w", err)
	}
	for _, x := range list {
		if err := t.Append(uint32(x.n), x.Route, x.Life, x.Partition, x.Offset); err != nil {
			return fmt.Errorf("fill the table of marks: %w", err)
		}
	}
	ctx = native.Context(ctx, native.WithParameters(map[string]string{"workspace": workspace}), native.WithExternalTable(t))
	rows, err := p.ClickHouse.Query(ctx, statement(text, p.Database))
	if err != nil {
		return fmt.Errorf("read %s to fill features: %w", what, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := take(rows.Scan); err != nil {
			return fmt.Errorf("scan %s to fill features: %w", what, err)
		}
		p.facts++
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s to fill features: %w", what, err)
	}
	return nil
}

func (p *page) event(scan func(...any) error) error {
	var n uint32
	_, e, err := history.Event(scan, &n)
	if err == nil {
		p.found[n].Insert(expr.Of(e), p.passedMs)
	}
	return err
}

func (p *page) posting(scan func(...any) error) error {
	var n uint32
	var sign int8
	x := &orderv1.Posting{}
	err := scan(&n, &x.AtMs, &sign, &x.Orders, &x.QuantityMicros, &x.SpendMicros, &x.Refunds, &x.RefundMicros)
	if err == nil {
		p.found[n].Post(x, sign < 0, p.passedMs)
	}
	return err
}
