package churn

import (
	"encoding/json"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/services/churn/row"
)

// book is what a process was configured with: the catalogue, and what is forecast of it. It does not change.
type book struct {
	catalog *catalog.Catalog
	set     *forecast.Set
	plan    *row.Plan
	// targets are the hashes of the targets' names, in their order; warnings those of the warnings'. Records name them so.
	targets, warnings []uint32
	// places are the warnings' by their names.
	places map[string]int
	// fingerprint is of all that is forecast: scores, bands and warnings of another file are others.
	fingerprint uint64
	// positions are the places of the plan's columns in the catalogue's layout.
	positions []int
}

// Load reads the features file and the forecasts file that a configuration names.
func Load(cfg Config) (*catalog.Catalog, *forecast.Set, error) {
	c, err := catalog.Load(cfg.Features)
	if err != nil {
		return nil, nil, err
	}
	set, err := forecast.Load(cfg.Forecasts, c)
	return c, set, err
}

// CheckFiles loads the files that a configuration names, as a start does.
func CheckFiles(cfg Config) error {
	_, err := newBook(cfg)
	return err
}

// newBook loads the features file and the forecasts file.
func newBook(cfg Config) (*book, error) {
	c, set, err := Load(cfg)
	if err != nil {
		return nil, err
	}
	b := &book{catalog: c, set: set, plan: row.New(c), places: map[string]int{}}
	text, err := json.Marshal([]any{set.Targets, set.Warnings, set.HoldoutPercent})
	if err != nil {
		return nil, fmt.Errorf("hash the forecasts: %w", err)
	}
	b.fingerprint = xxhash.Sum64(text)
	taken := map[uint32]string{}
	name := func(n string) (uint32, error) {
		h := shortHash(n)
		if other, ok := taken[h]; ok {
			return 0, fmt.Errorf("forecasts: %q and %q cannot be told apart in the state: give one of them another name", other, n)
		}
		taken[h] = n
		return h, nil
	}
	for i := range set.Targets {
		h, err := name(set.Targets[i].Name)
		if err != nil {
			return nil, err
		}
		b.targets = append(b.targets, h)
	}
	for i := range set.Warnings {
		h, err := name(set.Warnings[i].Feature())
		if err != nil {
			return nil, err
		}
		b.warnings = append(b.warnings, h)
		b.places[set.Warnings[i].Name] = i
	}
	for _, column := range b.plan.Columns() {
		at, ok := c.Layout().Position(column.Name)
		if !ok {
			return nil, fmt.Errorf("column %q has no place in the catalogue", column.Name)
		}
		b.positions = append(b.positions, at)
	}
	return b, nil
}

// shortHash names a target or a warning in the state.
func shortHash(name string) uint32 { return uint32(xxhash.Sum64String(name)) }

// amount says that a target is an amount, and no probability.
func (b *book) amount(target int) bool { return b.set.Targets[target].Outcome == forecast.Sum }
