package history

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/catalog/catalogtest"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/feature/factsql"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// What is answered is what the plainest computation makes of what had been received by then, under the merges told by then.
func TestKnownEqualsOracle(t *testing.T) {
	f := newFacts(t)
	for seed := range 20 {
		c := rapid.Custom(catalogtest.Random).Example(seed)
		workspace := fmt.Sprint("w", seed)
		w := rapid.Custom(func(t *rapid.T) *world { return draw(t, workspace) }).Example(seed)
		f.write(w)
		rows := rapid.Custom(func(t *rapid.T) []Row { return drawRows(t, w) }).Example(seed)
		answers := read(t, f.reader(c), Request{Workspace: workspace, Rows: rows})
		for i, row := range rows {
			if len(answers[i]) != 1 {
				t.Fatalf("row %d has %d answers", i, len(answers[i]))
			}
			log := w.log(row.AtMs)
			who, got := log.Canonical(row.Customer), answers[i][0]
			what := fmt.Sprintf("seed %d: %s at %+d", seed, row.Customer, row.AtMs-epoch)
			if got.Row != row || got.Surviving != who || got.Seen != log.Known(who, row.AtMs) {
				t.Fatalf("%s: got %v, %s, seen %t; want %s, seen %t", what, got.Row, got.Surviving, got.Seen, who, log.Known(who, row.AtMs))
			}
			same(t, c, what, log.Values(c, who, row.AtMs), got.Values)
		}
	}
}

// In mode EventTime the answer is ClickHouse's own, with as_of.
func TestEventTimeEqualsSQL(t *testing.T) {
	f := newFacts(t)
	for seed := range 3 {
		c := rapid.Custom(catalogtest.Random).Example(seed)
		workspace := fmt.Sprint("w", seed)
		w := rapid.Custom(func(t *rapid.T) *world { return draw(t, workspace) }).Example(seed + 100)
		f.write(w)
		var rows []Row
		for _, at := range []int64{epoch, epoch - day, w.events[0].OccurredMs - 1} {
			for _, id := range w.ids[:2] {
				rows = append(rows, Row{Index: len(rows), Customer: id, AtMs: at})
			}
		}
		answers := read(t, f.reader(c), Request{Workspace: workspace, Mode: EventTime, Rows: rows})
		for i, row := range rows {
			who := w.canonical(row.Customer, 1<<62)
			want, seen := f.sql(c, workspace, who, row.AtMs)
			got := answers[i][0]
			what := fmt.Sprintf("seed %d: %s at %+d", seed, row.Customer, row.AtMs-epoch)
			if len(answers[i]) != 1 || got.Surviving != who || got.Seen != seen {
				t.Fatalf("%s: %d answers; got %s, seen %t; want %s, seen %t", what, len(answers[i]), got.Surviving, got.Seen, who, seen)
			}
			if seen {
				same(t, c, what, want, got.Values)
			}
		}
	}
}

// sql is what ClickHouse makes of all facts of today, as of then.
func (f facts) sql(c *catalog.Catalog, workspace, who string, at int64) ([]catalog.Value, bool) {
	f.T.Helper()
	s, err := factsql.Compile(c.Plan(), factsql.Query{Database: f.Names.Database(schema.DW), Workspace: workspace, Customer: who, AsOfMs: at})
	if err != nil {
		f.T.Fatal(err)
	}
	rows, err := f.Conn.Query(clickhouse.Context(f.T.Context(), clickhouse.WithParameters(s.Parameters)), s.Text)
	if err != nil {
		f.T.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		if rows.Err() != nil {
			f.T.Fatal(rows.Err())
		}
		return nil, false
	}
	_, readings, err := s.Scan(rows)
	if err != nil {
		f.T.Fatal(err)
	}
	return c.Values(readings, at, nil), true
}

// leaky is a catalogue with a feature that tells the label, "did they leave", and features that a late fact would move.
const leaky = `
features:
  - {name: left, description: The label., level: behaviour, aggregate: last, value: properties.left, where: event == "Account Closed"}
  - {name: views, description: Views., level: behaviour, aggregate: count, where: event == "Product Viewed", windows: [30d, lifetime]}
  - {name: spend, description: Spend., level: value, aggregate: sum, from: orders, value: spend, windows: [lifetime]}
  - {name: refund, description: Refunds., level: value, aggregate: sum, from: orders, value: refund, windows: [lifetime]}
`

