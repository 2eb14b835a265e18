package feature

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/freshet/freshet/pkg/stream"
)

// Config is what an operator may set.
type Config struct {
	// Features is the workspace's own features file, which is laid over the shipped catalogue (docs/features.md). Empty: the shipped one alone. Every
	// service that reads features takes the same.
	Features string `koanf:"features"`
	// Dir is the folder of the local stores. It may be lost at any time: everything in it is read again from Kafka.
	// Needed.
	Dir string `koanf:"dir"`
	// Database holds the facts in ClickHouse, for reads with as_of: a plain name. Needed.
	Database string `koanf:"database"`
	// WarehouseGroup is the consumer group of the warehouse: a new feature is filled from the facts up to where it has come. Needed.
	WarehouseGroup string `koanf:"warehouse_group"`
	// MaxBatch is how many records one commit may hold. More is faster and later. 1 to 100,000.
	MaxBatch int `koanf:"max_batch"`
	// CacheBytes is the memory for state, in bytes, of all partitions of a process together: three quarters for customers, the rest for orders. About 400
	// bytes for each customer in use gives updates that do not wait for the disk. 1,048,576 or more; below 1 MiB a partition it is that.
	CacheBytes int64 `koanf:"cache_bytes"`
	// Pace is the longest that a record waits for others to share its commit, at each stage. A lone one does not wait; 80 records a second
	// and partition wait the whole of it. More is cheaper and later. 0 to 1s; 0: nothing waits.
	Pace time.Duration `koanf:"pace"`
}

// Default suits a machine with some hundred thousand active customers.
func Default() Config {
	return Config{Dir: "data/feature", Database: "dw", WarehouseGroup: "warehouse.facts", MaxBatch: 2000, CacheBytes: 64 << 20, Pace: stream.DefaultPace}
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Validate reports every fault, each under its key.
func (c Config) Validate() error {
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New("dir: name a folder for the local stores"))
	}
	if !plainName.MatchString(c.Database) {
		errs = append(errs, fmt.Errorf("database: %q is no plain name", c.Database))
	}
	if c.WarehouseGroup == "" {
		errs = append(errs, errors.New("warehouse_group: name the consumer group of the warehouse, such as warehouse.facts"))
	}
	if c.MaxBatch < 1 || c.MaxBatch > 100_000 {
		errs = append(errs, fmt.Errorf("max_batch: %d is not within 1 and 100000", c.MaxBatch))
	}
	if c.CacheBytes < 1<<20 {
		errs = append(errs, fmt.Errorf("cache_bytes: %d is below 1048576", c.CacheBytes))
	}
	return errors.Join(append(errs, stream.CheckPace(c.Pace))...)
}
