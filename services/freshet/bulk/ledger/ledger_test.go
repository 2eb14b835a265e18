package ledger

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	key = Key{Sum: "s", Mapping: "m", Source: "crm"}
)

func TestAnEntryIsFoundAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "imports")
	l, err := Open(dir, key, "x.csv", now)
	if err != nil || l.Found {
		t.Fatal(l, err)
	}
	if _, err := Open(dir, key, "x.csv", now); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second holder: %v", err)
	}
	l.Units, l.RejectBytes = 7, 3
	l.Counts.Rows = 9
	l.Counts.Add("mapping bad_value", 1, 4, "x")
	l.Counts.Add("mapping bad_value", 2, 6, "y")
	if err := l.Save(now); err != nil {
		t.Fatal(err)
	}
	want := l.Record
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(dir, key, "renamed.csv", now.Add(time.Hour))
	if err != nil || !again.Found {
		t.Fatal(again, err)
	}
	defer again.Close()
	if diff := cmp.Diff(want, again.Record); diff != "" {
		t.Error(diff)
	}
	if r := again.Counts.Reasons["mapping bad_value"]; r != (Reason{3, 4, "x"}) {
		t.Errorf("%+v", r)
	}
	again.Restart(now)
	if again.Found || again.Units != 0 || again.ID != want.ID || again.Counts.Reasons != nil {
		t.Errorf("%+v", again.Record)
	}
}

func TestOtherImportsFromTheSameSourceAreKnown(t *testing.T) {
	dir := t.TempDir()
	for _, k := range []Key{key, {Sum: "s", Mapping: "other", Source: "crm"}, {Sum: "s", Mapping: "m", Source: "erp"}, {Sum: "t", Mapping: "other", Source: "crm"}} {
		l, err := Open(dir, k, "x.csv", now)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Save(now); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	l, err := Open(dir, key, "x.csv", now)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	others, err := l.Others()
	if err != nil || len(others) != 2 || others[0].Mapping != "other" || others[1].Mapping != "other" || others[0].Sum == others[1].Sum {
		t.Errorf("%+v, %v", others, err)
	}
}

func TestKeysDoNotCollide(t *testing.T) {
	if (Key{Sum: "a", Mapping: "bc"}).ID() == (Key{Sum: "ab", Mapping: "c"}).ID() {
		t.Error("two imports share an id")
	}
}

func TestABrokenEntryIsNamed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, key.ID()+".json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the lock is given back
		if _, err := Open(dir, key, "x", now); err == nil || !strings.Contains(err.Error(), "remove it") {
			t.Error(err)
		}
	}
}
