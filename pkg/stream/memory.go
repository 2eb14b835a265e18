package stream

import (
	"errors"
	"fmt"
	"math"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/freshet/freshet/pkg/localstore"
)

// memory is one processor's part of what the stores of its process use together, however many partitions it has
// (TestMemoryDoesNotGrowWithPartitions). A third is for values in use (recent), in equal parts; the rest is its share of one cache of
// blocks from the disk, of which Pebble takes what is written and not on the disk yet.
type memory struct {
	shared *localstore.Memory
	bytes  int64
	fs     vfs.FS // nil is the machine's disk
}

// newMemory takes a part of shared; nil: the processor is alone.
func newMemory(shared *localstore.Memory, bytes int64) *memory {
	if shared == nil {
		shared = localstore.NewMemory(bytes, bytes)
	}
	return &memory{shared: shared, bytes: shared.Claim(bytes)}
}

// Bounds of what a partition gathers before it writes a file. Below the lower one a commit is a file of its own; so
// memory does grow by up to 1 MiB a partition where the budget is smaller than that.
const (
	leastMemTable = 512 << 10
	mostMemTable  = 4 << 20
)

// open opens the store in dir, one of so many partitions that this process has. errLocal: it is damaged.
func (m *memory) open(dir string, partitions int) (*store, error) {
	partitions = max(partitions, 1)
	cache, files, release := m.shared.Acquire()
	opts := &pebble.Options{
		FS:                 m.fs,
		Cache:              cache,
		FileCache:          files,
		MaxOpenFiles:       localstore.OpenFiles,
		MemTableSize:       uint64(min(max(localstore.Blocks(m.bytes)/4/int64(partitions), leastMemTable), mostMemTable)),
		FormatMajorVersion: pebble.FormatNewest,
	}
	for i := range opts.Levels {
		opts.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	db, err := localstore.Open(dir, opts)
	if err != nil {
		release()
		return nil, localFault(err)
	}
	values := newRecent(localstore.Values(m.bytes) / int64(partitions))
	return &store{dir: dir, db: db, released: release, nextDue: math.MinInt64, recent: values}, nil
}

// localFault adds errLocal to an error that proves that a store is worth nothing.
func localFault(err error) error {
	if errors.Is(err, localstore.ErrDamaged) {
		return fmt.Errorf("%w: %w", errLocal, err)
	}
	return err
}
