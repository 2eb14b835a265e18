package segmentation

import (
	"maps"
	"slices"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/rule"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// shipped is the catalogue that tests tell features by.
var shipped = func() *catalog.Catalog {
	c, err := catalog.Load("")
	if err != nil {
		panic(err)
	}
	return c
}()

// told gives a feature set numbers by the name of their feature, and the last times of events.
func told(fs *featurev1.FeatureSet, numbers, events map[string]int64) *featurev1.FeatureSet {
	values := make([]catalog.Value, len(shipped.Layout().Fields))
	for name, n := range numbers {
		i, ok := shipped.Layout().Position(name)
		if !ok {
			panic("no feature " + name)
		}
		values[i] = catalog.Value{Present: true, Int: n}
	}
	if len(events) > 0 {
		i, _ := shipped.Layout().Position(rule.LastEvents)
		values[i].Present = true
		for _, name := range slices.Sorted(maps.Keys(events)) {
			values[i].List = append(values[i].List, catalog.Entry{Key: name, Int: events[name]})
		}
	}
	fs.Schema, fs.Values = shipped.Layout().Fingerprint, shipped.Layout().Encode(nil, values)
	return fs
}
