package training

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Warehouse reads the touches of a ClickHouse database.
type Warehouse struct {
	Conn driver.Conn
	// Database is the dw's name.
	Database string
}

// counts is when a touch counts as done: as learn.At has it, not after it was received.
const counts = `least(at, received_at)`

const within = ` FROM %s.touches WHERE workspace = ? AND at >= fromUnixTimestamp64Milli(?) AND ` + counts + ` < fromUnixTimestamp64Milli(?)`

// Count implements Touches.
func (w *Warehouse) Count(ctx context.Context, workspace string, from, to time.Time) (int64, error) {
	var n uint64
	row := w.Conn.QueryRow(ctx, fmt.Sprintf("SELECT count()"+within, w.Database), workspace, from.UnixMilli(), to.UnixMilli())
	if err := row.Scan(&n); err != nil {
		return 0, fmt.Errorf("count the touches: %w", err)
	}
	return int64(n), nil
}

// newest is from when on there are at most so many touches: those of one moment stay together.
func (w *Warehouse) newest(ctx context.Context, workspace string, from, to time.Time, most int64) (time.Time, error) {
	rows, err := w.Conn.Query(ctx, fmt.Sprintf("SELECT toUnixTimestamp64Milli("+counts+")"+within+" ORDER BY "+counts+" DESC LIMIT 1 OFFSET ?", w.Database),
		workspace, from.UnixMilli(), to.UnixMilli(), most)
	if err != nil {
		return from, err
	}
	defer rows.Close()
	for rows.Next() {
		var ms int64
		if err := rows.Scan(&ms); err != nil {
			return from, err
		}
		from = time.UnixMilli(ms + 1)
	}
	return from, rows.Err()
}

// Read implements Touches. It streams.
func (w *Warehouse) Read(ctx context.Context, workspace string, from, to time.Time, most int64, take func(Touch) error) error {
	from, err := w.newest(ctx, workspace, from, to, most)
	if err != nil {
		return fmt.Errorf("find the newest %d touches: %w", most, err)
	}
	rows, err := w.Conn.Query(ctx, fmt.Sprintf(`SELECT current_customer_id, item_id, toString(kind), toUnixTimestamp64Milli(`+counts+`), order_id, quantity_micros, anonymous
		FROM %s.touches_current WHERE workspace = ? AND at >= fromUnixTimestamp64Milli(?) AND `+counts+` < fromUnixTimestamp64Milli(?) ORDER BY `+counts+`, event_id, line`, w.Database),
		workspace, from.UnixMilli(), to.UnixMilli())
	if err != nil {
		return fmt.Errorf("read the touches: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var t Touch
		if err := rows.Scan(&t.Customer, &t.Item, &t.Kind, &t.AtMs, &t.Order, &t.Quantity, &t.Anonymous); err != nil {
			return fmt.Errorf("read a touch: %w", err)
		}
		if err := take(t); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the touches: %w", err)
	}
	return nil
}
