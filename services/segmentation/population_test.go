package segmentation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/freshet/freshet/pkg/catalog"
	fconn "github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/feature/factsql"
	"github.com/freshet/freshet/services/segmentation/tier"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// warehouse makes the warehouse's tables and fills them with events of 400 days before
// asOf: a tenth of them orders, some refunded, some customers merged.
func warehouse(t testing.TB, events, customers int, asOf time.Time) (driver.Conn, string) {
	t.Helper()
	cfg := testkit.ClickHouse(t)
	conn, err := fconn.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	names := schema.Names{Prefix: "t" + uuid.NewString()[:8] + "_"}
	opts := schema.Options{Prefix: names.Prefix, DictionaryUser: cfg.User, DictionaryPassword: cfg.Password}
	if err := schema.Migrate(t.Context(), conn, opts); err != nil {
		t.Fatal(err)
	}
	run := func(sql string) {
		t.Helper()
		if err := conn.Exec(context.Background(), names.Expand(sql)); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		run("DROP DATABASE {ods} SYNC")
		run("DROP DATABASE {dw} SYNC")
		run("DROP DATABASE {dm} SYNC")
	})
	at := fmt.Sprintf("fromUnixTimestamp64Milli(toInt64(%d - (cityHash64(number, 2) %% 34560000000)), 'UTC')", asOf.UnixMilli())
	who := fmt.Sprintf("lower(hex(MD5(toString(cityHash64(number, 1) %% %d))))", customers)
	run(fmt.Sprintf(`INSERT INTO {dw}.events_rows (workspace, event_id, customer_id, type, name, occurred_at, received_at)
		SELECT 'default', toString(number), %s, 'track', 'Product Viewed', %s, now64(3, 'UTC') FROM numbers(%d)`, who, at, events))
	// A sale, a sale taken back, a refund, a sum beyond 64 bits.
	run(fmt.Sprintf(`INSERT INTO {dw}.order_postings_rows (workspace, customer_id, order_id, occurred_at, sign, orders, spend_micros, refunds, refund_micros,
			first_received_at, book_sequence)
		SELECT 'default', %s, toString(number), %s, if(cityHash64(number, 5) %% 7 = 0, -1, 1), cityHash64(number, 3) %% 3 != 0 AS sale,
			if(sale, if(number %% 1000 = 0, 9223372036854775807, toInt64(cityHash64(number, 4) %% 900000000)), 0), NOT sale,
			if(sale, 0, toInt64(cityHash64(number, 4) %% 900000000)), now64(3, 'UTC'), number FROM numbers(%d) WHERE number %% 10 = 0`, who, at, events))
	run(fmt.Sprintf(`INSERT INTO {dw}.identity_overrides_rows (workspace, from_customer_id, to_customer_id, epoch)
		SELECT 'default', lower(hex(MD5(toString(number)))), lower(hex(MD5(toString(number + 1)))), number FROM numbers(%d) WHERE number %% 7 = 0`, customers-1))
	return conn, names.Database(schema.DW)
}

func bySeen(a, b tier.Customer) int {
	return cmp.Or(cmp.Compare(a.LastSeenMs, b.LastSeenMs), cmp.Compare(a.Value, b.Value))
}

func gather(t *testing.T, from Population, workspace string, asOf time.Time) (all []tier.Customer, err error) {
	err = from.Customers(t.Context(), workspace, asOf, func(c tier.Customer) error {
		all = append(all, c)
		return nil
	})
	return all, err
}

// TestFactsEqualTheFeatureDefinition: the narrow query gives what the features' own
// definition gives.
func TestFactsEqualTheFeatureDefinition(t *testing.T) {
	asOf := time.UnixMilli(start)
	conn, database := warehouse(t, 20_000, 900, asOf)
	facts, err := NewFacts(conn, database)
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Parse(nil, []byte(`
features:
  - {name: events, description: x, level: behaviour, aggregate: count, windows: [90d]}
  - {name: spend, description: x, level: value, from: orders, aggregate: sum, value: spend, windows: [365d]}
  - {name: refund, description: x, level: value, from: orders, aggregate: sum, value: refund, windows: [365d]}
  - {name: last_seen, description: x, level: behaviour, aggregate: last_time}
`))
	if err != nil {
		t.Fatal(err)
	}
	places, err := tier.In(c.Layout())
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Time{asOf, asOf.Add(-100 * 24 * time.Hour), asOf.Add(-2 * 365 * 24 * time.Hour)} {
		got, err := gather(t, facts, "default", at)
		if err != nil {
			t.Fatal(err)
		}
		s, err := factsql.Compile(c.Plan(), factsql.Query{Database: database, Workspace: "default", AsOfMs: at.UnixMilli()})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := conn.Query(clickhouse.Context(t.Context(), clickhouse.WithParameters(s.Parameters)), s.Text)
		if err != nil {
			t.Fatal(err)
		}
		var want []tier.Customer
		for rows.Next() {
			_, readings, err := s.Scan(rows)
			if err != nil {
				t.Fatal(err)
			}
			values := c.Values(readings, at.UnixMilli(), nil)
			want = append(want, places.Of(catalog.NewVector(c.Layout(), c.Layout().Encode(nil, values))))
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(got, bySeen)
		slices.SortFunc(want, bySeen)
		if at.Equal(asOf) && len(want) < 700 {
			t.Errorf("only %d customers", len(want))
		}
		if !slices.Equal(got, want) {
			t.Errorf("as of %s: %d customers, want %d equal ones", at, len(got), len(want))
		}
	}
	if others, err := gather(t, facts, "nobody", asOf); err != nil || len(others) != 0 {
		t.Errorf("an empty workspace: %d customers, %v", len(others), err)
	}
}

func TestFactsRefusesAnUglyDatabase(t *testing.T) {
	if _, err := NewFacts(nil, "dw; DROP DATABASE dw"); err == nil {
		t.Error("accepted")
	}
}

// BenchmarkPopulation is one computation's read of a million events of 50,000 customers.
func BenchmarkPopulation(b *testing.B) {
	asOf := time.UnixMilli(start)
	conn, database := warehouse(b, 1_000_000, 50_000, asOf)
	facts, err := NewFacts(conn, database)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c := tier.NewCensus(b.TempDir(), nil, start)
		if err := facts.Customers(b.Context(), "default", asOf, c.Add); err != nil {
			b.Fatal(err)
		}
		if _, ok, err := c.Compute(); !ok || err != nil {
			b.Fatal("no cut points", err)
		}
		_ = c.Close()
	}
}
