package main

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/catalog/expr"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/feature/tally"
)

// costNow is the moment of the last event of the histories that costs are measured on, Unix milliseconds.
const costNow = int64(1_795_000_000_000)

// costSizes are how many events the measured customers have; costColumn is the one that tables of features show.
var costSizes = []int{10, 100, 1000}

const costColumn = 100

// costEvent is the i-th event of a shop's customer: three pages in ten events, products, a cart, a search, a mail, an order, who they are.
func costEvent(i int, at int64) *eventv1.Event {
	e := &eventv1.Event{EventId: fmt.Sprint(i), OccurredMs: at, Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: "Product Viewed", Source: "web",
		Identifiers: []*eventv1.Identifier{{Type: "user_id", Value: "u1"}},
		ContextJson: []byte(`{"device":{"type":"mobile"},"page":{"path":"/p/1"},"campaign":{"source":"mail"}}`),
		PropertiesJson: fmt.Appendf(nil, `{"product_id":"p%d","category":"c%d","brand":"b%d","price":%d.5,"quantity":1,"query":"q%d","products":[{"product_id":"p%d","category":"c%d","brand":"b%d","price":9.5,"quantity":2}]}`,
			i%50, i%9, i%7, i%90, i%20, i%50, i%9, i%7),
		Enrichment: &eventv1.Enrichment{Country: "DE", City: "Berlin", DeviceType: "mobile", Channel: eventv1.Channel_CHANNEL_ORGANIC},
	}
	switch i % 10 {
	case 0, 1, 2:
		e.Type, e.Name = eventv1.EventType_EVENT_TYPE_PAGE, "Home"
	case 3:
		e.Name = "Product Added"
	case 4:
		e.Name = []string{"Products Searched", "Message Sent", "Message Opened", "Checkout Started"}[i/10%4]
	case 5:
		e.Name = "Order Completed"
	case 6:
		e.Type, e.Name, e.TraitsJson = eventv1.EventType_EVENT_TYPE_IDENTIFY, "", []byte(`{"gender":"female","age":33,"plan":"gold"}`)
	}
	return e
}

// stateBytes is what a customer with n events of a year, one in ten an order, takes in the state of a catalogue.
func stateBytes(c *catalog.Catalog, n int) int {
	s := tally.New(c.Plan()).New()
	for i := range n {
		at := costNow - int64(n-1-i)*365*86_400_000/int64(n)
		s.Insert(expr.Of(costEvent(i, at)), costNow)
		if i%10 == 5 {
			s.Post(&orderv1.Posting{AtMs: at, Orders: 1, QuantityMicros: 2_000_000, SpendMicros: 19_000_000}, false, costNow)
		}
	}
	s.Prune(costNow)
	return len(s.Append(nil))
}

// alone is a shipped definition in a catalogue of its own; nil for one that is made of other features.
func alone(c *catalog.Catalog, d *catalog.Definition) (*catalog.Catalog, error) {
	if len(d.Of) > 0 {
		return nil, nil
	}
	var others []string
	for _, o := range c.Definitions {
		if o.Name != d.Name {
			others = append(others, o.Name)
		}
	}
	for _, t := range c.Tags {
		others = append(others, t.Name)
	}
	file, err := yaml.Marshal(map[string]any{"remove": others})
	if err != nil {
		return nil, err
	}
	return catalog.Parse(catalog.Shipped(), file)
}

// bare are the bytes of state, by place in costSizes, of a catalogue that defines nothing: the moments of sales, which any catalogue keeps.
func bare() ([]int, error) {
	none, err := catalog.Parse(nil, nil)
	if err != nil {
		return nil, fmt.Errorf("measure an empty catalogue: %w", err)
	}
	var out []int
	for _, n := range costSizes {
		out = append(out, stateBytes(none, n))
	}
	return out, nil
}

// costs are the bytes of state that each definition takes by itself, by name and place in costSizes, beside those of a catalogue that defines nothing,
// which stand under "".
func costs(c *catalog.Catalog) (map[string][]int, error) {
	always, err := bare()
	if err != nil {
		return nil, err
	}
	out := map[string][]int{"": always}
	for _, d := range c.Definitions {
		one, err := alone(c, d)
		if err != nil {
			return nil, fmt.Errorf("measure %s: %w", d.Name, err)
		}
		out[d.Name] = make([]int, len(costSizes))
		for i, n := range costSizes {
			if one != nil {
				out[d.Name][i] = stateBytes(one, n) - always[i]
			}
		}
	}
	return out, nil
}

// costTable is what a whole customer takes, and a definition of each aggregate on average.
func costTable(c *catalog.Catalog, cost map[string][]int) string {
	var out strings.Builder
	row := func(name string, cells func(i int) string) {
		fmt.Fprintf(&out, "| %s |", name)
		for i := range costSizes {
			fmt.Fprintf(&out, " %s |", cells(i))
		}
		out.WriteString("\n")
	}
	row("the whole shipped catalogue", func(i int) string { return fmt.Sprint(stateBytes(c, costSizes[i])) })
	row("of these, whatever is defined: the moments of sales", func(i int) string { return fmt.Sprint(cost[""][i]) })
	kinds := map[string][]string{}
	var names []string
	for _, d := range c.Definitions {
		if len(d.Of) == 0 {
			kinds[d.Aggregate] = append(kinds[d.Aggregate], d.Name)
			names = append(names, d.Aggregate)
		}
	}
	slices.Sort(names)
	for _, kind := range slices.Compact(names) {
		row(fmt.Sprintf("`%s`, one of %d", kind, len(kinds[kind])), func(i int) string {
			sum := 0
			for _, name := range kinds[kind] {
				sum += cost[name][i]
			}
			return fmt.Sprint((sum + len(kinds[kind])/2) / len(kinds[kind]))
		})
	}
	return strings.TrimSuffix(out.String(), "\n")
}
