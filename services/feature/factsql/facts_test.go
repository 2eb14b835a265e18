package factsql

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/catalog/catalogtest"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/feature/internal/factskit"
	"github.com/freshet/freshet/services/feature/internal/oracle"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// facts is a warehouse of the test's own.
type facts struct {
	*factskit.Facts
	t *testing.T
}

func newFacts(t *testing.T) *facts {
	t.Helper()
	return &facts{factskit.New(t), t}
}

// person is what was told of one customer, under the two ids of which one was merged into the other.
type person struct {
	id, old string
	events  []*eventv1.Event
	posted  []*orderv1.Posting
}

const epoch = int64(1_795_000_000_000)

func drawPerson(t *rapid.T) (p person) {
	p.id, p.old = strings.ReplaceAll(uuid.NewString(), "-", ""), strings.ReplaceAll(uuid.NewString(), "-", "")
	spread := rapid.SampledFrom([]int64{1, 3_600_000, 40 * 86_400_000, 500 * 86_400_000}).Draw(t, "spread")
	at := func(what string) int64 { return epoch - rapid.Int64Range(0, spread).Draw(t, what) }
	for i := range rapid.IntRange(1, 120).Draw(t, "events") {
		p.events = append(p.events, catalogtest.Event(t, fmt.Sprint(p.id, i), at("at")))
	}
	for range rapid.IntRange(0, 20).Draw(t, "postings") {
		n := func(what string, most int64) int64 { return rapid.Int64Range(-1, most).Draw(t, what) }
		p.posted = append(p.posted, &orderv1.Posting{AtMs: at("sold"), Orders: n("orders", 1), QuantityMicros: n("quantity", 5e6), SpendMicros: n("spend", 9e8),
			Refunds: n("refunds", 1), RefundMicros: n("refund", 9e7)})
	}
	return p
}

func (f *facts) write(workspace string, p person) {
	who := func(i int) string { return []string{p.id, p.old}[i%2] }
	ms := time.UnixMilli
	words := []string{"", "track", "identify", "page", "screen", "group", "alias"}
	f.Insert("events", "workspace, event_id, customer_id, source, type, name, occurred_at, received_at, properties, traits, context, country, identifier_type", len(p.events), func(i int) []any {
		e := p.events[i]
		return []any{workspace, e.EventId, who(i), e.Source, words[e.Type], e.Name, ms(e.OccurredMs), ms(e.ReceivedMs), string(e.PropertiesJson), string(e.TraitsJson),
			string(e.ContextJson), e.GetEnrichment().GetCountry(), factskit.IdentifierType(e)}
	})
	f.Insert("order_postings", "workspace, customer_id, order_id, occurred_at, sign, orders, quantity_micros, spend_micros, refunds, refund_micros, first_received_at, book_sequence, line",
		2*len(p.posted), func(i int) []any {
			o, sign := p.posted[i/2], int8(1)
			if i%2 == 1 { // told twice and taken back once; the second telling comes from other numbers below
				return []any{workspace, who(i), fmt.Sprint("x", i), ms(o.AtMs), sign, int64(0), int64(0), int64(0), int64(0), int64(0), ms(epoch), int64(i), int32(1)}
			}
			return []any{workspace, who(i / 2), fmt.Sprint(i), ms(o.AtMs), sign, o.Orders, o.QuantityMicros, o.SpendMicros, o.Refunds, o.RefundMicros, ms(epoch), int64(i), int32(0)}
		})
	f.Insert("order_postings", "workspace, customer_id, order_id, occurred_at, sign, orders, spend_micros, first_received_at, book_sequence, line", 2, func(i int) []any {
		return []any{workspace, p.id, "taken back", ms(epoch - 5), int8(1 - 2*i), int64(1), int64(7e6), ms(epoch), int64(1000 + i), int32(0)}
	})
	f.Insert("identity_overrides", "workspace, from_customer_id, to_customer_id, epoch", 1, func(int) []any { return []any{workspace, p.old, p.id, int64(1)} })
}

