package reconcile

import (
	"context"
	"fmt"

	"github.com/freshet/freshet/pkg/money"
)

// Source is what became of one source's events. An event is its id: a client's
// retry is the same event.
type Source struct {
	Source string
	// RawRows are the events as received in the last 30 days, retries included.
	RawRows int64
	// Accepted are the different events among them; Duplicates the rest.
	Accepted, Duplicates int64
	// Stored are the accepted events that are in dw.events.
	Stored int64
	// Rejected are those that a later service refused and that are in ods.rejected.
	Rejected int64
	// Refused are refusals by the collector; they were never accepted.
	Refused int64
}

// readSources follows each accepted id. An id that came through two sources is
// counted for the first in the alphabet.
func (r *Report) readSources(ctx context.Context, q query) error {
	err := q.each(ctx, `
		SELECT source, toInt64(sum(copies)), toInt64(count()), toInt64(countIf(stored)),
		       toInt64(countIf(rejected AND NOT stored)), toInt64(countIf(NOT rejected AND NOT stored))
		FROM
		(
		    SELECT min(source) AS source, count() AS copies,
		           (workspace, event_id) IN (SELECT workspace, event_id FROM {dw}.events) AS stored,
		           (workspace, event_id) IN (SELECT workspace, event_id FROM {ods}.rejected WHERE rejected_by != 'collector') AS rejected
		    FROM {ods}.events
		    GROUP BY workspace, event_id
		)
		GROUP BY source ORDER BY source`,
		func(scan func(...any) error) error {
			var s Source
			var missing int64
			if err := scan(&s.Source, &s.RawRows, &s.Accepted, &s.Stored, &s.Rejected, &missing); err != nil {
				return err
			}
			s.Duplicates = s.RawRows - s.Accepted
			if missing != 0 {
				r.unequal("source %s: %d events accepted, %d stored and %d rejected: %d are missing", s.Source, s.Accepted, s.Stored, s.Rejected, missing)
			}
			r.Sources = append(r.Sources, s)
			return nil
		})
	if err != nil {
		return err
	}
	return r.readPhantoms(ctx, q)
}

// readPhantoms looks the other way: at facts that nobody sent, or that are there twice.
// ods forgets after 30 days, so facts older than 29 are left out.
func (r *Report) readPhantoms(ctx context.Context, q query) error {
	var phantoms, rows, ids int64
	err := q.one(ctx, `
		SELECT toInt64(countIf((workspace, event_id) NOT IN (SELECT workspace, event_id FROM {ods}.events))),
		       toInt64(count()), toInt64(uniqExact(workspace, event_id))
		FROM {dw}.events WHERE received_at > now() - INTERVAL 29 DAY`, &phantoms, &rows, &ids)
	if err != nil {
		return err
	}
	if phantoms != 0 {
		r.unequal("dw.events has %d events that are not in ods.events", phantoms)
	}
	if rows != ids {
		r.unequal("dw.events has %d rows for %d different events", rows, ids)
	}
	return nil
}

// Reason counts refusals of one kind.
type Reason struct {
	Source, RejectedBy, Reason string
	Rows                       int64
}

func (r *Report) readRejected(ctx context.Context, q query) error {
	return q.each(ctx, `SELECT source, rejected_by, reason, toInt64(count()) FROM {ods}.rejected GROUP BY ALL ORDER BY ALL`,
		func(scan func(...any) error) error {
			var x Reason
			if err := scan(&x.Source, &x.RejectedBy, &x.Reason, &x.Rows); err != nil {
				return err
			}
			r.Rejected = append(r.Rejected, x)
			for i := range r.Sources {
				if r.Sources[i].Source == x.Source && x.RejectedBy == "collector" {
					r.Sources[i].Refused += x.Rows
				}
			}
			return nil
		})
}

