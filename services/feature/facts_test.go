package feature

import (
	"context"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	fconn "github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/testkit"
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
