// Package verify holds the features that a stack serves against the facts in ClickHouse: for each customer it asks for all features and tags, computes
// the same anew from the facts for the very moment that the answer names, and compares value by value. Definitions are the stack's own, from
// features.catalog.v1.
//
// One statement computes several hundred customers: the facts as of the last of their answers' moments serve every earlier one at which all windows
// begin at the same places (TestFactsHoldWhereWindowsBeginAlike). Who differs, and who is not known, is looked at alone, exactly.
//
// Equal is exact while nothing is under way. On a stack that takes events a fact is stored a moment after it is counted, so that a customer who differs
// is looked at again (Options.Again) before it is said. It is not for deciding which side is right.
package verify

import (
	"context"
	"fmt"
	"maps"
	"slices"
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
	"github.com/freshet/freshet/services/feature/factsql"
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

const (
	// atOnce is how many customers the API is asked about at a time.
	atOnce = 4
	// together is how many customers one statement computes: its text takes ClickHouse most of a second, whoever it is about.
	together = 500
)

// Run compares the customers.
func Run(ctx context.Context, o Options, customers []string) (*Report, error) {
	tags, err := rule.Tags(o.Catalog)
	if err != nil {
		return nil, fmt.Errorf("read the stack's tags: %w", err)
	}
	c := checker{Options: o, tags: tags}
	var report Report
	for ids := range slices.Chunk(customers, together) {
		// Who differs is looked at alone.
		again, err := c.several(ctx, &report, ids)
		if err != nil {
			return nil, err
		}
		for _, id := range again {
			if err := c.settled(ctx, &report, id); err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(report.Differences, byNameThenCustomer)
	slices.Sort(report.Unknown)
	return &report, nil
}

func (r *Report) add(o *Report) {
	r.Customers += o.Customers
	r.Values += o.Values
	r.Unknown = append(r.Unknown, o.Unknown...)
	r.Differences = append(r.Differences, o.Differences...)
}

// checker compares customers; it does not change.
type checker struct {
	Options
	tags *rule.Set
}

// several compares customers with one statement, and reports those that do not differ: again are the others, and those at whose moment a window began
// elsewhere than at the last one's.
func (c *checker) several(ctx context.Context, report *Report, ids []string) (again []string, err error) {
	served, err := c.ask(ctx, ids)
	if err != nil {
		return nil, err
	}
	q := factsql.Query{Workspace: c.Workspace}
	var moments []int64
	for _, a := range served {
		if a != nil {
			q.Customers, moments = append(q.Customers, a.GetCustomerId()), append(moments, a.GetAsOfMs())
		}
	}
	if len(moments) == 0 {
		return ids, nil
	}
	slices.Sort(moments)
	q.AsOfMs = moments[len(moments)-1]
	f, err := factsOf(ctx, c.ClickHouse, c.Catalog, q)
	if err != nil {
		return nil, err
	}
	first, err := f.holdFrom(moments)
	if err != nil {
		return nil, err
	}
	for i, a := range served {
		if a == nil || a.GetAsOfMs() < moments[first] {
			again = append(again, ids[i])
			continue
		}
		r := c.compare(a, f)
		if len(r.Differences) > 0 {
			again = append(again, ids[i])
			continue
		}
		c.report(report, r)
	}
	return again, nil
}

// ask gets the answers of the API, by place; none of who is not known.
func (c *checker) ask(ctx context.Context, ids []string) ([]*featurev1.GetFeaturesResponse, error) {
	out := make([]*featurev1.GetFeaturesResponse, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, id := range ids {
		group.Go(func() (err error) {
			out[i], err = c.served(ctx, id)
			return err
		})
	}
	return out, group.Wait()
}

func (c *checker) served(ctx context.Context, id string) (*featurev1.GetFeaturesResponse, error) {
	a, err := c.Features.GetFeatures(ctx, &featurev1.GetFeaturesRequest{Id: id, Workspace: c.Workspace})
	switch want := c.Catalog.Layout().Fingerprint; {
	case status.Code(err) == codes.NotFound:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("ask for the features of customer %s: %w", id, err)
	case a.GetSchema() != want:
		return nil, fmt.Errorf("the stack serves catalogue %016x, and %016x was read: its definitions changed meanwhile, begin again", a.GetSchema(), want)
	}
	return a, nil
}

// settled looks at a customer until nothing differs, and at most 1 + Again times, and reports them.
func (c *checker) settled(ctx context.Context, report *Report, id string) error {
	for again := 0; ; again++ {
		r, err := c.alone(ctx, id)
		if err != nil {
			return err
		}
		if len(r.Differences)+len(r.Unknown) == 0 || again >= c.Again {
			c.report(report, r)
			return nil
		}
		if err := retry.Sleep(ctx, c.Pause); err != nil {
			return err
		}
	}
}

func (c *checker) alone(ctx context.Context, id string) (*Report, error) {
	a, err := c.served(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case a == nil:
		return &Report{Customers: 1, Unknown: []string{id}}, nil
	}
	f, err := factsOf(ctx, c.ClickHouse, c.Catalog, factsql.Query{Workspace: c.Workspace, Customers: []string{a.GetCustomerId()}, AsOfMs: a.GetAsOfMs()})
	if err != nil {
		return nil, err
	}
	return c.compare(a, f), nil
}

// compare holds an answer against the facts, at the moment that the answer names.
func (c *checker) compare(a *featurev1.GetFeaturesResponse, f *facts) *Report {
	computed := named(c.Catalog, c.tags, f.values(a.GetCustomerId(), a.GetAsOfMs()), a.GetAsOfMs())
	return &Report{Customers: 1, Values: len(computed), Differences: differences(a.GetCustomerId(), flatten(a), computed)}
}

func (c *checker) report(report, one *Report) {
	report.add(one)
	if c.Done != nil {
		c.Done()
	}
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
