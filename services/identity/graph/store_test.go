package graph

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
)

// memory is a Store for the property tests, which need thousands of fresh ones.
// TestStoresAgree holds it against Pebble.
type memory map[string]string

func (m memory) Get(key []byte) ([]byte, bool, error) {
	v, ok := m[string(key)]
	return []byte(v), ok, nil
}
func (m memory) Set(key, value []byte) { m[string(key)] = string(value) }
func (m memory) Delete(key []byte)     { delete(m, string(key)) }
func (m memory) Scan(prefix, from []byte, fn func(k, v []byte) (bool, error)) error {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if !strings.HasPrefix(k, string(prefix)) || k < string(from) {
			continue
		}
		if more, err := fn([]byte(k), []byte(m[k])); err != nil || !more {
			return err
		}
	}
	return nil
}

// openPebble gives a database in memory that the test's end closes.
func openPebble(t testing.TB) *pebble.DB {
	t.Helper()
	db, err := pebble.Open("", &pebble.Options{FS: vfs.NewMem(), Logger: quiet{}, CacheSize: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

type quiet struct{}

func (quiet) Infof(string, ...any)           {}
func (quiet) Errorf(string, ...any)          {}
func (quiet) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }

// pace is the time between two operations of a test: the guard against rushes lets one a minute pass.
const pace = minuteMS

// op makes a log record from words like "user_id:1"; "alias:1" and "trusted:1" are the other name of an alias. @n is the minute, n in
// place of the operation's own.
func op(n int64, words ...string) *identityv1.LogRecord {
	r := &identityv1.LogRecord{Workspace: "w", EventId: fmt.Sprintf("e%d", n), ReceivedMs: 1000 + n, RawPartition: 1, RawOffset: n, TiedMs: n * pace}
	for _, id := range identifiers(words...) {
		if minute, found := strings.CutPrefix(id.Type, "@"); found {
			m, err := strconv.ParseInt(minute, 10, 64)
			if err != nil {
				panic(err)
			}
			r.TiedMs = m * minuteMS
			continue
		}
		if id.Type == "alias" || id.Type == "trusted" {
			r.Alias = &eventv1.Alias{PreviousId: id.Value, Trusted: id.Type == "trusted"}
			continue
		}
		r.Link = append(r.Link, &eventv1.Identifier{Type: id.Type, Value: id.Value})
	}
	return r
}

// said is what the n-th operation says.
func said(n int64, words ...string) Statement { return statementOf(op(n, words...)) }

func identifiers(words ...string) []Identifier {
	var ids []Identifier
	for _, w := range words {
		typ, value, _ := strings.Cut(w, ":")
		ids = append(ids, Identifier{Type: typ, Value: value})
	}
	return ids
}

func mustApply(t testing.TB, g Graph, s Store, n int64, words ...string) Result {
	t.Helper()
	res, err := g.Apply(s, op(n, words...), n)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// dump gives every row of a store.
func dump(t testing.TB, s Reader) map[string]string {
	t.Helper()
	rows := map[string]string{}
	for _, space := range []byte{spaceIdentifier, spaceCustomer, spaceLinked, spaceMerged, spaceRefused, spaceAlias} {
		err := s.Scan([]byte{space}, nil, func(k, v []byte) (bool, error) {
			rows[string(k)] = string(v)
			return true, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return rows
}
