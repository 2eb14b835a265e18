// Package factskit gives a test a warehouse of its own in the embedded ClickHouse. It is imported by tests only.
package factskit

import (
	"context"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/testkit"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// Facts is a warehouse.
type Facts struct {
	T     testing.TB
	Conn  driver.Conn
	Names schema.Names
}

// New makes an empty one. It is dropped when the test ends.
func New(t testing.TB) *Facts {
	t.Helper()
	cfg := testkit.ClickHouse(t)
	conn, err := clickhouse.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	f := &Facts{T: t, Conn: conn, Names: schema.Names{Prefix: "f" + uuid.NewString()[:8] + "_"}}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := schema.Migrate(t.Context(), conn, schema.Options{Prefix: f.Names.Prefix, DictionaryUser: cfg.User, DictionaryPassword: cfg.Password}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, d := range []schema.Database{schema.ODS, schema.DW, schema.DM} {
			if err := conn.Exec(context.Background(), "DROP DATABASE IF EXISTS "+f.Names.Database(d)+" SYNC"); err != nil {
				t.Error(err)
			}
		}
	})
	return f
}

// Insert writes n rows into a table of the dw.
func (f *Facts) Insert(table, columns string, n int, row func(int) []any) {
	f.T.Helper()
	b, err := f.Conn.PrepareBatch(f.T.Context(), "INSERT INTO "+f.Names.Rows(schema.DW, table)+" ("+columns+")")
	if err != nil {
		f.T.Fatal(err)
	}
	for i := range n {
		if err := b.Append(row(i)...); err != nil {
			f.T.Fatal(err)
		}
	}
	if err := b.Send(); err != nil {
		f.T.Fatal(err)
	}
}

// IdentifierType is what the warehouse writes as an event's identifier_type.
func IdentifierType(e *eventv1.Event) string {
	if len(e.GetIdentifiers()) == 0 {
		return ""
	}
	return e.GetIdentifiers()[0].GetType()
}
