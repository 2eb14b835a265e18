package clickhouse_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestValidateReportsEveryFault(t *testing.T) {
	if err := clickhouse.Default().Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	err := clickhouse.Config{Address: "nowhere"}.Validate()
	if err == nil {
		t.Fatal("an empty configuration passed")
	}
	for _, key := range []string{"address:", "user:", "dial_timeout:", "read_timeout:", "max_connections:"} {
		if !strings.Contains(err.Error(), key) {
			t.Errorf("%q does not name %s", err, key)
		}
	}
}

func TestOpen(t *testing.T) {
	good := testkit.ClickHouse(t)
	for name, tc := range map[string]struct {
		edit func(*clickhouse.Config)
		want string
	}{
		"as given":         {edit: func(*clickhouse.Config) {}},
		"nobody listens":   {edit: func(c *clickhouse.Config) { c.Address = "127.0.0.1:1" }, want: "ClickHouse at 127.0.0.1:1"},
		"a wrong password": {edit: func(c *clickhouse.Config) { c.Password = "hunter2" }, want: good.Address},
		"no such database": {edit: func(c *clickhouse.Config) { c.Database = "atlantis" }, want: "atlantis"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := good
			tc.edit(&cfg)
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			conn, err := clickhouse.Open(ctx, cfg)
			if err == nil {
				err = conn.Close()
			}
			if tc.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want it to say %q and no password", err, tc.want)
			}
		})
	}
}
