package factsql

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/catalog/expr"
)

// Fact is an event that a slot counts, or what one order comes to at one moment.
type Fact struct {
	// EventID and Name are of an event: its name, or the word for its type. OrderID is of an order.
	EventID, Name, OrderID string
	AtMs                   int64
	// Amount is the number it adds, in the integer steps of the column; HasAmount is false where the column only counts or keeps.
	Amount    int64
	HasAmount bool
	// Keys are the keys or texts that were taken of it, in no order.
	Keys []string
}

// Last is a ClickHouse query for the last facts that a slot counts, the latest first; Scan reads a row.
type Last struct {
	Text       string
	Parameters map[string]string

	orders, amount bool
}

// CompileLast writes the query for the facts that a slot counts at q.AsOfMs, at most limit. q needs its customer. It fails only when the database is
// no plain name, or there is no customer.
func CompileLast(p *catalog.Plan, slot catalog.Slot, q Query, limit int) (*Last, error) {
	if q.Database == "" {
		q.Database = "dw"
	}
	if !plainName.MatchString(q.Database) || q.Customer == "" {
		return nil, fmt.Errorf("database %q must be a plain name, and a customer be named", q.Database)
	}
	c := &p.Columns[slot.Column]
	s := &Last{orders: c.Source == catalog.FromOrders, amount: c.Value != nil, Parameters: map[string]string{
		"workspace": q.Workspace, "as_of": strconv.FormatInt(q.AsOfMs, 10), "customer": q.Customer, "limit": strconv.Itoa(limit),
	}}
	from := ""
	if slot.Window.Length > 0 {
		from = fmt.Sprintf(" AND ts >= %d", slot.Window.StartMs(q.AsOfMs))
	}
	body := lastEvents(p, slot.Column, q, from)
	if s.orders {
		body = lastOrders(c, q, from)
	}
	s.Text = fmt.Sprintf(`WITH
    fromUnixTimestamp64Milli({as_of:Int64}, 'UTC') AS as_of,
    moved AS
    (
        SELECT from_customer_id AS old, to_customer_id AS new
        FROM %s.identity_overrides
        WHERE workspace = {workspace:String} AND to_customer_id = {customer:String}
    )
%sLIMIT {limit:UInt32}
`, q.Database, body)
	return s, nil
}

// lastEvents are events by their ids: one that counts for several of its elements is one.
func lastEvents(p *catalog.Plan, column int, q Query, from string) string {
	c := &p.Columns[column]
	var read expr.Query
	fields := fieldsOf(&read, column, c)
	if c.By == nil && c.Text == nil {
		fields = append(fields, fmt.Sprintf("'' AS k%d", column))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "    SELECT\n        %s,\n        toUnixTimestamp64Milli(f.occurred_at) AS ts,\n        f.event_id AS fact_id,\n"+
		"        toString(if(f.name = '', toString(f.type), f.name)) AS fact_name", customer)
	for _, x := range append(read.Columns(), fields...) {
		b.WriteString(",\n        " + x)
	}
	b.WriteString("\n" + customers(q, "events"))
	rows := b.String()
	if c.Each != nil {
		rows = strings.Replace(rows, "    WHERE ", "    ARRAY JOIN "+c.Each.SQL()+" AS item\n    WHERE ", 1)
	}
	return fmt.Sprintf(`SELECT fact_id, fact_name, ts, toString(sum(toInt128(v%d))) AS amount, groupUniqArray(10)(k%d) AS keys
FROM
(
%s)
WHERE w%d%s
GROUP BY fact_id, fact_name, ts
ORDER BY ts DESC, fact_id
`, column, column, rows, column, from)
}

// lastOrders are what each order comes to at each moment, where that is something.
func lastOrders(c *catalog.Column, q Query, from string) string {
	number, is := posted[c.Posted], "!= 0"
	if number == "" || c.Op == catalog.OpTimes || c.Op == catalog.OpFirstTime || c.Op == catalog.OpLastTime {
		number, is = "orders", "> 0"
	}
	return fmt.Sprintf(`SELECT order_id, '' AS fact_name, ts, toString(net) AS amount, emptyArrayString() AS keys
FROM
(
    SELECT
        %s,
        f.order_id AS order_id,
        toUnixTimestamp64Milli(f.occurred_at) AS ts,
        sum(toInt128(f.%s) * f.sign) AS net
%s    GROUP BY customer, order_id, ts
)
WHERE net %s%s
ORDER BY ts DESC, order_id
`, customer, number, customers(q, "order_postings"), is, from)
}

// Scan reads a row.
func (s *Last) Scan(row Scanner) (f Fact, err error) {
	var id, amount string
	if err := row.Scan(&id, &f.Name, &f.AtMs, &amount, &f.Keys); err != nil {
		return f, fmt.Errorf("scan the last facts: %w", err)
	}
	f.EventID, f.HasAmount, f.Amount = id, s.amount, wide(amount).Clamp()
	if s.orders {
		f.EventID, f.OrderID, f.Name, f.HasAmount = "", id, "order", true
	}
	if len(f.Keys) == 1 && f.Keys[0] == "" {
		f.Keys = nil
	}
	return f, nil
}
