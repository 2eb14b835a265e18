// Package verify holds the features that a stack serves against the facts in ClickHouse: for each customer it asks for all features and tags, computes
// the same anew from the facts for the very moment that the answer names, and compares value by value. Definitions are the stack's own, from
// features.catalog.v1.
//
// Equal is exact while nothing is under way. On a stack that takes events a fact is stored a moment after it is counted, so that a customer who differs
// is looked at again (Options.Again) before it is said. It is not for deciding which side is right.
package verify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/pkg/rule"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// Options say what to compare.
type Options struct {
	Catalog    *catalog.Catalog
	Features   featurev1.FeatureServiceClient
	ClickHouse driver.Conn
	// Workspace is the tenant.
	Workspace string
	// Again is how often a customer who differs is looked at once more, a Pause apart.
	Again int
	Pause time.Duration
	// Done hears of every customer that was compared; nil: nobody.
	Done func()
}

// Difference is one value of one customer: what is served, and what the facts make. Either is nil where there is none.
type Difference struct {
	Customer, Name   string
	Served, Computed *featurev1.FeatureValue
}

// Report is what was found.
type Report struct {
	Customers, Values int
	// Unknown are customers with facts of whom the API says that it does not know them.
	Unknown []string
	// Differences are by name and customer.
	Differences []Difference
}

// atOnce is how many customers are asked about at a time.
const atOnce = 4

// Run compares the customers.
func Run(ctx context.Context, o Options, customers []string) (*Report, error) {
	tags, err := rule.Tags(o.Catalog)
	if err != nil {
		return nil, fmt.Errorf("read the stack's tags: %w", err)
	}
	c := checker{Options: o, tags: tags}
	var report Report
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, id := range customers {
		group.Go(func() error {
			one, err := c.settled(ctx, id)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			report.add(one)
			if o.Done != nil {
				o.Done()
			}
			return nil
		})
	}
	err = group.Wait()
	slices.SortFunc(report.Differences, byNameThenCustomer)
	slices.Sort(report.Unknown)
	return &report, err
}

func (r *Report) add(o *Report) {
	r.Customers += o.Customers
	r.Values += o.Values
	r.Unknown = append(r.Unknown, o.Unknown...)
	r.Differences = append(r.Differences, o.Differences...)
}

// checker compares one customer at a time; it does not change.
type checker struct {
	Options
	tags *rule.Set
}

// settled looks at a customer until nothing differs, and at most 1 + Again times.
func (c *checker) settled(ctx context.Context, id string) (*Report, error) {
	for again := 0; ; again++ {
		r, err := c.customer(ctx, id)
		if err != nil || len(r.Differences)+len(r.Unknown) == 0 || again >= c.Again {
			return r, err
		}
		if err := retry.Sleep(ctx, c.Pause); err != nil {
			return nil, err
		}
	}
}

func (c *checker) customer(ctx context.Context, id string) (*Report, error) {
	r := &Report{Customers: 1}
	served, err := c.Features.GetFeatures(ctx, &featurev1.GetFeaturesRequest{Id: id, Workspace: c.Workspace})
	switch {
	case status.Code(err) == codes.NotFound:
		r.Unknown = []string{id}
		return r, nil
	case err != nil:
		return nil, fmt.Errorf("ask for the features of customer %s: %w", id, err)
	case served.GetSchema() != c.Catalog.Layout().Fingerprint:
		return nil, fmt.Errorf("the stack serves catalogue %016x, and %016x was read: its definitions changed meanwhile, begin again",
			served.GetSchema(), c.Catalog.Layout().Fingerprint)
	}
	values, err := facts(ctx, c.ClickHouse, c.Catalog, c.Workspace, served.GetCustomerId(), served.GetAsOfMs())
	if err != nil {
		return nil, err
	}
	computed := named(c.Catalog, c.tags, values, served.GetAsOfMs())
	r.Values = len(computed)
	r.Differences = differences(served.GetCustomerId(), flatten(served), computed)
	return r, nil
}

// held stands for a tag that holds: since when is not known of the facts, and not compared.
var held = &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Text{Text: "holds"}}

// flatten is an answer's values, and its tags.
func flatten(a *featurev1.GetFeaturesResponse) map[string]*featurev1.FeatureValue {
	out := maps.Clone(a.GetValues())
	if out == nil {
		out = map[string]*featurev1.FeatureValue{}
	}
	for name := range a.GetTags() {
		out[name] = held
	}
	return out
}

// differences compares by name.
func differences(customer string, served, computed map[string]*featurev1.FeatureValue) (out []Difference) {
	names := map[string]bool{}
	for name := range served {
		names[name] = true
	}
	for name := range computed {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if s, c := served[name], computed[name]; s == nil || c == nil || !proto.Equal(s, c) {
			out = append(out, Difference{Customer: customer, Name: name, Served: s, Computed: c})
		}
	}
	return out
}
