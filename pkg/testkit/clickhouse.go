package testkit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/freshet/freshet/pkg/clickhouse"
	embeddedclickhouse "github.com/freshet/freshet/pkg/embedded/clickhouse"
)

// engineTimeout bounds starting and stopping the engine.
const engineTimeout = time.Minute

// sharedEngine is the one ClickHouse of a test binary, started by the first test that asks.
type sharedEngine struct {
	once   sync.Once
	dir    string
	server *embeddedclickhouse.Server
	err    error
}

var engine sharedEngine

// ClickHouse returns how to reach a database of this test's own on the shared
// engine. It is dropped when the test passes, and kept and named when it fails.
// The package's TestMain must call Main.
func ClickHouse(t testing.TB) clickhouse.Config {
	t.Helper()
	if !inMain.Load() {
		t.Fatal("testkit.ClickHouse needs: func TestMain(m *testing.M) { testkit.Main(m) }")
	}
	engine.once.Do(engine.start)
	if engine.err != nil {
		t.Fatal(engine.err)
	}
	cfg := engine.server.ClientConfig()
	name := databaseName(t.Name())
	if err := execute(cfg, "CREATE DATABASE `"+name+"`"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("kept ClickHouse database %s in %s", name, engine.dir)
			return
		}
		if err := execute(cfg, "DROP DATABASE `"+name+"` SYNC"); err != nil {
			t.Error(err)
		}
	})
	cfg.Database = name
	return cfg
}

// databaseName is readable, unique and a plain identifier.
func databaseName(test string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, test)
	return fmt.Sprintf("test_%.40s_%s", plain, uuid.NewString()[:8])
}

func execute(cfg clickhouse.Config, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), engineTimeout)
	defer cancel()
	conn, err := clickhouse.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

func (e *sharedEngine) start() {
	if e.dir, e.err = os.MkdirTemp("", "freshet-test-clickhouse-"); e.err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), engineTimeout)
	defer cancel()
	e.server, e.err = embeddedclickhouse.Start(ctx, embeddedclickhouse.Config{Dir: e.dir, Password: "test"})
}

// end stops the engine and removes its data, unless keep.
func (e *sharedEngine) end(keep bool) error {
	if e.dir == "" {
		return nil
	}
	var err error
	if e.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), engineTimeout)
		defer cancel()
		err = e.server.Stop(ctx)
	}
	if keep {
		return err
	}
	return errors.Join(err, os.RemoveAll(e.dir))
}
