package schema

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// open connects and names databases of the test's own.
func open(t *testing.T) (driver.Conn, Options, clickhouse.Config) {
	t.Helper()
	cfg := testkit.ClickHouse(t)
	conn, err := clickhouse.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	opts := Options{Prefix: "s" + uuid.NewString()[:8] + "_"}
	t.Cleanup(func() {
		defer conn.Close()
		for _, d := range []Database{ODS, DW, DM} {
			if err := conn.Exec(context.Background(), "DROP DATABASE IF EXISTS "+(Names{opts.Prefix}).Database(d)+" SYNC"); err != nil {
				t.Error(err)
			}
		}
	})
	return conn, opts, cfg
}

func strs(t *testing.T, conn driver.Conn, opts Options, sql string) []string {
	t.Helper()
	var out []string
	if err := conn.QueryRow(t.Context(), Names{opts.Prefix}.Expand(sql)).Scan(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestProcessesThatStartTogetherMakeOneSchema(t *testing.T) {
	conn, opts, _ := open(t)
	var starts sync.WaitGroup
	for range 4 {
		starts.Go(func() {
			if err := Migrate(t.Context(), conn, opts); err != nil {
				t.Error(err)
			}
		})
	}
	starts.Wait()
	if err := Migrate(t.Context(), conn, opts); err != nil {
		t.Errorf("again: %v", err)
	}
	list, err := load(files)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, m := range list {
		want = append(want, fmt.Sprint(m.version, " ", m.checksum))
	}
	got := strs(t, conn, opts, `SELECT groupArray(x) FROM (SELECT concat(toString(version), ' ', checksum) AS x FROM {dw}.freshet_migrations FINAL ORDER BY version)`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A process may die between the statements of a migration.
func TestEveryMigrationCanRunTwice(t *testing.T) {
	conn, opts, _ := open(t)
	if err := Migrate(t.Context(), conn, opts); err != nil {
		t.Fatal(err)
	}
	if err := conn.Exec(t.Context(), Names{opts.Prefix}.Expand("TRUNCATE TABLE {dw}.freshet_migrations")); err != nil {
		t.Fatal(err)
	}
	if err := Migrate(t.Context(), conn, opts); err != nil {
		t.Error(err)
	}
}

func TestAChangedMigrationIsRefused(t *testing.T) {
	conn, opts, _ := open(t)
	if err := Migrate(t.Context(), conn, opts); err != nil {
		t.Fatal(err)
	}
	err := conn.Exec(t.Context(), Names{opts.Prefix}.Expand("INSERT INTO {dw}.freshet_migrations (version, name, checksum) SETTINGS async_insert = 0 VALUES (2, 'dw', 'other')"))
	if err != nil {
		t.Fatal(err)
	}
	if err := Migrate(t.Context(), conn, opts); !errors.Is(err, ErrChanged) {
		t.Errorf("got %v, want ErrChanged", err)
	}
}

// A warehouse that is in use gets its new columns: rows from before have nothing in them, and a writer of the old version can go on.
func TestRowsFromBeforeEnrichmentStay(t *testing.T) {
	conn, opts, _ := open(t)
	before := fstest.MapFS{}
	for _, name := range []string{"0001_ods", "0002_dw", "0003_identity"} {
		path := "migrations/" + name + ".sql"
		text, err := files.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		before[path] = &fstest.MapFile{Data: text}
	}
	if err := migrate(t.Context(), conn, opts, before); err != nil {
		t.Fatal(err)
	}
	insert := func(id string) {
		t.Helper()
		err := conn.Exec(t.Context(), Names{opts.Prefix}.Expand(`INSERT INTO {dw}.events_rows (workspace, event_id, customer_id, type, occurred_at, received_at)
			SETTINGS async_insert = 0 VALUES ('default', '`+id+`', 'c', 'page', now64(), now64())`))
		if err != nil {
			t.Fatal(err)
		}
	}
	insert("before")
	if err := Migrate(t.Context(), conn, opts); err != nil {
		t.Fatal(err)
	}
	insert("by an old writer")
	got := strs(t, conn, opts, `SELECT groupArray(x) FROM (SELECT concat(event_id, '|', country, browser, channel, session_id, '|', toString(is_bot), toString(opted_out),
		toString(plan_violations), toString(plan_rules), toString(consent_denied), toString(notes), toString(note_kinds), '|', current_customer_id) AS x FROM {dw}.events_current ORDER BY event_id)`)
	if diff := cmp.Diff([]string{"before||falsefalse0[][][][]|c", "by an old writer||falsefalse0[][][][]|c"}, got); diff != "" {
		t.Error(diff)
	}
	if got := strs(t, conn, opts, `SELECT [toString(sum(events))] FROM {dw}.customers`); got[0] != "2" {
		t.Errorf("dw.customers counts %s events, want 2", got[0])
	}
}

// Order events from before have moved to their new tables, whole units as decimals; and a process that died in the middle can move them again.
func TestOrdersFromBeforeBecomeOrderEvents(t *testing.T) {
	conn, opts, _ := open(t)
	before := fstest.MapFS{}
	for _, name := range []string{"0001_ods", "0002_dw", "0003_identity", "0004_enrichment"} {
		path := "migrations/" + name + ".sql"
		text, err := files.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		before[path] = &fstest.MapFile{Data: text}
	}
	if err := migrate(t.Context(), conn, opts, before); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`INSERT INTO {dw}.orders_rows SETTINGS async_insert = 0 VALUES ('w', 'e', 'c', 'O', 'completed', 'EUR', 5000000, 2, 1, now64(), now64(), false)`,
		`INSERT INTO {dw}.order_items_rows SETTINGS async_insert = 0 VALUES ('w', 'e', 'c', 'O', 'completed', 1, 'p', 'Mug', 2, 2500000, 'EUR', now64(), now64())`,
	} {
		if err := conn.Exec(t.Context(), Names{opts.Prefix}.Expand(sql)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := Migrate(t.Context(), conn, opts); err != nil {
			t.Fatal(err)
		}
		if err := conn.Exec(t.Context(), Names{opts.Prefix}.Expand("ALTER TABLE {dw}.freshet_migrations DELETE WHERE version = 5 SETTINGS mutations_sync = 1")); err != nil {
			t.Fatal(err)
		}
	}
	old := Names{opts.Prefix}.Expand(`INSERT INTO {dw}.orders_rows SETTINGS async_insert = 0 VALUES ('w', 'e2', 'c', 'O', 'completed', 'EUR', 5000000, 2, 1, now64(), now64(), false)`)
	if err := conn.Exec(t.Context(), old); err == nil {
		t.Error("a writer of the old version was let in, to where nobody looks")
	}
	got := strs(t, conn, opts, `SELECT groupArray(x) FROM
		(SELECT concat(order_id, ' ', toString(total_micros), ' ', toString(quantity), ' ', toString(rate_e12)) AS x FROM {dw}.order_events
		UNION ALL SELECT concat(product_id, ' ', toString(unit_price_micros), ' ', toString(quantity), ' ', ifNull(toString(total_micros), 'NULL')) FROM {dw}.order_event_items
		UNION ALL SELECT concat('orders ', toString(count())) FROM {dw}.orders)`)
	slices.Sort(got)
	if diff := cmp.Diff([]string{"O 5000000 2 0", "orders 0", "p 2500000 2 NULL"}, got); diff != "" {
		t.Error(diff)
	}
}

// A column added to the storage must reach the view too.
func TestViewsShowEveryColumnOfTheirStorage(t *testing.T) {
	conn, opts, _ := open(t)
	if err := Migrate(t.Context(), conn, opts); err != nil {
		t.Fatal(err)
	}
	const columns = `SELECT groupArray(x) FROM (SELECT concat(name, ' ', type) AS x FROM system.columns WHERE database || '.' || table = '%s' ORDER BY position)`
	for _, v := range []struct {
		db   Database
		name string
	}{{ODS, "events"}, {ODS, "rejected"}, {DW, "events"}, {DW, "order_events"}, {DW, "order_event_items"}, {DW, "order_postings"}, {DW, "identity_overrides"}, {DW, "touches"}, {DM, "scores"}} {
		n := Names{opts.Prefix}
		storage := strs(t, conn, opts, fmt.Sprintf(columns, n.Rows(v.db, v.name)))
		view := strs(t, conn, opts, fmt.Sprintf(columns, n.View(v.db, v.name)))
		if diff := cmp.Diff(storage, view); diff != "" || len(view) == 0 {
			t.Errorf("%s: %s", v.name, diff)
		}
	}
}

func TestViewsHideCopiesAndTheDictionaryLogsIn(t *testing.T) {
	conn, opts, cfg := open(t)
	opts.DictionaryUser, opts.DictionaryPassword = cfg.User, cfg.Password
	if err := Migrate(t.Context(), conn, opts); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the same row in two blocks
		err := conn.Exec(t.Context(), Names{opts.Prefix}.Expand(`INSERT INTO {dw}.identity_overrides_rows SETTINGS async_insert = 0, insert_deduplicate = 0
			VALUES ('default', 'b', 'a', 1, 'e', now64())`))
		if err != nil {
			t.Fatal(err)
		}
	}
	got := strs(t, conn, opts, `SELECT [toString(assumeNotNull((SELECT count() FROM {dw}.identity_overrides))),
		dictGetOrDefault('{dw}.identity_overrides_dict', 'to_customer_id', ('default', 'b'), 'none'),
		dictGetOrDefault('{dw}.identity_overrides_dict', 'to_customer_id', ('default', 'x'), 'none')]`)
	if diff := cmp.Diff([]string{"1", "a", "none"}, got); diff != "" {
		t.Error(diff)
	}
}

// An id that was merged, and whose survivor was merged later, keeps both mappings in identity_merges: what was so in between can be told.
func TestEveryMergeEverToldIsKept(t *testing.T) {
	conn, opts, cfg := open(t)
	opts.DictionaryUser, opts.DictionaryPassword = cfg.User, cfg.Password
	if err := Migrate(t.Context(), conn, opts); err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{"'c', 'b', 3", "'c', 'b', 3", "'c', 'a', 9", "'b', 'a', 9"} {
		err := conn.Exec(t.Context(), Names{opts.Prefix}.Expand(`INSERT INTO {dw}.identity_overrides_rows SETTINGS async_insert = 0
			VALUES ('default', `+row+`, 'e', now64())`))
		if err != nil {
			t.Fatal(err)
		}
	}
	got := strs(t, conn, opts, `SELECT groupArray(x) FROM (SELECT concat(from_customer_id, to_customer_id, toString(epoch)) AS x FROM {dw}.identity_merges ORDER BY x)`)
	if diff := cmp.Diff([]string{"ba9", "ca9", "cb3"}, got); diff != "" {
		t.Error(diff)
	}
	if kept := strs(t, conn, opts, `SELECT groupArray(to_customer_id) FROM {dw}.identity_overrides`); !slices.Equal(kept, []string{"a", "a"}) {
		t.Errorf("the overrides are %v", kept)
	}
}

func TestFilesMustBeNumberedWithoutGaps(t *testing.T) {
	file := &fstest.MapFile{Data: []byte("SELECT 1;\n")}
	cases := map[string]fstest.MapFS{
		"a gap":      {"migrations/0001_a.sql": file, "migrations/0003_b.sql": file},
		"no number":  {"migrations/a.sql": file},
		"from zero":  {"migrations/0000_a.sql": file},
		"two of one": {"migrations/0001_a.sql": file, "migrations/0001_b.sql": file},
	}
	for name, fsys := range cases {
		if _, err := load(fsys); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestStatementsAreSplitAndFilledIn(t *testing.T) {
	got := statements("-- a; b\nCREATE {ods}.x;\n\nCREATE {dw}.y({dictionary_login}Q);\n",
		Options{Prefix: "p_", DictionaryUser: "u", DictionaryPassword: `it's \ odd`})
	want := []string{"-- a; b\nCREATE p_ods.x", `CREATE p_dw.y(USER 'u' PASSWORD 'it\'s \\ odd' Q)`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOddPrefixesAreRefused(t *testing.T) {
	for _, prefix := range []string{"a-b", "a.b", "a b", "`", "ä"} {
		if err := (Options{Prefix: prefix}).Validate(); err == nil || !strings.Contains(err.Error(), "database_prefix") {
			t.Errorf("prefix %q: got %v", prefix, err)
		}
	}
}
