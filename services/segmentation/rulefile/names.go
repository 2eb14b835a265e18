package rulefile

import (
	"fmt"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/pkg/rule"
)

// Names are what conditions can name: features and tags of the catalogue, and beside them scores, bands and warnings.
type Names struct {
	Catalog   *catalog.Catalog
	Forecasts *forecast.Set
	Schema    *rule.Both
}

// LoadNames reads a workspace's features file and its forecasts file, each laid over the shipped one; an empty path is the shipped one alone. What is
// wrong between the two, such as a name that both have, names both.
func LoadNames(features, forecasts string) (*Names, error) {
	c, err := catalog.Load(features)
	if err != nil {
		return nil, err
	}
	n := &Names{Catalog: c}
	if n.Forecasts, err = forecast.Load(forecasts, c); err == nil {
		n.Schema, err = rule.Beside(c.Layout(), n.Forecasts.Layout())
	}
	if err != nil {
		return nil, fmt.Errorf("%s beside %s:\n%w", called("forecasts", forecasts), called("features", features), err)
	}
	return n, nil
}

// called names a file, or that there is none.
func called(what, path string) string {
	if path == "" {
		return "the shipped " + what
	}
	return "the " + what + " of " + path
}
