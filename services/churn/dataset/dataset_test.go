package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/churn/internal/shop"
	"github.com/freshet/freshet/services/churn/row"
)

const own = `
targets:
  - {name: gone_30d, description: Gone., counts: orders_lifetime, outcome: none, within: 30d, among: orders_lifetime >= 1 && days_since_last_order <= 100}
  - {name: buys_30d, description: Buys., counts: orders_lifetime, outcome: any, within: 30d, among: orders_lifetime >= 1}
  - {name: spends_30d, description: Spends., counts: spend_lifetime, outcome: sum, within: 30d, among: 'orders_lifetime >= 1 && ever("Order Completed")'}
  - {name: late, description: Late., counts: orders_lifetime, outcome: none, rhythm: {times: 2, of: purchase_cycle, least: 5d, most: 30d}, among: orders_lifetime >= 1}
`

// reader reads a workspace of a stack.
func reader(t *testing.T, s *shop.Stack, workspace string) *Reader {
	t.Helper()
	c, err := catalog.Load("")
	if err != nil {
		t.Fatal(err)
	}
	f, err := forecast.Parse(nil, []byte(own), c)
	if err != nil {
		t.Fatal(err)
	}
	return &Reader{Features: s.API.Features, Catalog: c, Forecasts: f, Workspace: workspace, Config: Config{Step: 30 * day, Dates: 12, Rows: 100_000, MinCustomers: 1}}
}

func (r *Reader) target(t *testing.T, name string) (int, *forecast.Target) {
	t.Helper()
	i, ok := r.Forecasts.Target(name)
	if !ok {
		t.Fatalf("no target %s", name)
	}
	return i, &r.Forecasts.Targets[i]
}

