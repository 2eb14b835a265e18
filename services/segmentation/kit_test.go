package segmentation

import (
	"maps"
	"slices"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/rule"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/segmentation/webhook"
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

// knowsAll is an identity service for which every id is a customer that was never merged.
type knowsAll struct {
	identityv1.IdentityServiceClient
}

// spend is a feature set with one number and times.
func spend(id string, units int64) *featurev1.FeatureSet {
	return told(&featurev1.FeatureSet{CustomerId: id, Reason: featurev1.ChangeReason_CHANGE_REASON_EVENT, ReceivedMs: start - 5},
		map[string]int64{"first_seen": start - dayMs, "last_seen": start, "spend_30d": units * 1_000_000, "orders_30d": 1, "events_30d": 1}, nil)
}

// ordered is a feature set of somebody whose last order was at ms.
func ordered(id string, ms int64) *featurev1.FeatureSet {
	return told(&featurev1.FeatureSet{CustomerId: id, Reason: featurev1.ChangeReason_CHANGE_REASON_EVENT, ReceivedMs: start},
		map[string]int64{"first_seen": ms, "last_seen": ms, "first_order": ms, "last_order": ms}, map[string]int64{"Order Completed": ms})
}

func endpoint(url string) map[string]webhook.Endpoint {
	return map[string]webhook.Endpoint{"hook": {URL: url, Secret: testSecret}}
}
