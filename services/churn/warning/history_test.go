package warning

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/freshet/retail"
)

// seen is a customer at a moment of the past.
type seen struct {
	atMs   int64
	orders int64 // ever
	v      catalog.Vector
}

// life is one customer's moments, rising. churnMs is when they truly left, 0 for never.
type life struct {
	churnMs int64
	seen    []seen
}

// tally counts moments by whether a warning was on and whether what was warned of came.
type tally struct{ on, off, cameOn, cameOff int }

func (c *tally) add(on, came bool) {
	n := map[bool]int{true: 1}[came]
	if on {
		c.on, c.cameOn = c.on+1, c.cameOn+n
	} else {
		c.off, c.cameOff = c.off+1, c.cameOff+n
	}
}

func share(a, b int) float64 { return float64(a) / float64(max(b, 1)) }

// factor is how many times as often it came where a warning was on.
func (c *tally) factor() float64 { return share(c.cameOn, c.on) / max(share(c.cameOff, c.off), 1e-9) }

// worth is what a warning was worth on a history.
type worth struct {
	// left is of leaving within 90 days, quiet of no order within 60; stayed counts moments of customers who never left.
	left, quiet, stayed tally
	// days are how long before they left it came on for those who left, of all leavers.
	days    []float64
	leavers int
}

func (w *worth) String() string {
	slices.Sort(w.days)
	median := 0.0
	if n := len(w.days); n > 0 {
		median = w.days[n/2]
	}
	return fmt.Sprintf("warned of %d of %d leavers, half of them %.0f days or more ahead; on for %.1f %% of the moments of stayers; left within 90 days: %.1f %% with it, %.1f %% without, x%.1f; "+
		"no order within 60 days: %.1f %% with it, %.1f %% without, x%.1f", len(w.days), w.leavers, median, 100*share(w.stayed.on, w.stayed.on+w.stayed.off),
		100*share(w.left.cameOn, w.left.on), 100*share(w.left.cameOff, w.left.off), w.left.factor(),
		100*share(w.quiet.cameOn, w.quiet.on), 100*share(w.quiet.cameOff, w.quiet.off), w.quiet.factor())
}

// judge plays a history through one warning, or through all where name is empty. Who could not be warned of, since there is no past to compare with, is no row of
// left and quiet: could says who.
func judge(s *Set, lives []*life, name string, could func(catalog.Vector) bool) *worth {
	out := &worth{}
	end := int64(0)
	for _, l := range lives {
		end = max(end, l.seen[len(l.seen)-1].atMs)
	}
	for _, l := range lives {
		first := int64(0) // since when the warning before the leaving is on
		rhythm := false
		for i, x := range l.seen {
			if x.orders == 0 {
				continue
			}
			on := slices.ContainsFunc(s.Look(x.v, x.atMs), func(f Found) bool { return name == "" || f.Name == name })
			gone := l.churnMs > 0 && l.churnMs <= x.atMs
			if !gone && could(x.v) {
				if x.atMs+90*day <= end {
					out.left.add(on, l.churnMs > 0 && l.churnMs-x.atMs <= 90*day)
				}
				if j := slices.IndexFunc(l.seen, func(y seen) bool { return y.atMs >= x.atMs+60*day }); j > i {
					out.quiet.add(on, l.seen[j].orders <= x.orders)
				}
			}
			if l.churnMs == 0 {
				out.stayed.add(on, false)
			} else if !gone && l.churnMs-x.atMs <= 120*day {
				rhythm = rhythm || x.orders > 1
				if on && first == 0 {
					first = x.atMs
				}
			}
		}
		if rhythm {
			out.leavers++
			if first > 0 {
				out.days = append(out.days, days(l.churnMs-first))
			}
		}
	}
	return out
}

// simulated reads a table of `freshet features history` with the simulator's truth beside it: scripts/warning-history.sh makes it.
func simulated(t *testing.T, c *catalog.Catalog, path string) []*life {
	t.Helper()
	f, err := os.Open(path) //nolint:gosec // The tester names the file.
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	people, order := map[string]*life{}, []*life(nil)
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		p := people[row["person"]]
		if p == nil {
			p = &life{churnMs: moment(t, row["churn_at"])}
			people[row["person"]], order = p, append(order, p)
		}
		p.seen = append(p.seen, seenOf(t, c, row))
	}
	for _, p := range order {
		slices.SortFunc(p.seen, func(a, b seen) int { return int(a.atMs/1000 - b.atMs/1000) })
	}
	return order
}

