package fill

import (
	"fmt"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/feature/tally"
	"github.com/freshet/freshet/services/warehouse/factskit"
	"github.com/freshet/freshet/services/warehouse/schema"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// world is a warehouse with customers of some events each, and what fills all columns of the shipped catalogue for them.
func world(t testing.TB, customers, events int) (*Facts, []Want) {
	f := factskit.New(t)
	now := time.Now()
	who := func(i int) string { return fmt.Sprintf("%032x", i) }
	f.Insert("events", "workspace, event_id, customer_id, source, type, name, occurred_at, received_at, properties, raw_partition, raw_offset", customers*events, func(i int) []any {
		at := now.Add(-time.Duration(i) * time.Second)
		return []any{"default", fmt.Sprint("e", i), who(i % customers), "shop", "track", "Product Viewed", at, at, `{"category":"Shoes","price":12.5}`, int32(0), int64(i)}
	})
	c, err := catalog.Load("")
	if err != nil {
		t.Fatal(err)
	}
	facts := &Facts{ClickHouse: f.Conn, Database: f.Names.Database(schema.DW), Engine: tally.New(c.Plan())}
	all := make([]int, len(c.Plan().Columns))
	for i := range all {
		all[i] = i
	}
	wants := make([]Want, customers)
	for i := range wants {
		wants[i] = Want{Workspace: "default", Columns: all, Events: []Mark{{Route: who(i), Offset: int64(customers * events)}}}
	}
	return facts, wants
}

// Every fact up to a mark is read, and none behind it or of another route, numbering or workspace.
func TestFactsAreReadUpToTheirMarks(t *testing.T) {
	f, wants := world(t, 3, 10)
	wants[0].Events[0].Offset = 14 // of offsets 0, 3, ... 27 five
	wants[1].Events[0].Life = 1
	wants[2].Workspace = "another"
	for i, want := range []int64{5, 0, 0} {
		if _, n, err := f.Fold(t.Context(), wants[i:i+1], 0); err != nil || n != want {
			t.Errorf("customer %d: %d facts, %v; want %d", i, n, err, want)
		}
	}
	if _, _, err := (&Facts{Database: "d.w"}).Fold(t.Context(), nil, 0); err == nil {
		t.Error("a database that is no plain name is asked")
	}
}

// BenchmarkFill reads and folds what 20,000 customers of 20 events lack when all of the shipped catalogue is new.
func BenchmarkFill(b *testing.B) {
	const customers, events = 20_000, 20
	f, wants := world(b, customers, events)
	b.ResetTimer()
	size := 0
	for b.Loop() {
		found, n, err := f.Fold(b.Context(), wants, 0)
		if err != nil || n != customers*events {
			b.Fatal(n, err)
		}
		size = len(found[0].Append(nil))
	}
	perPage := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(customers*events/perPage, "rows/s")
	b.ReportMetric(customers/perPage, "customers/s")
	b.ReportMetric(float64(size), "state-bytes/customer")
}
