package warehouse

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	native "github.com/ClickHouse/clickhouse-go/v2"
	chcolumn "github.com/ClickHouse/clickhouse-go/v2/lib/column"
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
	// overrides is set once the server was asked whether it has deduplicate_insert, a setting of newer ones that overrides insert_deduplicate.
	overrides atomic.Pointer[bool]
}

// insert adds the rows as one native block. The same token again, with the same
// rows, adds nothing. An error leaves open whether they landed.
func (s *store) insert(ctx context.Context, t table, token string) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	name := s.names.Rows(t.db, t.name)
	settings, err := s.settings(ctx, token)
	if err != nil {
		return err
	}
	ctx = native.Context(ctx, native.WithSettings(settings))
	columns := make([]string, len(t.columns))
	for i, c := range t.columns {
		columns[i] = c.name
	}
	batch, err := s.conn.PrepareBatch(ctx, fmt.Sprintf("INSERT INTO %s (%s)", name, strings.Join(columns, ", ")))
	if err != nil {
		return fmt.Errorf("prepare an insert into %s: %w", name, err)
	}
	for i, of := range batch.Columns() {
		c := t.columns[i]
		if err := batch.Column(i).Append(forColumn(of, c.values)); err != nil {
			return errors.Join(fmt.Errorf("fill column %s of %s: %w", c.name, name, err), batch.Abort())
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("insert %d rows into %s: %w", t.rows, name, err)
	}
	return nil
}

// settings make the token count, whatever the user's profile says.
func (s *store) settings(ctx context.Context, token string) (native.Settings, error) {
	settings := native.Settings{
		"insert_deduplication_token":      token,
		"insert_deduplicate":              1,
		"async_insert":                    0, // on by default in newer servers; it would batch by itself and answer early
		"max_partitions_per_insert_block": maxParts,
	}
	if s.overrides.Load() == nil {
		var n uint64
		if err := s.conn.QueryRow(ctx, "SELECT count() FROM system.settings WHERE name = 'deduplicate_insert'").Scan(&n); err != nil {
			return nil, fmt.Errorf("ask ClickHouse for its settings: %w", err)
		}
		s.overrides.Store(new(n > 0))
	}
	if *s.overrides.Load() {
		settings["deduplicate_insert"] = "enable"
	}
	return settings, nil
}

// forColumn gives values in the form that costs clickhouse-go least. Its columns with a dictionary make an interface of every value, with
// an allocation each; of these each different word needs one only.
func forColumn(of chcolumn.Interface, values any) any {
	texts, ok := values.([]string)
	if _, dictionary := of.(*chcolumn.LowCardinality); !ok || !dictionary {
		return values
	}
	words := make([]any, len(texts))
	known := map[string]any{}
	for i, text := range texts {
		if i > 0 && text == texts[i-1] {
			words[i] = words[i-1]
			continue
		}
		word, ok := known[text]
		if !ok {
			word = text
			known[text] = word
		}
		words[i] = word
	}
	return words
}