func seenOf(t *testing.T, c *catalog.Catalog, row map[string]string) seen {
	t.Helper()
	at := moment(t, row["time"])
	values := map[string]int64{}
	for _, name := range []string{"orders_90d", "orders_365d", "sessions_30d", "sessions_90d", "last_order", "purchase_cycle", "since_complaint"} {
		switch text := row[name]; {
		case text == "":
		case name == "last_order":
			values[name] = moment(t, text)
		case name == "since_complaint": // an age at the row's time
			values[name] = at - number(t, text)
		default:
			values[name] = number(t, text)
		}
	}
	return seen{atMs: at, orders: number(t, row["orders_lifetime"]), v: customer(c, values)}
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	x, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func moment(t *testing.T, text string) int64 {
	t.Helper()
	if text == "" {
		return 0
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMilli()
}

// has says of whom each shipped rule can say anything: those who have the past that it compares with.
func has(c *catalog.Catalog, name string) func(catalog.Vector) bool {
	least := func(past, recent string, n int64) func(catalog.Vector) bool {
		p, r := c.Feature(past).Position, c.Feature(recent).Position
		return func(v catalog.Vector) bool {
			a, _ := v.Int(p)
			b, _ := v.Int(r)
			return a-b >= n
		}
	}
	there := func(name string) func(catalog.Vector) bool {
		p := c.Feature(name).Position
		return func(v catalog.Vector) bool { return v.Has(p) }
	}
	switch name {
	case "frequency_halved":
		return least("orders_365d", "orders_90d", 5)
	case "engagement_falling":
		return least("sessions_90d", "sessions_30d", 6)
	case "order_overdue":
		return there("purchase_cycle")
	}
	return there("last_order")
}

// The shipped rules on a simulated history whose leavers are known: each warns of people who then leave far more often than those it is silent of, in the middle
// a month or more ahead, and most of those who stay hear nothing most of the time. WARNING_HISTORY names a larger table; the figures of docs/churn.md are of one.
func TestShippedRulesOnHistory(t *testing.T) {
	s, c := compiled(t)
	path := os.Getenv("WARNING_HISTORY")
	if path == "" {
		path = "testdata/simulated.csv.gz"
	}
	lives := simulated(t, c, path)
	for _, name := range append(slices.Clone(s.names), "") {
		w := judge(s, lives, name, has(c, name))
		t.Logf("%-24s %s", name, w)
		quiet := share(w.stayed.on, w.stayed.on+w.stayed.off)
		if w.left.factor() < 1.5 || len(w.days) == 0 || w.days[len(w.days)/2] < 30 || quiet > 0.15 && name != "" || quiet > 0.25 {
			t.Errorf("%q is not worth its noise: %s", name, w)
		}
	}
}

// The rules over orders on a real shop's year: whom they warn of orders nothing within 60 days far more often. Whether anybody left for good is not known there.
func TestOrderRulesOnARealShop(t *testing.T) {
	s, c := compiled(t)
	f, err := os.Open(testkit.Data(t, "online_retail.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	invoices, err := retail.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	lives := shopLives(c, invoices)
	for name, least := range map[string]float64{"frequency_halved": 3, "order_overdue": 1.5} {
		w := judge(s, lives, name, has(c, name))
		t.Logf("%-24s %s", name, w)
		if w.quiet.factor() < least || w.quiet.on < 500 {
			t.Errorf("%s: %s", name, w)
		}
	}
}

// shopLives are the named customers of a shop, looked at every week from 200 days on, as far as orders go.
func shopLives(c *catalog.Catalog, invoices []*retail.Invoice) []*life {
	orders, begin, end := map[string][]int64{}, int64(never), int64(0)
	for _, x := range invoices {
		at := x.At.UnixMilli()
		begin, end = min(begin, at), max(end, at)
		if x.Customer != "" && x.Quantity > 0 {
			orders[x.Customer] = append(orders[x.Customer], at)
		}
	}
	var out []*life
	for _, who := range slices.Sorted(maps.Keys(orders)) {
		l, list := &life{}, orders[who]
		slices.Sort(list)
		for at := begin + 200*day; at <= end; at += 7 * day {
			n, _ := slices.BinarySearch(list, at)
			if n > 0 && at-list[n-1] <= 365*day {
				l.seen = append(l.seen, seen{atMs: at, orders: int64(n), v: shopper(c, list[:n], at)})
			}
		}
		if len(l.seen) > 0 {
			out = append(out, l)
		}
	}
	return out
}

// shopper is what the catalogue says of a list of orders.
func shopper(c *catalog.Catalog, orders []int64, at int64) catalog.Vector {
	since := func(days int64) int64 {
		i, _ := slices.BinarySearch(orders, at-days*day)
		return int64(len(orders) - i)
	}
	values := map[string]int64{"orders_90d": since(90), "orders_365d": since(365), "last_order": orders[len(orders)-1]}
	if kept := orders[max(0, len(orders)-64):]; len(kept) > 1 {
		values["purchase_cycle"] = (kept[len(kept)-1] - kept[0]) / int64(len(kept)-1)
	}
	return customer(c, values)
}