func parse(t testing.TB, text string) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Parse(nil, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// number is a value by name.
func number(t testing.TB, c *catalog.Catalog, a Answer, name string) int64 {
	t.Helper()
	f := c.Feature(name)
	if f == nil {
		t.Fatalf("no feature %s", name)
	}
	return a.Values[f.Position].Int
}

func track(id, name string, occurred, received int64, properties string) *eventv1.Event {
	return &eventv1.Event{EventId: id, Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: name, OccurredMs: occurred, ReceivedMs: received, PropertiesJson: []byte(properties)}
}

func sale(id, number string, kind eventv1.OrderKind, occurred, received, total int64) *eventv1.Event {
	e := track(id, "Order", occurred, received, "{}")
	e.Order = &eventv1.Order{OrderId: number, Kind: kind, Currency: "EUR", TotalMicros: &total, Conversion: &eventv1.Conversion{Currency: "EUR", RateE12: 1e12}}
	return e
}

// A feature that tells the label, an event that came late, an order and a refund that were told late: none is in a row from before, though all of them had
// happened by then; with event_time, which believes the events' own times, they are.
func TestNothingLeaks(t *testing.T) {
	f, c := newFacts(t), parse(t, leaky)
	who := id("leak", 1)
	w := &world{workspace: "leak", ids: []string{who}, events: []told{
		{who, track("v1", "Product Viewed", epoch-10*day, epoch-10*day, "{}")},
		{who, track("v2", "Product Viewed", epoch-9*day, epoch+2*day, "{}")}, // a phone without a net
		{who, track("bye", "Account Closed", epoch-day, epoch+day, `{"left":"yes"}`)},
		{who, sale("o1", "1", eventv1.OrderKind_ORDER_KIND_COMPLETED, epoch-5*day, epoch-5*day, 70e6)},
		{who, sale("o2", "2", eventv1.OrderKind_ORDER_KIND_COMPLETED, epoch-4*day, epoch+day, 5e6)},
		{who, sale("r1", "1", eventv1.OrderKind_ORDER_KIND_REFUNDED, epoch-3*day, epoch+day, 20e6)},
	}}
	f.write(w)
	for _, x := range []struct {
		what                 string
		mode                 Mode
		at                   int64
		left                 bool
		views, spend, refund int64
	}{
		{"known at the time", Known, epoch, false, 1, 70e6, 0},
		{"known a millisecond before the last came", Known, epoch + 2*day - 1, true, 1, 75e6, 20e6},
		{"known when it had come", Known, epoch + 2*day, true, 2, 75e6, 20e6},
		{"by the events' own times", EventTime, epoch, true, 2, 75e6, 20e6},
	} {
		// The second row makes all facts be read: it is the first that must not see them.
		rows := []Row{{0, who, x.at}, {1, who, epoch + 30*day}}
		a := read(t, f.reader(c), Request{Workspace: "leak", Mode: x.mode, Rows: rows})[0][0]
		if left := a.Values[c.Feature("left").Position].Present; left != x.left {
			t.Errorf("%s: the label is there: %t, want %t", x.what, left, x.left)
		}
		got := [3]int64{number(t, c, a, "views_lifetime"), number(t, c, a, "spend_lifetime"), number(t, c, a, "refund_lifetime")}
		if got != [3]int64{x.views, x.spend, x.refund} {
			t.Errorf("%s: views, spend, refund are %v; want %d, %d, %d", x.what, got, x.views, x.spend, x.refund)
		}
	}
}

// A merge that rests on one whose event was received later was not known before that one.
func TestAMergeIsNotKnownBeforeThoseThatItFollowed(t *testing.T) {
	f, c := newFacts(t), parse(t, leaky)
	x, y, z := id("rests", 1), id("rests", 2), id("rests", 3)
	w := &world{workspace: "rests", ids: []string{x, y, z}, mappings: []mapping{{x, y, 1, epoch + day}, {y, z, 2, epoch}, {x, z, 2, epoch}}}
	for i, who := range w.ids {
		w.events = append(w.events, told{who, track(fmt.Sprint(i), "Product Viewed", epoch-day, epoch-day, "{}")})
	}
	f.write(w)
	answers := read(t, f.reader(c), Request{Workspace: "rests", Rows: []Row{{0, x, epoch}, {1, x, epoch + day - 1}, {2, x, epoch + day}}})
	for i, want := range []int64{1, 1, 3} {
		if got := number(t, c, answers[i][0], "views_lifetime"); got != want {
			t.Errorf("row %d: %d views, want %d", i, got, want)
		}
	}
}

// A merge that is written while a request is being read does not put a customer's events and orders apart.
func TestAMergeThatComesMeanwhileChangesNothing(t *testing.T) {
	f, c := newFacts(t), parse(t, leaky)
	a, b := id("race", 1), id("race", 2)
	w := &world{workspace: "race", ids: []string{a, b}, events: []told{
		{b, track("1", "Product Viewed", epoch-3*day, epoch-3*day, "{}")},
		{b, sale("o1", "1", eventv1.OrderKind_ORDER_KIND_COMPLETED, epoch-2*day, epoch-2*day, 70e6)},
	}}
	f.write(w)
	s := &source{Reader: f.reader(c), request: Request{Workspace: "race", Rows: []Row{{Customer: b, AtMs: epoch}}}, until: epoch}
	asked, err := s.present(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.write(&world{workspace: "race", mappings: []mapping{{b, a, 1, epoch}}})
	if err := s.deal(t.Context()); err != nil {
		t.Fatal(err)
	}
	var views, spend int64
	err = s.read(t.Context(), asked, func(got Answer) error {
		views, spend = number(t, c, got, "views_lifetime"), number(t, c, got, "spend_lifetime")
		return nil
	})
	if err != nil || views != 1 || spend != 70e6 {
		t.Errorf("%d views and %d spent, %v; want 1 and 70000000", views, spend, err)
	}
}

// A phone and a laptop that became one customer later are two customers in rows from before.
func TestWhoWasTwoIsTwo(t *testing.T) {
	f, c := newFacts(t), parse(t, leaky)
	a, b := id("two", 1), id("two", 2)
	w := &world{workspace: "two", ids: []string{a, b}, events: []told{
		{a, track("1", "Product Viewed", epoch-3*day, epoch-3*day, "{}")},
		{b, track("2", "Product Viewed", epoch-2*day, epoch-2*day, "{}")},
		{b, track("3", "Product Viewed", epoch-2*day, epoch-2*day, "{}")},
		{b, track("4", "Product Viewed", epoch+day, epoch+day, "{}")}, // a straggler under the old id
	}, mappings: []mapping{{b, a, 1, epoch}}}
	f.write(w)
	for what, x := range map[string]struct {
		mode      Mode
		who       string
		at        int64
		surviving string
		views     int64
	}{
		"the one that stays, before":         {Known, a, epoch - 1, a, 1},
		"the one that goes, before":          {Known, b, epoch - 1, b, 2},
		"the one that stays, at the merge":   {Known, a, epoch, a, 3},
		"the one that goes, at the merge":    {Known, b, epoch, a, 3},
		"the one that goes, after":           {Known, b, epoch + day, a, 4},
		"the one that goes, before, by time": {EventTime, b, epoch - 1, a, 3},
	} {
		got := read(t, f.reader(c), Request{Workspace: "two", Mode: x.mode, Rows: []Row{{Customer: x.who, AtMs: x.at}}})[0][0]
		if views := number(t, c, got, "views_lifetime"); views != x.views || got.Surviving != x.surviving {
			t.Errorf("%s: %d views as %s, want %d as %s", what, views, got.Surviving, x.views, x.surviving)
		}
	}
}

// A snapshot has every customer that there was, once, with what a row would say; also over many passes.
func TestASnapshotHasEveryCustomerOnce(t *testing.T) {
	f := newFacts(t)
	c := rapid.Custom(catalogtest.Random).Example(1)
	w := rapid.Custom(func(t *rapid.T) *world { return draw(t, "all") }).Example(5)
	f.write(w)
	for _, mode := range []Mode{Known, EventTime} {
		dates := []int64{epoch, w.events[0].ReceivedMs, epoch - 100*day}
		for index, answers := range read(t, f.reader(c), Request{Workspace: "all", Mode: mode, Dates: dates}) {
			want := map[string]bool{}
			for _, x := range w.ids {
				row := read(t, f.reader(c), Request{Workspace: "all", Mode: mode, Rows: []Row{{Customer: x, AtMs: dates[index]}}})[0][0]
				if row.Seen {
					want[row.Surviving] = true
				}
				for _, a := range answers {
					if a.Customer == row.Surviving {
						same(t, c, "a customer of a snapshot", row.Values, a.Values)
					}
				}
			}
			for _, a := range answers {
				if !want[a.Customer] || a.AtMs != dates[index] {
					t.Errorf("mode %d, date %d: %s at %d is there twice, or should not be", mode, index, a.Customer, a.AtMs)
				}
				delete(want, a.Customer)
			}
			if len(want) > 0 {
				t.Errorf("mode %d, date %d: %v are missing", mode, index, want)
			}
		}
	}
}

// Each row has one answer: also of nobody, of one customer many times, and at one moment twice.
func TestEveryRowIsAnsweredOnce(t *testing.T) {
	f, c := newFacts(t), parse(t, leaky)
	who := id("rows", 1)
	f.write(&world{workspace: "rows", ids: []string{who}, events: []told{{who, track("1", "Product Viewed", epoch, epoch, "{}")}}})
	var rows []Row
	for i := range 200 {
		rows = append(rows, Row{Index: i, Customer: []string{who, id("rows", i+2)}[i%2], AtMs: epoch + int64(i%3-1)})
	}
	for _, mode := range []Mode{Known, EventTime} {
		answers := read(t, f.reader(c), Request{Workspace: "rows", Mode: mode, Rows: rows})
		for i, row := range rows {
			views := int64(0)
			if i%2 == 0 && row.AtMs >= epoch {
				views = 1
			}
			if len(answers[i]) != 1 || answers[i][0].Row != row || number(t, c, answers[i][0], "views_lifetime") != views || answers[i][0].Seen != (views > 0) {
				t.Fatalf("row %v: %v, want one with %d views", row, answers[i], views)
			}
		}
	}
}

// Orders that name several customers are the same however customers are dealt over passes.
func TestPassesChangeNothing(t *testing.T) {
	f := newFacts(t)
	c := rapid.Custom(catalogtest.Random).Example(2)
	w := rapid.Custom(func(t *rapid.T) *world { return draw(t, "passes") }).Example(8)
	f.write(w)
	rows := rapid.Custom(func(t *rapid.T) []Row { return drawRows(t, w) }).Example(3)
	one := f.reader(c)
	many := *one
	many.MaxOrders, many.Workers = 10, 1
	want, got := read(t, one, Request{Workspace: "passes", Rows: rows}), read(t, &many, Request{Workspace: "passes", Rows: rows})
	for i := range rows {
		if len(got[i]) != 1 {
			t.Fatalf("row %d has %d answers", i, len(got[i]))
		}
		same(t, c, fmt.Sprint("row ", i), want[i][0].Values, got[i][0].Values)
	}
}

// An error of the caller ends the reading, and is told.
func TestTheCallersErrorEndsIt(t *testing.T) {
	f, c := newFacts(t), parse(t, leaky)
	w := &world{workspace: "ends"}
	for i := range 500 {
		w.events = append(w.events, told{id("ends", i), track(fmt.Sprint(i), "Product Viewed", epoch, epoch, "{}")})
	}
	f.write(w)
	enough := errors.New("enough")
	err := f.reader(c).Read(t.Context(), Request{Workspace: "ends", Dates: []int64{epoch}}, func(Answer) error { return enough })
	if !errors.Is(err, enough) {
		t.Errorf("got %v", err)
	}
}
