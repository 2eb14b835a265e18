package segmentation

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/services/segmentation/webhook"
)

// Config is how segmentation works.
type Config struct {
	// Rules is the rules file (docs/segments.md). Empty: no rules, the four tiers only.
	Rules string `koanf:"rules"`
	// Features is the workspace's own features file, the same that the feature service has (docs/features.md): rules use its names. Empty: the shipped
	// catalogue alone.
	Features string `koanf:"features"`
	// Forecasts is the workspace's own forecasts file, the same that churn has (docs/churn.md): rules use the names of its scores, bands and warnings.
	// Empty: the shipped forecasts alone.
	Forecasts string `koanf:"forecasts"`
	// Dir holds the partitions' local stores. It may be lost at any time; the changelog brings them back.
	Dir string `koanf:"dir"`
	// Pace is the longest that a record waits for others to share its commit, at each stage. A lone one does not wait; 80 records a second
	// and partition wait the whole of it. More is cheaper and later. 0 to 1s; 0: nothing waits.
	Pace time.Duration `koanf:"pace"`
	// ScoreWithin is how long a rule over features and scores waits, when one of the two moved by an event, for the other to be of the same event: longer
	// than churn takes to score one. An alert of such a rule may be that much later, when no other score comes. 0 to 10s; 0: it does not wait.
	ScoreWithin time.Duration `koanf:"score_within"`
	// Endpoints override the rules file's endpoints by name, field by field, and may add further ones. This is where
	// addresses and secrets of a deployment belong.
	Endpoints map[string]webhook.Endpoint `koanf:"endpoints"`
	// CutPoints is when the tiers' cut points are computed.
	CutPoints CutPointsConfig `koanf:"cut_points"`
	// Webhook is how alerts are delivered.
	Webhook webhook.Config `koanf:"webhook"`
}

// CutPointsConfig is when the tiers' cut points are computed.
type CutPointsConfig struct {
	// Every is the longest time between two computations. Each reads all facts of 365 days. Above 0.
	Every time.Duration `koanf:"every"`
	// CheckEvery is how often to see whether a computation is due early: because there are a fifth more customers than
	// at the last one, or because a tier's size left its band (2.5 points around its share). Above 0, at most every.
	CheckEvery time.Duration `koanf:"check_every"`
	// KeepWithin keeps the present cut points as long as no tier's share would be off by more than this, as a part of
	// all customers: new ones look at every customer again. 0 always takes the new ones. 0 to 0.025.
	KeepWithin float64 `koanf:"keep_within"`
	// Database holds the facts in ClickHouse: a plain name. Empty means "dw".
	Database string `koanf:"database"`
}

// Default suits one machine.
func Default() Config {
	return Config{
		Dir: "data/segmentation", Pace: stream.DefaultPace, ScoreWithin: 500 * time.Millisecond,
		CutPoints: CutPointsConfig{
			Every: 15 * time.Minute, CheckEvery: 10 * time.Second, KeepWithin: 0.01,
		},
		Webhook: webhook.Default(),
	}
}

// Validate reports every fault under its key. It reads no file: New does.
func (c Config) Validate() error {
	var faults []error
	faults = append(faults, stream.CheckPace(c.Pace))
	if c.ScoreWithin < 0 || c.ScoreWithin > 10*time.Second {
		faults = append(faults, fmt.Errorf("score_within: %s is not within 0 and 10s", c.ScoreWithin))
	}
	if c.Dir == "" {
		faults = append(faults, errors.New("dir: must be set"))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Endpoints)) {
		for _, err := range c.Endpoints[name].Faults() {
			faults = append(faults, fmt.Errorf("endpoints.%s.%w", name, err))
		}
	}
	return errors.Join(faults...)
}

// Validate reports every fault under its key.
func (c CutPointsConfig) Validate() error {
	var faults []error
	if c.Every <= 0 {
		faults = append(faults, fmt.Errorf("every: %s must be above 0", c.Every))
	}
	if c.CheckEvery <= 0 || c.CheckEvery > c.Every {
		faults = append(faults, fmt.Errorf("check_every: %s must be above 0 and at most every %s", c.CheckEvery, c.Every))
	}
	if !(c.KeepWithin >= 0 && c.KeepWithin <= 0.025) {
		faults = append(faults, fmt.Errorf("keep_within: %v is not within 0 and 0.025", c.KeepWithin))
	}
	return errors.Join(faults...)
}
