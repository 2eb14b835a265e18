package feature

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/freshet/freshet/pkg/catalog/expr"
	fconn "github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/testkit"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// facts is a warehouse of the test's own, written as the warehouse service writes it.
type facts struct {
	t     testing.TB
	conn  driver.Conn
	names schema.Names
}

func newFacts(t testing.TB) *facts {
	t.Helper()
	cfg := testkit.ClickHouse(t)
	conn, err := fconn.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	f := &facts{t: t, conn: conn, names: schema.Names{Prefix: "t" + uuid.NewString()[:8] + "_"}}
	t.Cleanup(func() { conn.Close() })
	err = schema.Migrate(t.Context(), conn, schema.Options{Prefix: f.names.Prefix, DictionaryUser: cfg.User, DictionaryPassword: cfg.Password})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, d := range []schema.Database{schema.ODS, schema.DW, schema.DM} {
			if err := conn.Exec(context.Background(), "DROP DATABASE IF EXISTS "+f.names.Database(d)+" SYNC"); err != nil {
				t.Error(err)
			}
		}
	})
	return f
}

// write inserts resolved events, changes of orders and mappings under a workspace.
func (f *facts) write(workspace string, events []*eventv1.ResolvedEvent, changes []*orderv1.Change, mappings []*identityv1.Mapping) {
	f.t.Helper()
	ms := time.UnixMilli
	f.insert("events", "workspace, event_id, customer_id, type, name, occurred_at, received_at, history", len(events), func(b driver.Batch, i int) error {
		e := events[i].Event
		word := expr.NameOf(e)
		if e.Type == eventv1.EventType_EVENT_TYPE_TRACK {
			word = "track"
		}
		return b.Append(workspace, e.EventId, events[i].CustomerId, word, e.Name, ms(e.OccurredMs), ms(e.ReceivedMs), e.History)
	})
	f.insert("order_postings", "workspace, customer_id, order_id, occurred_at, sign, orders, quantity_micros, spend_micros, refunds, refund_micros, first_received_at, book_partition, book_sequence, line",
		len(changes), func(b driver.Batch, i int) error {
			c := changes[i]
			for line, p := range slices.Concat(c.Taken, c.Added, c.Moved) {
				sign, who := int8(1), c.CustomerId
				if line >= len(c.Taken)+len(c.Added) {
					who = p.CustomerId
				}
				if line < len(c.Taken) {
					sign = -1
				}
				err := b.Append(workspace, who, c.OrderId, ms(p.AtMs), sign, p.Orders, p.QuantityMicros, p.SpendMicros, p.Refunds, p.RefundMicros, ms(c.FirstReceivedMs),
					c.Partition, c.Sequence, int32(line))
				if err != nil {
					return err
				}
			}
			return nil
		})
	f.insert("identity_overrides", "workspace, from_customer_id, to_customer_id, epoch", len(mappings), func(b driver.Batch, i int) error {
		return b.Append(workspace, mappings[i].FromCustomerId, mappings[i].ToCustomerId, mappings[i].Epoch)
	})
}

func (f *facts) insert(table, columns string, n int, row func(driver.Batch, int) error) {
	f.t.Helper()
	b, err := f.conn.PrepareBatch(f.t.Context(), "INSERT INTO "+f.names.Rows(schema.DW, table)+" ("+columns+")")
	if err != nil {
		f.t.Fatal(err)
	}
	for i := range n {
		if err := row(b, i); err != nil {
			f.t.Fatal(err)
		}
	}
	if err := b.Send(); err != nil {
		f.t.Fatal(err)
	}
}
