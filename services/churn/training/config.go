package training

import (
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/trainer"
	"github.com/freshet/freshet/services/churn/dataset"
)

// Config says when models are trained, of what, and which may serve by themselves.
type Config struct {
	// Off leaves trainings to whoever asks for one by hand.
	Off bool `koanf:"off"`
	// At is when the nightly trainings begin, UTC, as 02:30. One target follows the other.
	At string `koanf:"at"`
	// Look is how often a target without a model is looked at, and whether a night has come. 1s to 1h.
	Look time.Duration `koanf:"look"`
	// DriftEvery is how often live customers are compared with those of the training. 10m to 168h.
	DriftEvery time.Duration `koanf:"drift_every"`
	// KeepChampion leaves every promotion to people; models are trained, judged and scored in the shadow all the same.
	KeepChampion bool `koanf:"keep_champion"`
	// MaxAge is after how long a champion is so old that a new model which is not worse takes its place, though it is not better by more than chance.
	// Zero: never.
	MaxAge time.Duration `koanf:"max_age"`
	// Workers is how many cores a training takes at most, beside live work. 1 to 64.
	Workers int `koanf:"workers"`
	// Data is what is learnt from.
	Data dataset.Config `koanf:"data"`
}

// Default trains every night on one core.
func Default() Config {
	return Config{At: "02:30", Look: time.Minute, DriftEvery: 6 * time.Hour, MaxAge: 30 * 24 * time.Hour, Workers: 1, Data: dataset.Default()}
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
	if c.Workers < 1 || c.Workers > 64 {
		fail("workers: %d is not within 1 and 64", c.Workers)
	}
	if err := c.Data.Validate(); err != nil {
		fail("data: %w", err)
	}
	return errors.Join(faults...)
}
