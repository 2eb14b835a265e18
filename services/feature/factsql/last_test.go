package factsql

import (
	"fmt"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/catalog/catalogtest"
	"github.com/freshet/freshet/services/warehouse/schema"
)

func (f *facts) last(p *catalog.Plan, slot catalog.Slot, q Query, limit int) (out []Fact) {
	f.t.Helper()
	q.Database = f.Names.Database(schema.DW)
	s, err := CompileLast(p, slot, q, limit)
	if err != nil {
		f.t.Fatal(err)
	}
	rows, err := f.Conn.Query(clickhouse.Context(f.t.Context(), clickhouse.WithParameters(s.Parameters)), s.Text)
	if err != nil {
		f.t.Fatalf("%s: %v\n%s", p.Columns[slot.Column].Key, err, s.Text)
	}
	defer rows.Close()
	for rows.Next() {
		x, err := s.Scan(rows)
		if err != nil {
			f.t.Fatal(err)
		}
		out = append(out, x)
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
	return out
}

// The facts that are told of a slot are those that it counts: what they add comes to what the slot holds, and the latest is first.
func TestTheLastFactsAreThoseThatCount(t *testing.T) {
	f := newFacts(t)
	for seed := range 2 {
		c := rapid.Custom(catalogtest.Random).Example(seed + 40)
		workspace := fmt.Sprintf("last %d", seed)
		p := rapid.Custom(drawPerson).Example(seed + 70)
		f.write(workspace, p)
		at := epoch - int64(seed)*86_400_000
		q := Query{Database: f.Names.Database(schema.DW), Workspace: workspace, Customer: p.id, AsOfMs: at}
		s, err := Compile(c.Plan(), q)
		if err != nil {
			t.Fatal(err)
		}
		_, readings, err := s.Scan(f.Conn.QueryRow(clickhouse.Context(t.Context(), clickhouse.WithParameters(s.Parameters)), s.Text))
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		for i, slot := range c.Plan().Slots {
			f.checkLast(c.Plan(), slot, &readings[i], f.last(c.Plan(), slot, q, 10_000), at)
			if few := f.last(c.Plan(), slot, q, 3); len(few) > 3 {
				t.Fatalf("%d facts, three were asked for", len(few))
			}
			told++
		}
		t.Logf("seed %d: %d slots", seed, told)
	}
}

func (f *facts) checkLast(p *catalog.Plan, slot catalog.Slot, r *catalog.Reading, got []Fact, at int64) {
	f.t.Helper()
	c := &p.Columns[slot.Column]
	sum := catalog.Sum{}
	latest := int64(0)
	for i, x := range got {
		if x.AtMs > at || slot.Window.Length > 0 && x.AtMs < slot.Window.StartMs(at) || i > 0 && x.AtMs > got[i-1].AtMs {
			f.t.Fatalf("%s over %s: %+v is out of place", c.Key, slot.Window.Name, x)
		}
		if (x.OrderID != "") == (x.EventID != "") || (x.OrderID != "") != (c.Source == catalog.FromOrders) {
			f.t.Fatalf("%s: %+v is neither an event nor an order", c.Key, x)
		}
		sum, latest = sum.Plus(catalog.SumOf(x.Amount)), max(latest, x.AtMs)
	}
	switch c.Op {
	case catalog.OpSum, catalog.OpByKey:
		if sum != r.Sum {
			f.t.Fatalf("%s over %s: the facts come to %d, the slot holds %d", c.Key, slot.Window.Name, sum.Clamp(), r.Sum.Clamp())
		}
	case catalog.OpMin, catalog.OpMax, catalog.OpFirst, catalog.OpFirstTime, catalog.OpLast, catalog.OpLastTime:
		if r.Any != (len(got) > 0) || (c.Op == catalog.OpLast || c.Op == catalog.OpLastTime) && latest != r.AtMs && c.Source == catalog.FromEvents {
			f.t.Fatalf("%s: %d facts, the latest at %d; the slot holds %+v", c.Key, len(got), latest, r)
		}
	case catalog.OpTimes:
		if len(r.Times) > 0 && (len(got) == 0 || latest != r.Times[len(r.Times)-1]) && c.Source == catalog.FromEvents {
			f.t.Fatalf("%s: %d facts, the latest at %d; the slot holds %v", c.Key, len(got), latest, r.Times)
		}
	}
}
