package history

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"golang.org/x/sync/errgroup"

	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/warehouse/orderrows"
)

const (
	knownEvents = `SELECT {present}, ` + EventColumns + `
FROM {dw}.events AS f LEFT JOIN moved AS m ON m.old = f.customer_id
WHERE f.workspace = {workspace:String} AND greatest(f.received_at, f.occurred_at) <= {until} AND {mine}{only f.customer_id}
ORDER BY present`
	pastEvents = `SELECT {present}, ` + EventColumns + `
FROM {dw}.events AS f LEFT JOIN moved AS m ON m.old = f.customer_id
WHERE f.workspace = {workspace:String} AND f.occurred_at <= {until} AND {mine}{only f.customer_id}
ORDER BY present`
	pastPostings = `SELECT {present}, toUnixTimestamp64Milli(f.occurred_at), f.sign, f.orders, f.quantity_micros, f.spend_micros, f.refunds, f.refund_micros
FROM {dw}.order_postings AS f LEFT JOIN moved AS m ON m.old = f.customer_id
WHERE f.workspace = {workspace:String} AND f.occurred_at <= {until} AND {mine}{only f.customer_id}
ORDER BY present`
	knownMerges = `SELECT m.new AS present, f.from_customer_id, f.to_customer_id, toUnixTimestamp64Milli(f.merged_at)
FROM {dw}.identity_merges AS f INNER JOIN moved AS m ON m.old = f.from_customer_id
WHERE f.workspace = {workspace:String} AND cityHash64(m.new) % {passes:UInt64} = {pass:UInt64}{only f.from_customer_id}
	AND (f.to_customer_id IN (SELECT old FROM moved) OR f.to_customer_id IN (SELECT new FROM moved))
ORDER BY present, f.epoch`
	// allMoved and theirMoved are the merges of everybody, and of those wanted: each in one statement, which sees one state of the table.
	allMoved   = `SELECT from_customer_id, to_customer_id FROM {dw}.identity_overrides WHERE workspace = {workspace:String}`
	theirMoved = allMoved + ` AND (to_customer_id IN (SELECT id FROM wanted)
	OR to_customer_id IN (SELECT to_customer_id FROM {dw}.identity_overrides WHERE workspace = {workspace:String} AND from_customer_id IN (SELECT id FROM wanted)))`
)

// Read answers a request: it calls emit for each answer, in no order, from several goroutines at once. An error of emit ends it.
func (r *Reader) Read(ctx context.Context, q Request, emit func(Answer) error) error {
	if err := r.check(q); err != nil {
		return err
	}
	if len(q.Rows)+len(q.Dates) == 0 {
		return nil
	}
	s := &source{Reader: r, request: q, until: math.MinInt64}
	for _, row := range q.Rows {
		s.until = max(s.until, row.AtMs)
	}
	for _, at := range q.Dates {
		s.until = max(s.until, at)
	}
	asked, err := s.present(ctx)
	if err != nil {
		return err
	}
	if err := s.deal(ctx); err != nil {
		return err
	}
	for s.pass = range s.passes {
		if err := s.read(ctx, asked, emit); err != nil {
			return err
		}
	}
	// Whoever is left has no fact at all.
	p := newReplayer(r, emit)
	for id, rows := range asked {
		c := &component{present: id}
		s.ask(c, rows)
		if err := p.replay(c); err != nil {
			return err
		}
	}
	return nil
}

