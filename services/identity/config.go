package identity

import (
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/stream"
)

// Config is what an operator may set. The rules of identity are not among it: all
// replicas must use the same ones, so they come with the software's version.
type Config struct {
	// Dir is the folder of the local stores. It may be lost at any time: everything in it is read again from Kafka.
	// Needed.
	Dir string `koanf:"dir"`
	// CacheBytes is the memory for identifiers read from the disk, in bytes. All replicas read all of them: about 80
	// bytes for each identifier in use gives look-ups without a disk. The merge emitter, in one process, takes a quarter
	// of it once more. 1,048,576 or more.
	CacheBytes int64 `koanf:"cache_bytes"`
	// SeenCacheBytes is the memory for finding out whether an event id was seen, in bytes, of all partitions of a process together: a third for
	// filters that know most new ids, at 10 to 20 bits an id seen in the last two weeks, the rest for the store behind them. 1,048,576 or more; below 1 MiB a partition it is that.
	SeenCacheBytes int64 `koanf:"seen_cache_bytes"`
	// MaxBatch is how many events one commit may hold. More is faster and later. 1 to 100,000.
	MaxBatch int `koanf:"max_batch"`
	// Pace is the longest that a record waits for others to share its commit, at each stage. A lone one does not wait; 80 records a second
	// and partition wait the whole of it. More is cheaper and later. 0 to 1s; 0: nothing waits.
	Pace time.Duration `koanf:"pace"`
}

// Default suits a million identifiers and twenty million events a fortnight.
func Default() Config {
	return Config{Dir: "data/identity", CacheBytes: 64 << 20, SeenCacheBytes: 96 << 20, MaxBatch: 2000, Pace: stream.DefaultPace}
}

// StateBytes is how much memory the stores of both tasks ask for; the identifiers' own cache comes on top.
func (c Config) StateBytes() int64 { return c.seenBytes() + c.mergeBytes() }

// seenBytes is what the filters leave of the memory for event ids.
func (c Config) seenBytes() int64 { return c.SeenCacheBytes - c.SeenCacheBytes/3 }

func (c Config) mergeBytes() int64 { return c.CacheBytes / 4 }

// Validate reports every fault, each under its key.
func (c Config) Validate() error {
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New("dir: name a folder for the local stores"))
	}
	if c.CacheBytes < 1<<20 {
		errs = append(errs, fmt.Errorf("cache_bytes: %d is below 1048576", c.CacheBytes))
	}
	if c.SeenCacheBytes < 1<<20 {
		errs = append(errs, fmt.Errorf("seen_cache_bytes: %d is below 1048576", c.SeenCacheBytes))
	}
	if c.MaxBatch < 1 || c.MaxBatch > 100_000 {
		errs = append(errs, fmt.Errorf("max_batch: %d is not within 1 and 100000", c.MaxBatch))
	}
	return errors.Join(append(errs, stream.CheckPace(c.Pace))...)
}
