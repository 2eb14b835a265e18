package factsql

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/catalog/expr"
)

// group is the columns that are read from the same rows: of events, of the elements of an array within them, or of postings.
type group struct {
	name   string
	orders bool
	each   *expr.Path
	// columns are indexes into the plan, each once.
	columns []int
	plan    *catalog.Plan
	cells   []cell
}

type groups struct {
	list []*group
	by   map[string]*group
}

// groupsOf sorts the columns of a plan by what they are read from. The first group is of all events, even when no column reads it.
func groupsOf(p *catalog.Plan) *groups {
	g := &groups{by: map[string]*group{}}
	g.add(p, "events")
	for i := range p.Columns {
		c := &p.Columns[i]
		in := g.by[keyOf(c)]
		if in == nil {
			in = g.add(p, keyOf(c))
			in.orders, in.each = c.Source == catalog.FromOrders, c.Each
		}
		in.columns = append(in.columns, i)
	}
	return g
}

func (g *groups) add(p *catalog.Plan, key string) *group {
	in := &group{name: fmt.Sprint("g", len(g.list)), plan: p}
	g.list = append(g.list, in)
	g.by[key] = in
	return in
}

func (g *groups) of(c *catalog.Column) *group { return g.by[keyOf(c)] }

func keyOf(c *catalog.Column) string {
	switch {
	case c.Source == catalog.FromOrders:
		return "orders"
	case c.Each != nil:
		return "each " + c.Each.String()
	}
	return "events"
}

// text is the subquery: a row for each customer, with the parts of every cell.
func (g *group) text(q Query) string {
	var b strings.Builder
	b.WriteString("    SELECT\n        customer")
	for _, c := range g.cells {
		for i, part := range c.parts {
			fmt.Fprintf(&b, ",\n        %s AS %s", part.sql, c.part(i))
		}
	}
	fmt.Fprintf(&b, "\n    FROM\n    (\n%s    )\n    GROUP BY customer\n", indent(g.rows(q)))
	return b.String()
}

// rows are what the cells look at: ts, and for each column w (it counts), v (its number), k (its key or text).
func (g *group) rows(q Query) string {
	if g.orders {
		return moments(q)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "    SELECT\n        %s,\n        toUnixTimestamp64Milli(f.occurred_at) AS ts", customer)
	var read expr.Query
	var all []string
	for _, i := range g.columns {
		all = append(all, fieldsOf(&read, i, &g.plan.Columns[i])...)
	}
	for _, x := range append(read.Columns(), all...) {
		b.WriteString(",\n        " + x)
	}
	b.WriteString("\n" + customers(q, "events"))
	if g.each == nil {
		return b.String()
	}
	return strings.Replace(b.String(), "    WHERE ", "    ARRAY JOIN "+g.each.SQL()+" AS item\n    WHERE ", 1)
}

// fieldsOf are what column i takes of an event, under names of its own.
func fieldsOf(q *expr.Query, i int, c *catalog.Column) []string {
	counts := []string{"1"}
	if c.Where != nil {
		counts = []string{c.Where.SQL(q)}
	}
	var out []string
	if c.Value != nil {
		out = append(out, fmt.Sprintf("%s AS n%d", c.Value.SQL(q), i), fmt.Sprintf("ifNull(n%d, 0) AS v%d", i, i))
		counts = append(counts, fmt.Sprintf("isNotNull(n%d)", i))
	} else {
		out = append(out, fmt.Sprintf("toInt64(1) AS v%d", i))
	}
	if c.Counted != nil {
		counts = append(counts, fmt.Sprintf("isNotNull(%s)", c.Counted.SQL(q)))
	}
	text := c.By
	if text == nil {
		text = c.Text
	}
	if text != nil {
		out = append(out, fmt.Sprintf("%s AS t%d", text.SQL(q), i), fmt.Sprintf("ifNull(t%d, '') AS k%d", i, i))
		counts = append(counts, fmt.Sprintf("isNotNull(t%d)", i))
	}
	if c.Op == catalog.OpTraits {
		out = append(out, "f.traits AS traits", "toString(f.source) AS source")
	}
	return append(out, fmt.Sprintf("(%s) AS w%d", strings.Join(counts, ") AND ("), i))
}

// moments sums the postings of orders over each moment, wide enough never to wrap: a sale that was taken back leaves no time.
func moments(q Query) string {
	var b strings.Builder
	fmt.Fprintf(&b, "    SELECT\n        %s,\n        toUnixTimestamp64Milli(f.occurred_at) AS ts", customer)
	for _, name := range slices.Sorted(maps.Values(posted)) { // the same question is the same text
		fmt.Fprintf(&b, ",\n        sum(toInt128(f.%s) * f.sign) AS %s", name, name)
	}
	b.WriteString("\n" + customers(q, "order_postings") + "    GROUP BY customer, ts\n")
	return b.String()
}

// posted names the columns of dw.order_postings.
var posted = map[catalog.Posted]string{
	catalog.PostedOrders: "orders", catalog.PostedQuantity: "quantity_micros", catalog.PostedSpend: "spend_micros",
	catalog.PostedRefunds: "refunds", catalog.PostedRefund: "refund_micros",
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
}
