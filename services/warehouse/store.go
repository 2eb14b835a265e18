package warehouse

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	native "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/freshet/freshet/services/warehouse/schema"
)

// maxParts is how many monthly parts one insert may make. An import of ten years is
// 120 months; ClickHouse's default of 100 would refuse its blocks for ever.
const maxParts = 5000

// store inserts tables into ClickHouse. Safe for concurrent use.
type store struct {
	conn    driver.Conn
	names   schema.Names
	timeout time.Duration
}

// insert adds the rows as one native block. The same token again, with the same
// rows, adds nothing. An error leaves open whether they landed.
func (s *store) insert(ctx context.Context, t table, token string) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	name := s.names.Rows(t.db, t.name)
	ctx = native.Context(ctx, native.WithSettings(native.Settings{
		"insert_deduplication_token":      token,
		"insert_deduplicate":              1,
		"async_insert":                    0, // on by default in newer servers; it would batch by itself and answer early
		"max_partitions_per_insert_block": maxParts,
	}))
	columns := make([]string, len(t.columns))
	for i, c := range t.columns {
		columns[i] = c.name
	}
	batch, err := s.conn.PrepareBatch(ctx, fmt.Sprintf("INSERT INTO %s (%s)", name, strings.Join(columns, ", ")))
	if err != nil {
		return fmt.Errorf("prepare an insert into %s: %w", name, err)
	}
	for i, c := range t.columns {
		if err := batch.Column(i).Append(c.values); err != nil {
			return errors.Join(fmt.Errorf("fill column %s of %s: %w", c.name, name, err), batch.Abort())
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("insert %d rows into %s: %w", t.rows, name, err)
	}
	return nil
}