// at makes a table of one date.
func at(t *testing.T, r *Reader, target string, dates ...time.Time) *Set {
	t.Helper()
	i, _ := r.target(t, target)
	s, err := r.Make(t.Context(), i, &Outlook{Dates: dates})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// of is the row of somebody; -1 when they are not in it.
func (s *Set) of(w *shop.World, who string) int { return slices.Index(s.Customers, w.Customers()[who]) }

func TestOnRealEngines(t *testing.T) {
	s := shop.Start(t)
	t.Run("nothing behind a date is in its row", func(t *testing.T) { nothingBehindADate(t, s) })
	t.Run("who is in it, and what they did", func(t *testing.T) { whoIsIn(t, s) })
	t.Run("a history that was imported", func(t *testing.T) { imported(t, s) })
	t.Run("a row is what serving fills", func(t *testing.T) { rowsAreServed(t, s) })
	t.Run("customers are drawn", func(t *testing.T) { drawnAlike(t, s) })
}

// Those who leave complain a day behind the date, and those who stay said so before it, but it was received behind it: both tell the label, and neither is
// in a row.
func nothingBehindADate(t *testing.T, s *shop.Stack) {
	now := time.Now().Truncate(time.Millisecond)
	date := now.Add(-40 * day)
	w := &shop.World{Workspace: "leak"}
	for i := range 20 {
		who := fmt.Sprint("c", i)
		then := date.Add(-time.Duration(1+i) * day)
		w.Order(who, then, then, float64(10+i))
		if i%2 == 0 {
			w.Event(who, "Complaint Filed", date.Add(day), date.Add(day))
		} else {
			w.Event(who, "Ticket Opened", date.Add(-time.Hour), date.Add(time.Hour))
			w.Order(who, date.Add(5*day), date.Add(5*day), 10)
		}
	}
	s.Send(w)
	set := at(t, reader(t, s, "leak"), "gone_30d", date)
	if set.Table.X.Rows != 20 || set.Mode != featurev1.HistoryMode_HISTORY_MODE_KNOWN {
		t.Fatalf("%d rows, mode %s: %s", set.Table.X.Rows, set.Mode, set.Why)
	}
	for i := range 20 {
		if at, want := set.of(w, fmt.Sprint("c", i)), float64(1-i%2); set.Table.Y[at] != want {
			t.Errorf("customer %d has the label %v, want %v", i, set.Table.Y[at], want)
		}
	}
	for _, name := range []string{"complaints_365d", "complaints_30d", "tickets_365d", "orders_lifetime", "events_lifetime", "unhappy"} {
		if c := set.Table.X.Find(name); c != nil {
			t.Errorf("%s differs between customers who had done the same by then: %v", name, c.Values)
		}
	}
	for i := range set.Table.X.Columns { // whatever the catalogue has
		c := &set.Table.X.Columns[i]
		if slices.Equal(c.Values, set.Table.Y) {
			t.Errorf("%s is the label", c.Name)
		}
	}
	// By the events' own times the ticket had happened; the complaint had not.
	r := reader(t, s, "leak")
	n := &names{}
	if err := n.ask(r.Catalog.Layout(), "complaints_365d", "tickets_365d"); err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	err := r.ask(t.Context(), &featurev1.GetHistoricalFeaturesRequest{Names: n.list, DatesMs: []int64{date.UnixMilli()}, Mode: featurev1.HistoryMode_HISTORY_MODE_EVENT_TIME}, answers{
		begin: func() error { return nil },
		take: func(row *featurev1.HistoricalFeatures) error {
			for _, name := range n.list {
				v, _ := n.number(row.GetValues(), name)
				got[name] += v
			}
			return nil
		},
	})
	if err != nil || got["tickets_365d"] != 10 || got["complaints_365d"] != 0 {
		t.Errorf("the test is no test: %v %v", got, err)
	}
}

func whoIsIn(t *testing.T, s *shop.Stack) {
	now := time.Now().Truncate(time.Millisecond)
	ago := func(days int) time.Time { return now.Add(-time.Duration(days) * day) }
	w := &shop.World{Workspace: "who"}
	order := func(who string, days int, total float64) { w.Order(who, ago(days), ago(days), total) }
	order("stays", 70, 10)
	order("stays", 20, 30.5)
	order("stays", 19, 4.5)
	order("leaves", 60, 10)
	order("long gone", 300, 10)
	order("comes later", 20, 10)
	order("buys just behind", 70, 10)
	order("buys just behind", 9, 10)
	w.Event("looks", "Product Viewed", ago(60), ago(60))
	w.Order("told late", ago(60), ago(10), 10)                          // received behind the date: not known then
	w.Event("seen, bought unheard", "Product Viewed", ago(60), ago(60)) // known then, and not as somebody who bought
	w.Order("seen, bought unheard", ago(55), ago(10), 10)
	order("keeps pace", 60, 1)
	order("keeps pace", 50, 1)
	order("keeps pace", 25, 1) // two times ten days behind day 40 is day 20
	order("falls out", 62, 1)
	order("falls out", 60, 1)
	order("falls out", 25, 1) // two times two days are below the least, five
	s.Send(w)
	r := reader(t, s, "who")
	for target, want := range map[string]map[string]float64{
		"gone_30d":   {"stays": 0, "leaves": 1, "buys just behind": 1, "keeps pace": 0, "falls out": 0},
		"buys_30d":   {"stays": 1, "leaves": 0, "long gone": 0, "buys just behind": 0, "keeps pace": 1, "falls out": 1},
		"spends_30d": {"stays": 35, "leaves": 0, "long gone": 0, "buys just behind": 0, "keeps pace": 1, "falls out": 1},
		"late":       {"stays": 1, "leaves": 1, "long gone": 1, "buys just behind": 1, "keeps pace": 0, "falls out": 1},
	} {
		set := at(t, r, target, ago(40))
		got := map[string]float64{}
		for who := range w.Customers() {
			if i := set.of(w, who); i >= 0 {
				got[who] = set.Table.Y[i]
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", target, d)
		}
		if i := set.of(w, "stays"); target == "gone_30d" && set.Stakes[i] != 35 {
			t.Errorf("who stays spent %v, want 35", set.Stakes[i])
		}
	}
	_, target := r.target(t, "gone_30d")
	o, err := r.Look(t.Context(), target)
	if err != nil || !o.Imported || o.Customers != 9 || o.Counted != 16 || !o.End.Equal(ago(9)) {
		t.Errorf("the newest order is nine days old: %+v %v", o, err)
	}
	w = &shop.World{Workspace: "sells"}
	w.Order("somebody", ago(100), ago(100), 1)
	w.Order("somebody", ago(3), ago(3), 1)
	s.Send(w)
	if o, err = reader(t, s, "sells").Look(t.Context(), target); err != nil || o.Imported || time.Since(o.End) > time.Minute {
		t.Errorf("the newest order is three days old: %+v %v", o, err)
	}
}

// An import of last year's orders is received today: rows are by the events' own times, and the end is the newest order.
func imported(t *testing.T, s *shop.Stack) {
	now := time.Now().Truncate(time.Millisecond)
	end := now.Add(-200 * day)
	w := &shop.World{Workspace: "imported"}
	w.Buyers(60, 300, end, func(time.Time) time.Time { return now })
	s.Send(w)
	r := reader(t, s, "imported")
	i, target := r.target(t, "gone_30d")
	o, err := r.Look(t.Context(), target)
	if err != nil || !o.Imported || end.Sub(o.End) < 0 || end.Sub(o.End) > 10*day || o.Missing != "" {
		t.Fatalf("%+v %v", o, err)
	}
	set, err := r.Make(t.Context(), i, o)
	if err != nil || set.Mode != featurev1.HistoryMode_HISTORY_MODE_EVENT_TIME || !strings.Contains(set.Why, "imported") {
		t.Fatalf("%+v %v", set, err)
	}
	again, err := r.Make(t.Context(), i, o)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(set.Table, again.Table, cmp.Comparer(func(a, b float64) bool { return a == b || a != a && b != b })); d != "" || !slices.Equal(set.Customers, again.Customers) {
		t.Errorf("the same facts give another table: %s", d)
	}
	ones := 0.0
	for _, y := range set.Table.Y {
		ones += y
	}
	if share := ones / float64(len(set.Table.Y)); share < .1 || share > .9 {
		t.Errorf("%v of %d rows leave", share, len(set.Table.Y))
	}
}

// Every cell of a row at t is what serving fills at t from the live values.
func rowsAreServed(t *testing.T, s *shop.Stack) {
	now := time.Now().Truncate(time.Millisecond)
	w := &shop.World{Workspace: "served"}
	w.Buyers(30, 200, now.Add(-time.Minute), func(at time.Time) time.Time { return at })
	for i := range 30 {
		w.Event(fmt.Sprint("c", i), "Product Viewed", now.Add(-time.Duration(i+1)*time.Hour), now.Add(-time.Duration(i+1)*time.Hour)).PropertiesJson =
			fmt.Appendf(nil, `{"product_id":"p%d","category":"Shoes","price":%d.5,"brand":"b%d"}`, i%7, i, i%3)
	}
	s.Send(w)
	r := reader(t, s, "served")
	plan := r.Plan()
	testkit.Eventually(t, time.Minute, func() error {
		live, err := lastSets(t, s, "served")
		if err != nil {
			return err
		}
		if len(live) != 30 {
			return fmt.Errorf("%d customers have live values", len(live))
		}
		var ask []*featurev1.HistoricalRow
		var sets []*featurev1.FeatureSet
		for _, set := range live {
			ask, sets = append(ask, &featurev1.HistoricalRow{Id: set.GetCustomerId(), AtMs: set.GetAsOfMs()}), append(sets, set)
		}
		var fault error
		err = r.ask(t.Context(), &featurev1.GetHistoricalFeaturesRequest{Rows: ask, Names: plan.Names()}, answers{
			begin: func() error { return nil },
			take: func(a *featurev1.HistoricalFeatures) error {
				set := sets[a.GetRow()]
				served := plan.Fill(nil, catalog.NewVector(r.Catalog.Layout(), set.GetValues()), set.GetAsOfMs())
				learnt := plan.FromHistory(nil, a.GetValues(), a.GetAtMs())
				for i, c := range plan.Columns() {
					if !sameCell(served[i], learnt[i]) && fault == nil {
						fault = fmt.Errorf("%s at %d: served %+v, learnt %+v", c.Name, set.GetAsOfMs(), served[i], learnt[i])
					}
				}
				return nil
			},
		})
		if err != nil {
			return err
		}
		return fault
	})
}

func sameCell(a, b row.Cell) bool {
	return a.Text == b.Text && (a.Number == b.Number || math.IsNaN(a.Number) && math.IsNaN(b.Number))
}

// lastSets are the last feature sets of a workspace's customers.
func lastSets(t *testing.T, s *shop.Stack, workspace string) (map[string]*featurev1.FeatureSet, error) {
	spans, err := s.Broker.Spans(t.Context(), topics.Features.Name)
	if err != nil {
		return nil, err
	}
	out := map[string]*featurev1.FeatureSet{}
	for partition, span := range spans {
		for offset := span.First; offset < span.Next; {
			batch, err := s.Broker.Fetch(t.Context(), broker.TopicPartition{Topic: topics.Features.Name, Partition: partition}, offset, broker.FetchOptions{})
			if err != nil {
				return nil, err
			}
			if batch.Next <= offset {
				return nil, fmt.Errorf("nothing at offset %d of partition %d", offset, partition)
			}
			for _, rec := range batch.Records {
				set := &featurev1.FeatureSet{}
				if err := proto.Unmarshal(rec.Value, set); err != nil {
					return nil, err
				}
				if set.GetWorkspace() == workspace {
					out[set.GetCustomerId()] = set
				}
			}
			offset = batch.Next
		}
	}
	return out, nil
}

// Fewer rows than there are: the same customers at every date.
func drawnAlike(t *testing.T, s *shop.Stack) {
	r := reader(t, s, "imported")
	i, target := r.target(t, "buys_30d")
	o, err := r.Look(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	all, err := r.Make(t.Context(), i, o)
	if err != nil {
		t.Fatal(err)
	}
	r.Config.Rows = all.Table.X.Rows / 3
	some, err := r.Make(t.Context(), i, o)
	if err != nil {
		t.Fatal(err)
	}
	if n := some.Table.X.Rows; n < r.Config.Rows/3 || n > 2*r.Config.Rows || !strings.Contains(strings.Join(some.Notes, "\n"), "were drawn") {
		t.Errorf("%d rows of %d, %v", n, all.Table.X.Rows, some.Notes)
	}
	count := func(s *Set) map[string]int {
		out := map[string]int{}
		for _, id := range s.Customers {
			out[id]++
		}
		return out
	}
	whole := count(all)
	for id, n := range count(some) {
		if whole[id] != n {
			t.Errorf("a customer is in %d of their %d rows", n, whole[id])
		}
	}
}
