package stream

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/freshet/freshet/pkg/localstore"
)

// openStore opens a store that has its memory for itself.
func openStore(dir string, cacheBytes int64) (*store, error) {
	return newMemory(nil, cacheBytes).open(dir, 1)
}

// openStoreOn is openStore on a disk of its own.
func openStoreOn(disk vfs.FS) (*store, error) {
	m := newMemory(nil, 1<<20)
	m.fs = disk
	return m.open("state", 1)
}

// One partition or 64: what they keep in memory, and how many files they keep open, is the same.
func TestMemoryDoesNotGrowWithPartitions(t *testing.T) {
	const budget = 96 << 20
	for _, partitions := range []int{1, 8, 64} {
		t.Run(fmt.Sprint(partitions), func(t *testing.T) {
			m := newMemory(nil, budget)
			dir := t.TempDir()
			var stores []*store
			for p := range partitions {
				s, err := m.open(filepath.Join(dir, fmt.Sprint(p)), partitions)
				if err != nil {
					t.Fatal(err)
				}
				stores = append(stores, s)
			}
			fill(t, stores, 100<<20)
			values := 0
			for _, s := range stores {
				values += s.recent.size()
			}
			if values > budget/3+budget/100 {
				t.Errorf("values in use take %d MiB of %d", values>>20, budget>>20)
			}
			written := uint64(0)
			for _, s := range stores {
				written += s.db.Metrics().MemTable.Size
			}
			use := m.shared.Use()
			if got := use.Blocks + int64(written); use.MaxBlocks != budget-budget/3 || got > use.MaxBlocks+use.MaxBlocks/10 {
				t.Errorf("blocks and what is not on the disk yet take %d MiB of %d", got>>20, use.MaxBlocks>>20)
			}
			for _, s := range stores {
				if got := s.db.Metrics(); got.BlockCache.Size != use.Blocks || got.FileCache != stores[0].db.Metrics().FileCache {
					t.Fatalf("a partition has caches of its own: %d bytes of blocks, where all together have %d; %+v", got.BlockCache.Size, use.Blocks, got.FileCache)
				}
			}
			if n := openTables(t, dir); n > localstore.OpenFiles {
				t.Errorf("%d files of state are open, at most %d may be", n, localstore.OpenFiles)
			}
			for _, s := range stores {
				if err := s.close(); err != nil {
					t.Error(err)
				}
			}
			if m.shared.Use() != (localstore.Use{Claimed: budget}) {
				t.Error("the caches are kept after the last store was closed")
			}
		})
	}
}

// fill writes about so many bytes to stores in turn, and reads them again as the writer does.
func fill(t *testing.T, stores []*store, bytes int) {
	t.Helper()
	const value = 4 << 10
	key := func(i int) string { return fmt.Sprintf("k%07d", i*7919) }
	for i := 0; i < bytes/value; {
		for _, s := range stores {
			c := newChanges()
			for range 32 {
				v := []byte(strings.Repeat(key(i), value/8))
				c.kv[key(i)] = v
				i++
			}
			if err := s.apply(c, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range bytes / value {
		s := stores[i/32%len(stores)]
		if v, ok, err := s.own(spaced(spaceState, []byte(key(i)))); err != nil || !ok || !strings.HasPrefix(string(v), key(i)) {
			t.Fatalf("key %d: %v, %v", i, ok, err)
		}
	}
}

// openTables counts the tables below a folder that this process has open.
func openTables(t *testing.T, dir string) (n int) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0 // no such folder outside Linux; the bound is the library's there
	}
	for _, fd := range fds {
		if name, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(name, dir) && strings.HasSuffix(name, ".sst") {
			n++
		}
	}
	return n
}

// size is about how many bytes it takes.
func (r *recent) size() int {
	n := r.bytes
	for k, v := range r.old {
		n += len(k) + len(v) + entryCost
	}
	return n
}
