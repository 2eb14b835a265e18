package visitor

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/stream"
)

// Config is what an operator may set.
type Config struct {
	// Dir holds the partitions' local stores. It may be lost at any time. Needed.
	Dir string `koanf:"-"`
	// Pace is the longest that a record waits for others to share its commit: package stream has the rule. 0 to 1s; 0: nothing waits.
	Pace time.Duration `koanf:"-"`
	// Purposes are words by which the shop's consent manager calls the making of a profile: a purpose that has one of them as a word allows it, or forbids it. In any
	// case. Needed.
	Purposes []string `koanf:"purposes"`
	// Unsaid is what holds of visitors of whom no event says anything of consent: allow or deny. Needed.
	Unsaid string `koanf:"unsaid"`
}

// Values of Config.Unsaid.
const (
	Allow = "allow"
	Deny  = "deny"
)

// Default suits one machine.
func Default() Config {
	return Config{
		Dir: "data/recommendation", Pace: stream.DefaultPace, Unsaid: Allow,
		Purposes: []string{"personalization", "personalisation", "personalized", "personalised", "profiling", "recommendation", "recommendations", "preferences"},
	}
}

// Validate reports every fault under its key.
func (c Config) Validate() error {
	faults := []error{stream.CheckPace(c.Pace)}
	if c.Dir == "" {
		faults = append(faults, errors.New("dir: name a folder for the local stores"))
	}
	if c.Unsaid != Allow && c.Unsaid != Deny {
		faults = append(faults, fmt.Errorf("unsaid: %q is neither allow nor deny", c.Unsaid))
	}
	if len(c.Purposes) == 0 {
		faults = append(faults, errors.New("purposes: name at least one word, or no visitor can say anything"))
	}
	for _, p := range c.Purposes {
		if w := wordsOf(p); len(w) != 1 || !strings.EqualFold(w[0], p) {
			faults = append(faults, fmt.Errorf("purposes: %q is no single word", p))
		}
	}
	return errors.Join(faults...)
}
