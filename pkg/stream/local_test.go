package stream

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/localstore"
)

// keys makes a state of several blocks.
const keys = 2000

// settledStore runs a processor over some records and stops it; dir then has the store of partition 0, on the disk.
func settledStore(t *testing.T, c *cluster) (dir, state string) {
	t.Helper()
	dir = t.TempDir()
	p, stop := c.start(t, testConfig(dir), sums{}, nil)
	c.send(t, 3*keys, keys)
	c.settled(t, p)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	state = p.dir(0)
	s, err := openStore(state, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.db.Flush(), s.close()); err != nil {
		t.Fatal(err)
	}
	return dir, state
}

// A second freshet on the folder of a living one ends, says which folder and what to do, and harms nothing.
func TestAStoreThatAnotherHasOpenIsNeverThrownAway(t *testing.T) {
	c := newCluster(t, 1)
	dir, state := settledStore(t, c)
	living, err := openStore(state, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = living.close() }()
	before, _, err := living.meta()
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(testConfig(dir), Deps{Broker: c.client, Logger: quiet(), NewHandler: func(int) (Handler, error) { return sums{}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	p.holderGoesWithin = 50 * time.Millisecond
	err = p.Run(t.Context())
	if !errors.Is(err, localstore.ErrInUse) || !strings.Contains(err.Error(), state) || !strings.Contains(err.Error(), "--dir") {
		t.Fatalf("the second one ends with %v", err)
	}
	if after, ok, err := living.meta(); err != nil || !ok || after.reach != before.reach {
		t.Errorf("the living store had %+v and has %+v, %t, %v", before.reach, after.reach, ok, err)
	}
	if _, err := os.Stat(filepath.Join(state, "LOCK")); err != nil {
		t.Error(err)
	}
}

// Who has it open and is ending is waited for.
func TestAStoreIsTakenOverFromWhoIsEnding(t *testing.T) {
	c := newCluster(t, 1)
	dir, state := settledStore(t, c)
	ending, err := openStore(state, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(300*time.Millisecond, func() { _ = ending.close() })
	p, stop := c.start(t, testConfig(dir), sums{}, nil)
	c.send(t, keys, keys)
	c.settled(t, p)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// Damage that shows only when a task reads, long after its store was opened: the store is read again from the changelog, and nothing ends.
func TestDamageMetByATaskIsMendedFromTheChangelog(t *testing.T) {
	c := newCluster(t, 1)
	dir, state := settledStore(t, c)
	tables, err := filepath.Glob(filepath.Join(state, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	for _, f := range tables {
		flipMiddle(t, f)
	}
	s, err := openStore(state, 1<<20)
	if err != nil {
		t.Fatalf("the damage shows at once: %v", err)
	}
	if _, ok, err := s.meta(); !ok || err != nil {
		t.Fatalf("the bookkeeping is damaged too: %v", err)
	}
	if err := s.scan(nil, nil, func([]byte, []byte) (bool, error) { return true, nil }); !errors.Is(err, errLocal) {
		t.Fatalf("a read of damaged state gives %v", err)
	}
	if err := s.apply(newChanges(), nil); !errors.Is(err, errLocal) {
		t.Fatalf("a write to damaged state gives %v", err)
	}
	_ = s.close()
	p, stop := c.start(t, testConfig(dir), sums{}, nil)
	c.send(t, keys, keys)
	c.settled(t, p)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// flipMiddle spoils a block of a table in which the handler has keys: the bookkeeping is in the first one, and the restore reads no other.
func flipMiddle(t *testing.T, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		b[len(b)/3+i] ^= 0xff
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