// present reads the merges as they are now, puts the rows under the present id of their customer, and makes the tables of both.
func (s *source) present(ctx context.Context) (map[string][]Row, error) {
	byID := map[string][]Row{}
	for _, row := range s.request.Rows {
		byID[row.Customer] = append(byID[row.Customer], row)
	}
	text := allMoved
	var err error
	if len(byID) > 0 {
		text = theirMoved
		if s.wanted, err = wantedTable(maps.Keys(byID)); err != nil {
			return nil, err
		}
	}
	rows, err := s.query(ctx, "merges", text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	moved, err := ext.NewTable("moved", ext.Column("old", "String"), ext.Column("new", "String"))
	if err != nil {
		return nil, fmt.Errorf("make the table of merges: %w", err)
	}
	for rows.Next() {
		var old, present string
		if err := rows.Scan(&old, &present); err != nil {
			return nil, fmt.Errorf("scan merges for histories: %w", err)
		}
		if err := moved.Append(old, present); err != nil {
			return nil, fmt.Errorf("fill the table of merges: %w", err)
		}
		if named := byID[old]; len(named) > 0 {
			byID[present] = append(byID[present], named...)
			delete(byID, old)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read merges for histories: %w", err)
	}
	s.moved = moved
	if len(byID) > 0 {
		s.wanted, err = wantedTable(maps.Keys(byID))
	}
	return byID, err
}

// wantedTable is sent along with statements.
func wantedTable(ids iter.Seq[string]) (*ext.Table, error) {
	t, err := ext.NewTable("wanted", ext.Column("id", "String"))
	if err != nil {
		return nil, fmt.Errorf("make the table of customers asked for: %w", err)
	}
	for id := range ids {
		if err := t.Append(id); err != nil {
			return nil, fmt.Errorf("fill the table of customers asked for: %w", err)
		}
	}
	return t, nil
}

// deal says how many passes there are: in mode EventTime one, since nothing is folded ahead.
func (s *source) deal(ctx context.Context) error {
	s.passes = 1
	if s.request.Mode == EventTime {
		return nil
	}
	rows, err := s.query(ctx, "order events", `SELECT count() FROM {dw}.order_events AS f WHERE f.workspace = {workspace:String}{only f.customer_id}`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var n uint64
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return fmt.Errorf("scan how many order events there are: %w", err)
		}
	}
	s.passes = n/s.maxOrders() + 1
	return rows.Err()
}

// read makes one pass: it puts the facts of each present customer together and gives them to the replayers. What is answered leaves asked.
func (s *source) read(ctx context.Context, asked map[string][]Row, emit func(Answer) error) error {
	work, ctx := errgroup.WithContext(ctx)
	jobs := make(chan *component, 2*s.workers())
	for range s.workers() {
		work.Go(func() error {
			p := newReplayer(s.Reader, emit)
			for c := range jobs {
				if err := p.replay(c); err != nil {
					return err
				}
			}
			return nil
		})
	}
	work.Go(func() error {
		defer close(jobs)
		in, err := s.streams(ctx)
		if err != nil {
			return err
		}
		defer in.close()
		return in.each(func(c *component) error {
			if s.ask(c, asked[c.present]); len(c.rows) == 0 {
				return nil
			}
			delete(asked, c.present)
			select {
			case jobs <- c:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	return work.Wait()
}

// ask puts rows, and the dates, to a customer. In mode EventTime the customer went by the present id ever since.
func (s *source) ask(c *component, rows []Row) {
	c.rows = rows
	for i, at := range s.request.Dates {
		c.rows = append(c.rows, Row{Index: i, AtMs: at})
	}
	for _, row := range rows {
		if s.request.Mode == EventTime && row.Customer != c.present {
			c.merges = append(c.merges, merge{at: math.MinInt64, from: row.Customer, to: c.present})
		}
	}
}

// streams are the facts of a pass, each by present customer.
type streams struct {
	mode     Mode
	events   *cursor[fact]
	postings *cursor[fact]     // in mode EventTime
	merges   *cursor[merge]    // in mode Known
	known    map[string][]fact // postings in mode Known
}

func (s *source) streams(ctx context.Context) (in *streams, err error) {
	in = &streams{mode: s.request.Mode}
	defer func() {
		if err != nil {
			in.close()
		}
	}()
	if in.mode == EventTime {
		if in.postings, err = open(ctx, s, "order postings", pastPostings, scanPosting); err != nil {
			return in, err
		}
		in.events, err = open(ctx, s, "events", pastEvents, scanEvent)
		return in, err
	}
	if in.known, err = s.knownPostings(ctx); err != nil {
		return in, err
	}
	if in.merges, err = open(ctx, s, "merges", knownMerges, scanMerge); err != nil {
		return in, err
	}
	in.events, err = open(ctx, s, "events", knownEvents, scanEvent)
	return in, err
}

func (in *streams) close() {
	if in.events != nil {
		in.events.close()
	}
	if in.postings != nil {
		in.postings.close()
	}
	if in.merges != nil {
		in.merges.close()
	}
}

// each gives the customers who have an event to f, by present id. An order's posting is made of an event, so nobody has postings and no event.
func (in *streams) each(f func(*component) error) error {
	for !in.events.done {
		c := &component{present: in.events.key}
		if err := in.fill(c); err != nil {
			return err
		}
		if err := f(c); err != nil {
			return err
		}
	}
	return in.events.err
}

func (in *streams) fill(c *component) error {
	count := func(f fact) {
		if in.mode == EventTime {
			f.customer = c.present // merges count as known today
			f.at = f.posting.GetAtMs()
			if f.event != nil {
				f.at = f.event.GetOccurredMs()
			}
		} else if f.event != nil {
			f.at = max(f.event.GetOccurredMs(), f.event.GetReceivedMs())
		}
		c.facts = append(c.facts, f)
	}
	faults := []error{in.events.take(c.present, count)}
	if in.postings != nil {
		faults = append(faults, in.postings.skip(c.present), in.postings.take(c.present, count))
	}
	for _, f := range in.known[c.present] {
		count(f)
	}
	delete(in.known, c.present)
	if in.merges != nil {
		faults = append(faults, in.merges.skip(c.present), in.merges.take(c.present, func(m merge) { c.merges = append(c.merges, m) }))
	}
	return errors.Join(faults...)
}

// skip leaves out the rows before a key.
func (c *cursor[T]) skip(key string) error {
	for !c.done && strings.Compare(c.key, key) < 0 {
		c.next()
	}
	return c.err
}

func scanPosting(scan orderrows.Scan) (present string, f fact, err error) {
	p := &orderv1.Posting{}
	var sign int8
	err = scan(&present, &p.AtMs, &sign, &p.Orders, &p.QuantityMicros, &p.SpendMicros, &p.Refunds, &p.RefundMicros)
	f.posting, f.taken = p, sign < 0
	return present, f, err
}

func scanMerge(scan orderrows.Scan) (present string, m merge, err error) {
	err = scan(&present, &m.from, &m.to, &m.at)
	return present, m, err
}
