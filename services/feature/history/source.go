package history

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	native "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/freshet/freshet/services/warehouse/orderrows"
)

// source asks ClickHouse for the facts of one pass.
type source struct {
	*Reader
	request Request
	until   int64
	// wanted are the present ids of the customers asked for; nil asks for all.
	wanted *ext.Table
	// moved are the merges as they were when the request began, old id and new: every statement takes the same, or a merge that comes meanwhile would put
	// what one statement tells of a customer apart from what the next one does.
	moved *ext.Table
	// pass of passes: the customers are dealt over them by a hash of their present id.
	pass, passes uint64
}

// now replaces an id by the present one.
const now = "if(m.new = '', f.customer_id, m.new)"

// the parts that statements share; f is the table read, m the mapping of an id.
var shared = strings.NewReplacer(
	"{present}", now+" AS present",
	"{mine}", "cityHash64("+now+") % {passes:UInt64} = {pass:UInt64}",
	"{until}", "fromUnixTimestamp64Milli({until:Int64}, 'UTC')",
)

// statement completes a text. "{only COLUMN}" is the restriction to the customers asked for.
func (s *source) statement(text string) string {
	text = shared.Replace(text)
	for {
		before, rest, found := strings.Cut(text, "{only ")
		if !found {
			break
		}
		column, after, _ := strings.Cut(rest, "}")
		only := ""
		if s.wanted != nil {
			only = " AND " + column + " IN (SELECT id FROM wanted UNION ALL SELECT old FROM moved WHERE new IN (SELECT id FROM wanted))"
		}
		text = before + only + after
	}
	return strings.ReplaceAll(text, "{dw}", s.Database)
}

// query runs a statement.
func (s *source) query(ctx context.Context, what, text string) (driver.Rows, error) {
	options := []native.QueryOption{native.WithParameters(map[string]string{
		"workspace": s.request.Workspace, "until": strconv.FormatInt(s.until, 10),
		"pass": strconv.FormatUint(s.pass, 10), "passes": strconv.FormatUint(max(1, s.passes), 10),
	})}
	var tables []*ext.Table
	for _, t := range []*ext.Table{s.wanted, s.moved} {
		if t != nil {
			tables = append(tables, t)
		}
	}
	options = append(options, native.WithExternalTable(tables...))
	rows, err := s.ClickHouse.Query(native.Context(ctx, options...), s.statement(text))
	if err != nil {
		return nil, fmt.Errorf("read %s for histories: %w", what, err)
	}
	return rows, nil
}

// cursor is a statement's rows, of which the next is in hand.
type cursor[T any] struct {
	what string
	rows driver.Rows
	scan func(orderrows.Scan) (key string, v T, err error)

	key  string
	head T
	done bool
	err  error
}

// open runs a statement whose rows are ordered by the key that scan gives.
func open[T any](ctx context.Context, s *source, what, text string, scan func(orderrows.Scan) (string, T, error)) (*cursor[T], error) {
	rows, err := s.query(ctx, what, text)
	if err != nil {
		return nil, err
	}
	c := &cursor[T]{what: what, rows: rows, scan: scan}
	c.next()
	return c, c.err
}

// next brings the next row.
func (c *cursor[T]) next() {
	if !c.rows.Next() {
		c.done = true
		if err := c.rows.Err(); err != nil {
			c.err = fmt.Errorf("read %s for histories: %w", c.what, err)
		}
		return
	}
	if c.key, c.head, c.err = c.scan(c.rows.Scan); c.err != nil {
		c.done, c.err = true, fmt.Errorf("scan %s for histories: %w", c.what, c.err)
	}
}

// take gives all rows of a key to f.
func (c *cursor[T]) take(key string, f func(T)) error {
	for !c.done && c.key == key {
		f(c.head)
		c.next()
	}
	return c.err
}

func (c *cursor[T]) close() { _ = c.rows.Close() } // what was read is read
