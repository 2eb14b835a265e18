package training

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/freshet/freshet/pkg/trainer"
	"github.com/freshet/freshet/services/recommendation/associate"
)

// Config says when models are trained, of what, and which may serve by themselves.
type Config struct {
	// Off leaves trainings to whoever asks for one by hand.
	Off bool `koanf:"off"`
	// At is when the nightly trainings begin, UTC, as 03:30.
	At string `koanf:"at"`
	// Look is how often a workspace without a model is looked at, and whether a night has come. 1s to 1h.
	Look time.Duration `koanf:"look"`
	// KeepChampion leaves every promotion to people; models are trained and judged all the same.
	KeepChampion bool `koanf:"keep_champion"`
	// MaxAge is after how long a champion is so old that a new model which is not worse takes its place, though it is not better by more than chance. Boards add to the
	// champion what touches.v1 still has since its training, 14 days: keep it below that. Zero: never.
	MaxAge time.Duration `koanf:"max_age"`
	// DriftEvery is how often it is looked whether what serves does worse than it did, which begins a training. 10m to 168h. A look reads a million touches at most, and the model once more.
	DriftEvery time.Duration `koanf:"drift_every"`
	// Workers is how many cores a training takes at most, beside live work; the models are the same. 0 to 64; 0: half of those that there are.
	Workers int `koanf:"workers"`
	// Span is how far back touches are learnt from. 24h to 17520h (2 years).
	Span time.Duration `koanf:"span"`
	// MaxTouches is how many touches are learnt from at most, the newest. Each takes some 60 bytes of memory. 1,000 to 200,000,000.
	MaxTouches int64 `koanf:"max_touches"`
	// MinVisits is how many visits with two touches, or customers with two items, there must be. 20 or more.
	MinVisits int `koanf:"min_visits"`
	// Share of the newest touches that judges. Above 0, at most 0.5.
	Share float64 `koanf:"share"`
	// MaxEASE is up to how many items EASE is fitted; above it ALS is. 0 to 20,000; 0: always ALS. Memory and time grow with its square and cube.
	MaxEASE int `koanf:"max_ease"`
	// RuleSupport is the share of the baskets that the items of an association rule must be in. Above 0, below 1.
	RuleSupport float64 `koanf:"rule_support"`
	// RuleConfidence is what an association rule must hold of. Above 0, at most 1.
	RuleConfidence float64 `koanf:"rule_confidence"`
}

// Default trains every night.
func Default() Config {
	return Config{
		At: "03:30", Look: time.Minute, DriftEvery: 6 * time.Hour, MaxAge: 7 * 24 * time.Hour, Span: 180 * 24 * time.Hour, MaxTouches: 20_000_000, MinVisits: 500, Share: .1,
		MaxEASE: 8000, RuleSupport: associate.Default().MinSupport, RuleConfidence: .1,
	}
}

// Cores is how many a training takes.
func (c Config) Cores() int {
	if c.Workers > 0 {
		return c.Workers
	}
	return max(1, runtime.GOMAXPROCS(0)/2)
}

// Validate reports every fault under its key.
func (c Config) Validate() error {
	var faults []error
	fail := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if err := trainer.CheckTime(c.At); err != nil {
		fail("at: %w", err)
	}
	if c.Look < time.Second || c.Look > time.Hour {
		fail("look: %s is not within 1s and 1h", c.Look)
	}
	if c.DriftEvery < 10*time.Minute || c.DriftEvery > 168*time.Hour {
		fail("drift_every: %s is not within 10m and 168h", c.DriftEvery)
	}
	if c.MaxAge < 0 {
		fail("max_age: %s is below 0", c.MaxAge)
	}
	if c.Workers < 0 || c.Workers > 64 {
		fail("workers: %d is not within 0 and 64", c.Workers)
	}
	if c.Span < 24*time.Hour || c.Span > 17520*time.Hour {
		fail("span: %s is not within 24h and 17520h", c.Span)
	}
	if c.MaxTouches < 1000 || c.MaxTouches > 200_000_000 {
		fail("max_touches: %d is not within 1,000 and 200,000,000", c.MaxTouches)
	}
	if c.MinVisits < 20 {
		fail("min_visits: %d is below 20", c.MinVisits)
	}
	if !(c.Share > 0 && c.Share <= .5) {
		fail("share: %v is not above 0 and at most 0.5", c.Share)
	}
	if c.MaxEASE < 0 || c.MaxEASE > 20_000 {
		fail("max_ease: %d is not within 0 and 20,000", c.MaxEASE)
	}
	if !(c.RuleSupport > 0 && c.RuleSupport < 1) {
		fail("rule_support: %v is not above 0 and below 1", c.RuleSupport)
	}
	if !(c.RuleConfidence > 0 && c.RuleConfidence <= 1) {
		fail("rule_confidence: %v is not above 0 and at most 1", c.RuleConfidence)
	}
	return errors.Join(faults...)
}
