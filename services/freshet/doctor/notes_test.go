package doctor

import (
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/warehouse/schema"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestEventsWithNotesAreCountedWithTheQuestionThatShowsThem(t *testing.T) {
	cfg := testkit.ClickHouse(t)
	db, err := clickhouse.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := schema.Migrate(t.Context(), db, schema.Options{DictionaryUser: cfg.User, DictionaryPassword: cfg.Password}); err != nil {
		t.Fatal(err)
	}
	insert := func(id, received, kinds string) {
		t.Helper()
		if err := db.Exec(t.Context(), `INSERT INTO dw.events_rows (workspace, event_id, customer_id, source, name, type, occurred_at, received_at, note_kinds, notes)
			SETTINGS async_insert = 0 VALUES ('default', '`+id+`', 'c', 'web', 'Order Completed', 'track', `+received+`, `+received+`, `+kinds+`, arrayMap(k -> concat(k, ' path: detail'), `+kinds+`))`); err != nil {
			t.Fatal(err)
		}
	}
	patient := Patient{Addresses: stack.Addresses{ClickHouseNative: cfg.Address}, Login: stack.Login{User: cfg.User, Password: cfg.Password}}
	insert("plain", "now64()", "[]")
	insert("old", "now64() - INTERVAL 25 HOUR", "['no_rate']")
	if f := notes(t.Context(), patient); f.State != OK || f.Fix != "" || !strings.Contains(f.Detail, "read whole") {
		t.Errorf("without notes: %+v", f)
	}
	insert("v1", "now64()", "['renamed']")
	if f := notes(t.Context(), patient); f.State != OK || f.Fix != "" || f.Detail != "1 events of the last day have notes: renamed 1" {
		t.Errorf("with another name only: %+v", f)
	}
	insert("a", "now64()", "['unreadable_money', 'renamed']")
	insert("b", "now64()", "['unreadable_money']")
	f := notes(t.Context(), patient)
	if f.State != Warned || f.Detail != "3 events of the last day have notes: renamed 2, unreadable_money 2" || !strings.Contains(f.Fix, NotesSQL) {
		t.Errorf("with notes: %+v", f)
	}
	rows, err := db.Query(t.Context(), NotesSQL)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var n int
	for rows.Next() {
		var source, name, note string
		var events uint64
		if err := rows.Scan(&source, &name, &note, &events); err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 2 {
		t.Errorf("the question shows %d kinds of notes, want 2", n)
	}
}
