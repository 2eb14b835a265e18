package warehouse

import (
	"fmt"
	"strings"
	"testing"
	"time"

	native "github.com/ClickHouse/clickhouse-go/v2"
	chcolumn "github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/shopspring/decimal"

	"github.com/freshet/freshet/services/warehouse/schema"
)

// Every table remembers tokens for as long as it says, whatever the server's defaults are.
func TestEveryTableSaysHowLongItRemembersTokens(t *testing.T) {
	w := newWorld(t, 1)
	w.keepParts()
	known, err := w.count("SELECT count() FROM system.merge_tree_settings WHERE name IN ('non_replicated_deduplication_window', 'replicated_deduplication_window', 'replicated_deduplication_window_seconds')")
	if err != nil || known != 3 {
		t.Fatalf("this server knows %d of the 3 settings, %v", known, err)
	}
	rows, err := w.conn.Query(t.Context(), "SELECT database || '.' || name, engine_full FROM system.tables WHERE startsWith(database, ?) AND endsWith(name, '_rows')", w.cfg.DatabasePrefix)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	tables := 0
	for rows.Next() {
		var name, engine string
		if err := rows.Scan(&name, &engine); err != nil {
			t.Fatal(err)
		}
		tables++
		for _, want := range []string{" non_replicated_deduplication_window = 10000", " replicated_deduplication_window = 10000", " replicated_deduplication_window_seconds = 2592000"} {
			if !strings.Contains(engine, want) {
				t.Errorf("%s lacks%s: %s", name, want, engine)
			}
		}
	}
	if err := rows.Err(); err != nil || tables < 8 {
		t.Errorf("saw %d tables, %v", tables, err)
	}
}

// A user whose profile inserts asynchronously and does not deduplicate gets a block once all the same, and its answer only when it is in.
func TestATokenCountsWhateverTheUsersProfileSays(t *testing.T) {
	w := newWorld(t, 1)
	w.keepParts()
	s := w.storeWith(native.Settings{"async_insert": 1, "wait_for_async_insert": 0, "insert_deduplicate": 0, "deduplicate_insert": "disable"})
	w.wantOneBlock(s, 10)
}

// A block is one part and one token, also where its orders have more lines than the server puts into one block of its own making.
// block_rows does not bound the lines: an order may have thousands.
func TestABlockIsOneInsertWhateverItsRows(t *testing.T) {
	w := newWorld(t, 1)
	w.keepParts()
	s := w.storeWith(native.Settings{"max_insert_block_size": 1000, "max_block_size": 1000, "min_insert_block_size_rows": 1000})
	for _, rows := range []int{999, 1000, 1001, 25_000} {
		w.wantOneBlock(s, rows)
		if err := w.conn.Exec(t.Context(), w.names.Expand("TRUNCATE TABLE {dw}.order_event_items_rows")); err != nil {
			t.Fatal(err)
		}
	}
}

// storeWith is a store whose connection says other settings than the store's own.
func (w *world) storeWith(settings native.Settings) *store {
	w.t.Helper()
	cfg := w.clickhouse
	conn, err := native.Open(&native.Options{Addr: []string{cfg.Address}, Auth: native.Auth{Username: cfg.User, Password: cfg.Password}, Settings: settings})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	return &store{conn: conn, names: w.names, timeout: time.Minute}
}

// wantOneBlock inserts lines of an order twice under one token and finds them once, at once, in one part.
func (w *world) wantOneBlock(s *store, lines int) {
	w.t.Helper()
	parts := fmt.Sprintf("SELECT count() FROM system.parts WHERE active AND database = '%s' AND table = 'order_event_items_rows'", w.names.Database(schema.DW))
	for range 2 {
		if err := s.insert(w.t.Context(), itemTable(lines), fmt.Sprint("token of ", lines)); err != nil {
			w.t.Fatal(err)
		}
		if n, err := w.count("SELECT count() FROM {dw}.order_event_items_rows"); err != nil || n != int64(lines) {
			w.t.Errorf("%d rows right after the insert, %v; want %d", n, err, lines)
		}
		if n, err := w.count(parts); err != nil || n != 1 {
			w.t.Errorf("%d lines are %d parts, %v; want 1", lines, n, err)
		}
	}
}

// itemTable is n lines of one order event.
func itemTable(n int) table {
	item := itemRows{}
	at := base.UnixMilli()
	for i := range n {
		item.workspace, item.id, item.customer = append(item.workspace, "w"), append(item.id, "e"), append(item.customer, "c")
		item.order, item.kind, item.line = append(item.order, "o"), append(item.kind, "completed"), append(item.line, int32(i+1))
		item.product, item.sku, item.name = append(item.product, "p"), append(item.sku, ""), append(item.name, "")
		item.quantity = append(item.quantity, decimal.New(1, 0))
		item.price, item.total = append(item.price, nil), append(item.total, nil)
		item.currency = append(item.currency, "EUR")
		item.occurred, item.received = append(item.occurred, at), append(item.received, at)
	}
	return item.table()
}

// Columns with a dictionary get the same texts, and each different one as one value.
func TestTextsForADictionaryStayTheTextsTheyAre(t *testing.T) {
	texts := []string{"a", "a", "", "b", "a", "", ""}
	for of, want := range map[string]string{"LowCardinality(String)": "[]interface {}", "String": "[]string"} {
		col, err := chcolumn.Type(of).Column("c", nil)
		if err != nil {
			t.Fatal(err)
		}
		values := forColumn(col, texts)
		if got := fmt.Sprintf("%T", values); got != want {
			t.Errorf("%s gets %s, want %s", of, got, want)
		}
		if got := fmt.Sprintf("%q", values); got != fmt.Sprintf("%q", texts) {
			t.Errorf("%s gets %s, want %q", of, got, texts)
		}
	}
}