func (f *facts) read(c *catalog.Catalog, workspace string, customers []string, asOf int64) map[string][]catalog.Value {
	f.t.Helper()
	q := Query{Database: f.Names.Database(schema.DW), Workspace: workspace, Customers: customers, AsOfMs: asOf}
	if len(customers) == 1 {
		q.Customer, q.Customers = customers[0], nil
	}
	s, err := Compile(c.Plan(), q)
	if err != nil {
		f.t.Fatal(err)
	}
	begun := time.Now()
	defer func() { f.t.Logf("a statement of %d bytes took %s", len(s.Text), time.Since(begun)) }()
	rows, err := f.Conn.Query(clickhouse.Context(f.t.Context(), clickhouse.WithParameters(s.Parameters)), s.Text)
	if err != nil {
		f.t.Fatalf("a statement of %d bytes: %.2000v", len(s.Text), err)
	}
	defer rows.Close()
	out := map[string][]catalog.Value{}
	for rows.Next() {
		id, readings, err := s.Scan(rows)
		if err != nil {
			f.t.Fatal(err)
		}
		out[id] = c.Values(readings, asOf, nil)
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
	return out
}

func (f *facts) check(c *catalog.Catalog, what string, p person, got []catalog.Value, asOf int64) {
	f.t.Helper()
	want := oracle.Values(c, p.events, p.posted, asOf)
	for i := range want {
		var mine catalog.Value
		if i < len(got) {
			mine = got[i]
		}
		if d := cmp.Diff(want[i], mine); d != "" {
			g := &c.Features[i]
			f.t.Fatalf("%s: %s, %s over %q (-want +got):\n%s", what, g.Name, g.Formula(), g.Window.Name, d)
		}
	}
}

// ClickHouse says what the plainest computation says, of one customer, of some and of all, at any moment, under two ids that became one.
func TestSQLEqualsOracle(t *testing.T) {
	f := newFacts(t)
	for seed := range 12 {
		c := rapid.Custom(catalogtest.Random).Example(seed)
		workspace := fmt.Sprintf(`tenant '%d' \ "x" {a:String}`, seed)
		var people []person
		for i := range 4 {
			p := rapid.Custom(drawPerson).Example(seed*10 + i)
			f.write(workspace, p)
			people = append(people, p)
		}
		for _, at := range []int64{epoch, epoch + 1, epoch + 3*86_400_000, epoch + 40*86_400_000 + 77, epoch - 5*86_400_000} {
			all := f.read(c, workspace, nil, at)
			some := f.read(c, workspace, []string{people[3].id, people[1].id, `nobody, 'or' \ so`}, at)
			for i, p := range people {
				if at < epoch && all[p.id] == nil {
					continue // nothing of it had happened yet
				}
				what := fmt.Sprintf("seed %d at %+d", seed, at-epoch)
				f.check(c, what+", all", p, all[p.id], at)
				switch i {
				case 0:
					f.check(c, what+", one", p, f.read(c, workspace, []string{p.id}, at)[p.id], at)
				case 1, 3:
					f.check(c, what+", some", p, some[p.id], at)
				}
			}
			if some[people[0].id] != nil || some[people[2].id] != nil {
				t.Fatal("customers that were not asked for came")
			}
			if len(all) > len(people) {
				t.Fatalf("%d customers, want %d", len(all), len(people))
			}
		}
	}
}

// The shipped catalogue compiles and runs.
func TestTheShippedCatalogueRuns(t *testing.T) {
	f := newFacts(t)
	c, err := catalog.Load("")
	if err != nil {
		t.Fatal(err)
	}
	p := rapid.Custom(drawPerson).Example(3)
	f.write("default", p)
	f.check(c, "shipped", p, f.read(c, "default", []string{p.id}, epoch)[p.id], epoch)
}