// Orders are the order events of one kind and currency.
type Orders struct {
	Kind, Currency string
	// Events counts them.
	Events int64
	// Lines and QuantityMicros are of dw.order_event_items.
	Lines, QuantityMicros int64
	// NetMicros is the sum of the values of the lines: what was sent for the line, else quantity x unit price.
	NetMicros int64
}

// Total sums all kinds of one currency.
type Total struct {
	Currency                      string
	Events, Lines, QuantityMicros int64
	NetMicros                     int64
}

// Net is the money exactly, as a decimal number.
func (t Total) Net() string { return money.Format(t.NetMicros) }

func (r *Report) readOrders(ctx context.Context, q query) error {
	err := q.each(ctx, fmt.Sprintf(ordersSQL, "1", "1"), func(scan func(...any) error) error {
		var x Orders
		var saidLines, saidQuantity int64
		if err := scan(&x.Kind, &x.Currency, &x.Events, &saidLines, &saidQuantity, &x.Lines, &x.QuantityMicros, &x.NetMicros); err != nil {
			return err
		}
		if saidLines != x.Lines || saidQuantity != x.QuantityMicros {
			r.unequal("%s order events in %s say %d lines with quantity %s; dw.order_event_items has %d with %s",
				x.Kind, x.Currency, saidLines, money.FormatQuantity(saidQuantity), x.Lines, money.FormatQuantity(x.QuantityMicros))
		}
		r.Orders = append(r.Orders, x)
		r.addTotal(x)
		return nil
	})
	if err != nil {
		return err
	}
	var strays int64
	err = q.one(ctx, `SELECT toInt64(count()) FROM {dw}.order_events WHERE (workspace, event_id) NOT IN (SELECT workspace, event_id FROM {dw}.events)`, &strays)
	if strays != 0 {
		r.unequal("dw.order_events has %d order events without their event in dw.events", strays)
	}
	return err
}

// ordersSQL compares order events with their lines; the arguments are conditions on
// order events and on lines. Quantities are in millionths.
const ordersSQL = `
	SELECT kind, currency, sum(events), sum(said_lines), sum(said_quantity), sum(lines), sum(quantity), sum(net)
	FROM
	(
	    SELECT kind, currency, toInt64(count()) AS events, toInt64(sum(o.items)) AS said_lines, toInt64(sum(o.quantity) * 1000000) AS said_quantity,
	           toInt64(0) AS lines, toInt64(0) AS quantity, toInt64(0) AS net
	    FROM {dw}.order_events AS o WHERE %s GROUP BY kind, currency
	    UNION ALL
	    SELECT kind, currency, 0, 0, 0, toInt64(count()), toInt64(sum(i.quantity) * 1000000),
	           toInt64(sum(toDecimal128(ifNull(i.total_micros, toInt64(round(toDecimal128(i.quantity, 6) * ifNull(i.unit_price_micros, 0)))), 0)))
	    FROM {dw}.order_event_items AS i WHERE %s GROUP BY kind, currency
	)
	GROUP BY kind, currency ORDER BY currency, kind`

func (r *Report) addTotal(x Orders) {
	if n := len(r.Totals); n == 0 || r.Totals[n-1].Currency != x.Currency {
		r.Totals = append(r.Totals, Total{Currency: x.Currency})
	}
	t := &r.Totals[len(r.Totals)-1]
	t.Events += x.Events
	t.Lines += x.Lines
	t.QuantityMicros += x.QuantityMicros
	t.NetMicros += x.NetMicros
}

// Customers counts customers after all merges.
type Customers struct {
	All int64
	// Identified are those with a user id.
	Identified int64
	// Merged are ids that were merged away.
	Merged int64
}

func (r *Report) readCustomers(ctx context.Context, q query) error {
	err := q.one(ctx, `SELECT toInt64(count()), toInt64(countIf(identified)) FROM {dw}.customers`, &r.Customers.All, &r.Customers.Identified)
	if err != nil {
		return err
	}
	return q.one(ctx, `SELECT toInt64(count()) FROM {dw}.identity_overrides`, &r.Customers.Merged)
}
