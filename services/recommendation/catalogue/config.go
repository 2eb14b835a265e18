package catalogue

import (
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/stream"
)

// Config is what an operator may set.
type Config struct {
	// Dir holds the local stores of the items task. It may be lost at any time. Needed.
	Dir string `koanf:"-"`
	// Pace is the longest that a change waits for others to share its commit. More is cheaper and later. 0 to 1s; 0: nothing waits.
	Pace time.Duration `koanf:"-"`
	// MostItems is how many items of a workspace a replica knows; further ones are counted and in no answer. Each takes about 2 KB of memory. 1 to 100,000,000.
	MostItems int `koanf:"most_items"`
	// CatalogueSources are the names of the sources whose "Product Upserted", "Product Deleted" and "Product Removed" count. Empty: all that do not look like a visitor's browser
	// or app, which is no protection against who wants to change the catalogue by a public write key.
	CatalogueSources []string `koanf:"catalogue_sources"`
}

// Default suits one machine.
func Default() Config {
	return Config{Dir: "data/recommendation/items", Pace: stream.DefaultPace, MostItems: 2_000_000}
}

// Validate reports every fault under its key.
func (c Config) Validate() error {
	faults := []error{stream.CheckPace(c.Pace)}
	if c.Dir == "" {
		faults = append(faults, errors.New("dir: name a folder for the local stores"))
	}
	if c.MostItems < 1 || c.MostItems > 100_000_000 {
		faults = append(faults, fmt.Errorf("most_items: %d is not within 1 and 100000000", c.MostItems))
	}
	for i, name := range c.CatalogueSources {
		if name == "" {
			faults = append(faults, fmt.Errorf("catalogue_sources[%d]: it is empty: name a source, or take the row out", i))
		}
	}
	return errors.Join(faults...)
}
