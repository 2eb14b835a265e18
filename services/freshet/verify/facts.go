package verify

import (
	"cmp"
	"context"
	"fmt"
	"sort"

	native "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/rule"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/feature"
	"github.com/freshet/freshet/services/feature/factsql"
)

// Customers are the surviving ids of a workspace's customers with facts, in the order of a hash of the id, so that a few of them are anybody, and the
// same ones every time. limit 0 is all.
func Customers(ctx context.Context, db driver.Conn, workspace string, limit int) (ids []string, err error) {
	query := `
		SELECT DISTINCT if(m.to_customer_id = '', e.customer_id, m.to_customer_id) AS id
		FROM dw.events AS e
		LEFT JOIN (SELECT from_customer_id, to_customer_id FROM dw.identity_overrides WHERE workspace = {workspace:String}) AS m
			ON m.from_customer_id = e.customer_id
		WHERE e.workspace = {workspace:String}
		ORDER BY cityHash64(id), id`
	if limit > 0 {
		query += fmt.Sprintf(" LIMIT %d", limit)
	}
	rows, err := db.Query(native.Context(ctx, native.WithParameters(native.Parameters{"workspace": workspace})), query)
	if err != nil {
		return nil, fmt.Errorf("list the customers of dw.events: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		ids = append(ids, "")
		if err := rows.Scan(&ids[len(ids)-1]); err != nil {
			return nil, fmt.Errorf("list the customers of dw.events: %w", err)
		}
	}
	return ids, rows.Err()
}

// facts are what ClickHouse has of some customers at one moment, by surviving id.
type facts struct {
	c        *catalog.Catalog
	query    factsql.Query
	text     string
	readings map[string][]catalog.Reading
}

// factsOf reads surviving customers at a moment with one statement.
func factsOf(ctx context.Context, db driver.Conn, c *catalog.Catalog, q factsql.Query) (*facts, error) {
	s, err := factsql.Compile(c.Plan(), q)
	if err != nil {
		return nil, err
	}
	rows, err := db.Query(native.Context(ctx, native.WithParameters(s.Parameters)), s.Text)
	if err != nil {
		return nil, fmt.Errorf("compute the features of %d customers: %w", len(q.Customers), err)
	}
	defer func() { _ = rows.Close() }()
	f := &facts{c: c, query: q, text: s.Text, readings: map[string][]catalog.Reading{}}
	for rows.Next() {
		id, readings, err := s.Scan(rows)
		if err != nil {
			return nil, fmt.Errorf("compute the features of %d customers: %w", len(q.Customers), err)
		}
		f.readings[id] = readings
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("compute the features of %d customers: %w", len(q.Customers), err)
	}
	return f, nil
}

// values are a customer's at a moment that the facts hold for; none of who had no facts by then.
func (f *facts) values(id string, asOf int64) []catalog.Value {
	if f.readings[id] == nil {
		return nil
	}
	return f.c.Values(f.readings[id], asOf, nil)
}

// holdFrom finds the first of ascending moments for which the facts hold as well: windows begin where they begin at the moment that was asked for. A
// statement's text says where windows begin, and they never begin earlier later on.
func (f *facts) holdFrom(moments []int64) (int, error) {
	var fault error
	first := sort.Search(len(moments), func(i int) bool {
		q := f.query
		q.AsOfMs = moments[i]
		s, err := factsql.Compile(f.c.Plan(), q)
		fault = cmp.Or(fault, err)
		return err != nil || s.Text == f.text
	})
	return first, fault
}

// named are the values that are present, and the tags that hold, by name.
func named(c *catalog.Catalog, tags *rule.Set, values []catalog.Value, asOf int64) map[string]*featurev1.FeatureValue {
	out := map[string]*featurev1.FeatureValue{}
	for i, v := range values {
		if v.Present {
			out[c.Features[i].Name] = feature.ValueOf(&c.Features[i], v)
		}
	}
	if len(values) == 0 || len(tags.Rules) == 0 {
		return out
	}
	for i, holds := range tags.Look(catalog.Row{Layout: c.Layout(), Values: values}, nil).Match(asOf) {
		if holds {
			out[tags.Rules[i].Name] = held
		}
	}
	return out
}

// Catalog reads the definitions that a stack has announced under a schema.
func Catalog(ctx context.Context, b *broker.Client, schema uint64) (*catalog.Catalog, error) {
	tp := broker.TopicPartition{Topic: topics.FeatureCatalogue.Name}
	spans, err := b.Spans(ctx, tp.Topic)
	if err != nil {
		return nil, fmt.Errorf("find topic %s: %w", tp.Topic, err)
	}
	var found *featurev1.Catalogue
	for at := spans[0].First; at < spans[0].Next; {
		batch, err := b.Fetch(ctx, tp, at, broker.FetchOptions{PassLost: true})
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", tp, err)
		}
		for _, r := range batch.Records {
			var m featurev1.Catalogue
			if proto.Unmarshal(r.Value, &m) == nil && m.GetSchema() == schema {
				found = &m // the last one counts: what a feature is made of may have changed under one schema
			}
		}
		if at = batch.Next; at >= batch.End {
			break
		}
	}
	if found == nil {
		return nil, fmt.Errorf("the stack serves catalogue %016x, which is not on topic %s", schema, tp.Topic)
	}
	c, err := catalog.Parse(nil, []byte(found.GetDefinitions()))
	if err != nil {
		return nil, fmt.Errorf("read the stack's catalogue %016x: %w", schema, err)
	}
	return c, nil
}
