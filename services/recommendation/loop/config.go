package loop

import (
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/stream"
)

// Config is what an operator may set.
type Config struct {
	// Dir holds the partitions' local stores. It may be lost at any time. Needed.
	Dir string `koanf:"-"`
	// Pace is the longest that a record waits for others to share its commit. 0 to 1s; 0: nothing waits.
	Pace time.Duration `koanf:"-"`
	// Secret signs and encrypts request ids, the same for all replicas: at least 16 characters, by environment variable or a mounted file. Another one makes the ids of
	// lists that were given before foreign. Empty: the id of the topic recommendations.v1, which whoever may read the cluster's metadata knows.
	Secret string `koanf:"secret"`
	// ClickWindow is how long before a purchase an item may have been chosen in a list that it is attributed to. 1m to 720h.
	ClickWindow time.Duration `koanf:"click_window"`
	// ViewWindow is the same of an item that was seen and not chosen (view-through). 0 to 720h; 0: what was only seen is attributed nothing.
	ViewWindow time.Duration `koanf:"view_window"`
	// Wait is how long feedback, a click, a cart or a purchase waits for the list that it is of, which is told asynchronously. 1s to 24h.
	Wait time.Duration `koanf:"wait"`
	// Queue is how many answers wait in memory to be told; more are lost and counted. 1 to 1,000,000.
	Queue int `koanf:"queue"`
	// HalfLife is after how long an impression or a click counts half in what exploration goes by. 1h to 2160h.
	HalfLife time.Duration `koanf:"half_life"`
	// Arms is how many items and categories by scene, and by scene and context, exploration remembers; those with least impressions are forgotten first. 1,000 to 10,000,000, about
	// 100 bytes each.
	Arms int `koanf:"arms"`
	// Prior is how many impressions the click rate of its like counts for: a category begins as its scene, in a context as in all together, an item as its category there. 1 to 10,000.
	Prior float64 `koanf:"prior"`
	// Others is how many impressions all other contexts of an item count for at most in one: there it is thought to do as much better or worse than its like as it did in them. 0 to 10,000;
	// 0: an item is learnt of in each context on its own.
	Others float64 `koanf:"others"`
}

// Default suits one machine.
func Default() Config {
	return Config{
		Dir: "data/recommendation/loop", Pace: stream.DefaultPace, ClickWindow: 7 * 24 * time.Hour, ViewWindow: 24 * time.Hour, Wait: 10 * time.Minute,
		Queue: 10_000, HalfLife: 7 * 24 * time.Hour, Arms: 200_000, Prior: 20, Others: 100,
	}
}

// Validate reports every fault under its key.
func (c Config) Validate() error {
	faults := []error{stream.CheckPace(c.Pace)}
	if c.Dir == "" {
		faults = append(faults, errors.New("dir: name a folder for the local stores"))
	}
	if c.Secret != "" && len(c.Secret) < 16 {
		faults = append(faults, errors.New("secret: give at least 16 characters, or none"))
	}
	const month = 720 * time.Hour
	for _, f := range []struct {
		key         string
		value       time.Duration
		least, most time.Duration
	}{
		{"click_window", c.ClickWindow, time.Minute, month}, {"view_window", c.ViewWindow, 0, month},
		{"wait", c.Wait, time.Second, 24 * time.Hour}, {"half_life", c.HalfLife, time.Hour, 3 * month},
	} {
		if f.value < f.least || f.value > f.most {
			faults = append(faults, fmt.Errorf("%s: %s is not within %s and %s", f.key, f.value, f.least, f.most))
		}
	}
	if c.Queue < 1 || c.Queue > 1_000_000 {
		faults = append(faults, fmt.Errorf("queue: %d is not within 1 and 1,000,000", c.Queue))
	}
	if c.Arms < 1000 || c.Arms > 10_000_000 {
		faults = append(faults, fmt.Errorf("arms: %d is not within 1,000 and 10,000,000", c.Arms))
	}
	if !(c.Prior >= 1 && c.Prior <= 10_000) {
		faults = append(faults, fmt.Errorf("prior: %v is not within 1 and 10,000", c.Prior))
	}
	if !(c.Others >= 0 && c.Others <= 10_000) {
		faults = append(faults, fmt.Errorf("others: %v is not within 0 and 10,000", c.Others))
	}
	return errors.Join(faults...)
}

// windows are those of attribution. A window of 0 lets nothing in, not even what happened at the same moment.
func (c Config) windows() windows {
	w := windows{clickMs: c.ClickWindow.Milliseconds(), viewMs: c.ViewWindow.Milliseconds()}
	if w.viewMs == 0 {
		w.viewMs = -2 * slack
	}
	return w
}

// keepMs is how long a list is kept.
func (c Config) keepMs() int64 { return max(c.ClickWindow, c.ViewWindow).Milliseconds() + dayMs }
