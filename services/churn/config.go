package churn

import (
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/stream"
)

// Config is what an operator may set.
type Config struct {
	// Features is the workspace's own features file, the same that the feature service has (docs/features.md). Empty: the shipped catalogue alone.
	Features string `koanf:"features"`
	// Forecasts is the workspace's own file of targets, warnings and the hold-out, laid over the shipped one (docs/churn.md): segmentation takes the same. Empty: the
	// shipped ones alone.
	Forecasts string `koanf:"forecasts"`
	// Dir holds the partitions' local stores, and copies of the model files that are in use. It may be lost at any time. Needed.
	Dir string `koanf:"dir"`
	// Bucket is where model files are kept, the same for all replicas: a folder, or a URL such as s3://bucket/prefix, gs://bucket/prefix or
	// azblob://container/prefix. Needed.
	Bucket string `koanf:"bucket"`
	// Pace is the longest that a record waits for others to share its commit, at each stage. A lone one does not wait; 80 records a second
	// and partition wait the whole of it. More is cheaper and later. 0 to 1s; 0: nothing waits.
	Pace time.Duration `koanf:"pace"`
	// SweepAt is the time of the day, UTC, as "15:04", from which sweeps are counted: everybody is scored again, since ages grow with no event. Needed.
	SweepAt string `koanf:"sweep_at"`
	// SweepEvery is the time between two sweeps. What is published is at most that much older than what Predict says. 1h to 168h.
	SweepEvery time.Duration `koanf:"sweep_every"`
	// SweepSpread is over which time the sweeps of the partitions begin, one behind the other. 0 to sweep_every; 0: all at once.
	SweepSpread time.Duration `koanf:"sweep_spread"`
	// EmitStep is by how much a score has to move to be published again: of a probability the difference, of an amount the part of what was published last. 0 to 0.1;
	// 0: whenever it moves.
	EmitStep float64 `koanf:"emit_step"`
}

// Default suits one machine.
func Default() Config {
	return Config{
		Dir: "data/churn", Bucket: "data/models", Pace: stream.DefaultPace,
		SweepAt: "03:00", SweepEvery: 24 * time.Hour, SweepSpread: 10 * time.Minute, EmitStep: 0.001,
	}
}

// Validate reports every fault under its key. It reads no file: New does.
func (c Config) Validate() error {
	faults := []error{stream.CheckPace(c.Pace)}
	if c.Dir == "" {
		faults = append(faults, errors.New("dir: name a folder for the local stores"))
	}
	if c.Bucket == "" {
		faults = append(faults, errors.New("bucket: name a folder or a URL for the model files"))
	}
	if _, err := time.Parse(timeOfDay, c.SweepAt); err != nil {
		faults = append(faults, fmt.Errorf("sweep_at: %q is no time of the day such as 03:00", c.SweepAt))
	}
	if c.SweepEvery < time.Hour || c.SweepEvery > 7*24*time.Hour {
		faults = append(faults, fmt.Errorf("sweep_every: %s is not within 1h and 168h", c.SweepEvery))
	}
	if c.SweepSpread < 0 || c.SweepSpread > c.SweepEvery {
		faults = append(faults, fmt.Errorf("sweep_spread: %s is not within 0 and sweep_every %s", c.SweepSpread, c.SweepEvery))
	}
	if !(c.EmitStep >= 0 && c.EmitStep <= 0.1) {
		faults = append(faults, fmt.Errorf("emit_step: %v is not within 0 and 0.1", c.EmitStep))
	}
	return errors.Join(faults...)
}

// timeOfDay is the form of Config.SweepAt.
const timeOfDay = "15:04"
