package store

import (
	"errors"
	"fmt"
	"time"
)

// Spool says where events wait, durable, while Kafka does not take them.
type Spool struct {
	// Enabled has the collector take events while Kafka is slow or down. Without it they are answered 503 then.
	Enabled bool `koanf:"enabled"`
	// Dir is the spool's own folder, on a disk that outlives the process: what it holds has been acknowledged. One collector, one folder.
	Dir string `koanf:"dir"`
	// MaxBytes bounds the spool's files; beyond it events are answered 503. A live event takes about 1 KB. At least 1 MiB.
	MaxBytes int64 `koanf:"max_bytes"`
	// SegmentBytes is about how large one file gets: space comes back a file at a time. More than a quarter of max_bytes
	// counts as that quarter. At least 64 KiB.
	SegmentBytes int64 `koanf:"segment_bytes"`
	// After is how long a request waits for Kafka before its events go to the spool; ack_timeout when that is shorter. Above 0.
	After time.Duration `koanf:"after"`
	// SendStale has a start send events that have waited in the spool for more than 7 days. Without it the collector does not start on
	// such a folder: what Kafka had stored before its answer was lost is not known as a repetition any more, and would count twice.
	SendStale bool `koanf:"send_stale"`
}

// DefaultSpool holds a gigabyte in a folder of its own and waits a second for the broker.
func DefaultSpool() Spool {
	return Spool{Enabled: true, Dir: "data/collector/spool", MaxBytes: 1 << 30, SegmentBytes: 64 << 20, After: time.Second}
}

// Validate reports every fault, each under its key; none while the spool is not enabled.
func (c Spool) Validate() error {
	if !c.Enabled {
		return nil
	}
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New("spool.dir: give a folder, or set spool.enabled to false"))
	}
	if c.MaxBytes < 1<<20 {
		errs = append(errs, fmt.Errorf("spool.max_bytes: %d is below 1048576", c.MaxBytes))
	}
	if c.SegmentBytes < 64<<10 {
		errs = append(errs, fmt.Errorf("spool.segment_bytes: %d is below 65536", c.SegmentBytes))
	}
	if c.After <= 0 {
		errs = append(errs, fmt.Errorf("spool.after: %s is not above 0", c.After))
	}
	return errors.Join(errs...)
}
