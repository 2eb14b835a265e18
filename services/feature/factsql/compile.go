package factsql

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/freshet/freshet/pkg/catalog"
)

// Query asks for one customer, some, or all of them, at one moment.
type Query struct {
	// Database holds events, order_postings and identity_overrides; a plain name. Empty means "dw".
	Database string
	// Workspace is the tenant.
	Workspace string
	// Customer is a surviving id after all merges; empty asks for Customers.
	Customer string
	// Customers are surviving ids; with none and no Customer it asks for every customer.
	Customers []string
	// AsOfMs is the moment to look from, Unix milliseconds.
	AsOfMs int64
}

// Statement is one ClickHouse query with its server-side parameters. It gives one row for each customer that had an event by then, by id;
// Scan reads it.
type Statement struct {
	Text       string
	Parameters map[string]string

	slots int
	cells []cell
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Compile writes the statement for a plan. It fails only when the database is no plain name.
func Compile(p *catalog.Plan, q Query) (*Statement, error) {
	if q.Database == "" {
		q.Database = "dw"
	}
	if !plainName.MatchString(q.Database) {
		return nil, fmt.Errorf("compile features: database %q is no plain name", q.Database)
	}
	s := &Statement{slots: len(p.Slots), Parameters: map[string]string{"workspace": q.Workspace, "as_of": strconv.FormatInt(q.AsOfMs, 10)}}
	switch {
	case q.Customer != "":
		s.Parameters["customer"] = q.Customer
	case len(q.Customers) > 0:
		s.Parameters["customers"] = list(q.Customers)
	}
	groups := groupsOf(p)
	for i, slot := range p.Slots {
		c := cellOf(p, i, slot, q.AsOfMs)
		g := groups.of(&p.Columns[slot.Column])
		c.group = g.name
		g.cells = append(g.cells, c)
		s.cells = append(s.cells, c)
	}
	s.Text = text(q, groups.list, s.cells)
	return s, nil
}

// text joins the groups. The first is of all events: who had none is no customer yet.
func text(q Query, groups []*group, cells []cell) string {
	var b strings.Builder
	fmt.Fprintf(&b, `WITH
    fromUnixTimestamp64Milli({as_of:Int64}, 'UTC') AS as_of,
    moved AS
    (
        SELECT from_customer_id AS old, to_customer_id AS new
        FROM %s.identity_overrides
        WHERE workspace = {workspace:String}
    )
SELECT
    g0.customer AS customer_id`, q.Database)
	for _, c := range cells {
		for i := range c.parts {
			fmt.Fprintf(&b, ",\n    %s.%s AS %s", c.group, c.part(i), c.part(i))
		}
	}
	for i, g := range groups {
		join := "\nFROM\n"
		if i > 0 {
			join = "\nLEFT JOIN\n"
		}
		fmt.Fprintf(&b, "%s(\n%s) AS %s", join, g.text(q), g.name)
		if i > 0 {
			fmt.Fprintf(&b, " ON %s.customer = g0.customer", g.name)
		}
	}
	b.WriteString("\nORDER BY customer_id\n")
	return b.String()
}

// customers is the end of a subquery over a table: who, since when, and whose rows.
func customers(q Query, table string) string {
	only := ""
	switch {
	case q.Customer != "":
		only = `
        AND (f.customer_id = {customer:String} OR f.customer_id IN (SELECT old FROM moved WHERE new = {customer:String}))`
	case len(q.Customers) > 0:
		only = `
        AND (f.customer_id IN {customers:Array(String)} OR f.customer_id IN (SELECT old FROM moved WHERE new IN {customers:Array(String)}))`
	}
	return fmt.Sprintf(`    FROM %s.%s AS f
    LEFT JOIN moved AS m ON m.old = f.customer_id
    WHERE f.workspace = {workspace:String} AND f.occurred_at <= as_of%s
`, q.Database, table, only)
}

// list writes texts as the value of a parameter Array(String).
func list(texts []string) string {
	quoted := make([]string, len(texts))
	for i, t := range texts {
		quoted[i] = "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(t) + "'"
	}
	return "[" + strings.Join(quoted, ",") + "]"
}

const customer = "if(m.new = '', f.customer_id, m.new) AS customer"
