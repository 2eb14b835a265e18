package webhook

import (
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/topics"
)

// Config is how alerts are delivered.
type Config struct {
	// Timeout is how long one attempt may take, from connecting to the last byte of the answer. Above 0.
	Timeout time.Duration `koanf:"timeout"`
	// Waits are the pauses before the second attempt, the third and so on, each 20 % up or down by chance; the number
	// of attempts is one more than there are waits. A longer Retry-After of the endpoint wins, up to 24h. At most 20, not
	// negative, below 120h together. An alert that is still refused after the last attempt, or whose next one would come more than six
	// days after the alert, goes to alerts.v1.dlq.
	Waits []time.Duration `koanf:"waits"`
	// Concurrency is how many requests one endpoint gets at a time. 1 to 1,000.
	Concurrency int `koanf:"concurrency"`
	// Pending is how many alerts of one endpoint may be in hand, waiting for their next attempt included. When they are
	// that many, no further ones are read for this endpoint until one is finished. 1 to 100,000.
	Pending int `koanf:"pending"`
	// CommitEvery is how often progress is committed: after a crash, what was finished since is sent again. Above 0.
	CommitEvery time.Duration `koanf:"commit_every"`
	// IdentityWait is how long an alert waits for the identity service to say who it is about. After that it goes without the names, with
	// "identifiers_complete": false. Zero: it is asked once.
	IdentityWait time.Duration `koanf:"identity_wait"`
	// FinishWithin is how long requests under way may take once the process stops. Below the process's grace. Above 0.
	FinishWithin time.Duration `koanf:"finish_within"`
}

// Default is the example schedule of Standard Webhooks with its first steps shortened:
// ten attempts over about 42 hours, well below the 7 days that alerts.v1 keeps.
func Default() Config {
	return Config{
		Timeout: 15 * time.Second,
		Waits: []time.Duration{
			time.Second, 5 * time.Second, 30 * time.Second, 5 * time.Minute, 30 * time.Minute,
			2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 24 * time.Hour,
		},
		Concurrency: 32, Pending: 1000, CommitEvery: time.Second, IdentityWait: 30 * time.Second, FinishWithin: 2 * time.Second,
	}
}

// Validate reports every fault under its key.
func (c Config) Validate() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(c.Timeout > 0, "timeout: %s must be above 0", c.Timeout)
	check(len(c.Waits) <= 20, "waits: %d, at most 20", len(c.Waits))
	var all time.Duration
	for i, w := range c.Waits {
		check(w >= 0, "waits[%d]: %s must not be negative", i, w)
		all += w
	}
	// A fifth longer by chance they still fit into an alert's life.
	check(all < maxLife*5/6, "waits: %s together must be below %s, since alerts.v1 keeps an alert for %s", all, maxLife*5/6, topics.Alerts.Retention)
	check(c.Concurrency >= 1 && c.Concurrency <= 1000, "concurrency: %d is not within 1 and 1000", c.Concurrency)
	check(c.Pending >= 1 && c.Pending <= 100_000, "pending: %d is not within 1 and 100000", c.Pending)
	check(c.CommitEvery > 0, "commit_every: %s must be above 0", c.CommitEvery)
	check(c.IdentityWait >= 0, "identity_wait: %s must not be negative", c.IdentityWait)
	check(c.FinishWithin > 0, "finish_within: %s must be above 0", c.FinishWithin)
	return errors.Join(faults...)
}
