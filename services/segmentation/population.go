package segmentation

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/services/segmentation/tier"
)

// Population reads what the tiers look at, for every customer of a workspace.
type Population interface {
	// Customers calls each for every customer, after merges, as of asOf. It holds none of them.
	Customers(ctx context.Context, workspace string, asOf time.Time, each func(tier.Customer) error) error
}

// populationQuery sums, for every surviving customer, the three numbers of the tiers, by the
// definition of the shipped catalogue (its windows' starts are parameters). It is narrower than
// package factsql because it runs every few minutes over all facts; a test holds the two equal.
// One thread: it must not slow down what is live.
const populationQuery = `
WITH
    fromUnixTimestamp64Milli({as_of:Int64}, 'UTC') AS as_of,
    moved AS
    (
        SELECT from_customer_id AS old, argMax(to_customer_id, epoch) AS new
        FROM %[1]s.identity_overrides
        WHERE workspace = {workspace:String}
        GROUP BY old
    )
SELECT e.events AS events, e.seen AS seen, o.spend AS spend, o.refunded AS refunded
FROM
(
    SELECT if(m.new = '', f.customer_id, m.new) AS customer,
        toInt64(countIf(f.occurred_at >= fromUnixTimestamp64Milli({start_90d:Int64}, 'UTC'))) AS events,
        max(toUnixTimestamp64Milli(f.occurred_at)) AS seen
    FROM %[1]s.events AS f LEFT JOIN moved AS m ON m.old = f.customer_id
    WHERE f.workspace = {workspace:String} AND f.occurred_at <= as_of
    GROUP BY customer
) AS e
LEFT JOIN
(
    SELECT if(m.new = '', f.customer_id, m.new) AS customer,
        toInt64(clamp(sum(toInt128(f.spend_micros) * f.sign), toInt128(-9223372036854775807), toInt128(9223372036854775807))) AS spend,
        toInt64(clamp(sum(toInt128(f.refund_micros) * f.sign), toInt128(-9223372036854775807), toInt128(9223372036854775807))) AS refunded
    FROM %[1]s.order_postings AS f LEFT JOIN moved AS m ON m.old = f.customer_id
    WHERE f.workspace = {workspace:String} AND f.occurred_at <= as_of
        AND f.occurred_at >= fromUnixTimestamp64Milli({start_365d:Int64}, 'UTC')
    GROUP BY customer
) AS o ON o.customer = e.customer
SETTINGS max_threads = 1`

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// facts is the Population in ClickHouse.
type facts struct {
	conn  driver.Conn
	query string
}

// NewFacts reads the population from the facts that the warehouse writes: from database,
// empty meaning "dw". The answer lags behind the stream by the warehouse's delay.
func NewFacts(conn driver.Conn, database string) (Population, error) {
	if database == "" {
		database = "dw"
	}
	if !plainName.MatchString(database) {
		return nil, fmt.Errorf("cut_points.database: %q is no plain name", database)
	}
	return &facts{conn: conn, query: fmt.Sprintf(populationQuery, database)}, nil
}

// Customers runs the query.
func (f *facts) Customers(ctx context.Context, workspace string, asOf time.Time, each func(tier.Customer) error) error {
	p := clickhouse.Parameters{"workspace": workspace, "as_of": strconv.FormatInt(asOf.UnixMilli(), 10)}
	const day = 24 * time.Hour
	for _, w := range []catalog.Window{catalog.Sawtooth("90d", 90*day), catalog.Sawtooth("365d", 365*day)} {
		p["start_"+w.Name] = strconv.FormatInt(w.StartMs(asOf.UnixMilli()), 10)
	}
	rows, err := f.conn.Query(clickhouse.Context(ctx, clickhouse.WithParameters(p)), f.query)
	if err != nil {
		return fmt.Errorf("read the customers of workspace %q: %w", workspace, err)
	}
	defer rows.Close()
	for rows.Next() {
		var events, seen, spend, refunded int64
		if err := rows.Scan(&events, &seen, &spend, &refunded); err != nil {
			return fmt.Errorf("scan a customer of workspace %q: %w", workspace, err)
		}
		if err := each(tier.Customer{Value: tier.Value(spend, refunded, events), LastSeenMs: seen}); err != nil {
			return err
		}
	}
	return rows.Err()
}
