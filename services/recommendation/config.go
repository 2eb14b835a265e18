package recommendation

import (
	"errors"
	"fmt"
	"time"
)

// Config is what an operator may set.
type Config struct {
	// Scenes is the workspace's own file of scenes, laid over the shipped one (docs/scenes.md). Empty: the shipped scenes alone.
	Scenes string `koanf:"scenes"`
	// ReadWithin is the longest that a list waits for who the visitor is and what the visitor did, both together. What comes later is left out, and the answer says so. A
	// longer time gives fewer lists that know less, and a longer tail. 1ms to 10s.
	ReadWithin time.Duration `koanf:"read_within"`
	// BatchWorkers is how many lists of one BatchRecommend are made at once. 0 to 64; 0: one for each processor.
	BatchWorkers int `koanf:"batch_workers"`
}

// Default suits one machine.
func Default() Config { return Config{ReadWithin: 50 * time.Millisecond} }

// Validate reports every fault under its key. It reads no file: New does.
func (c Config) Validate() error {
	var faults []error
	if c.ReadWithin < time.Millisecond || c.ReadWithin > 10*time.Second {
		faults = append(faults, fmt.Errorf("read_within: %s is not within 1ms and 10s", c.ReadWithin))
	}
	if c.BatchWorkers < 0 || c.BatchWorkers > 64 {
		faults = append(faults, fmt.Errorf("batch_workers: %d is not within 0 and 64", c.BatchWorkers))
	}
	return errors.Join(faults...)
}
