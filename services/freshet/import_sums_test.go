package freshet

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// order is an order as the collector reads it: its total, its units in millionths and what its lines come to.
func order(o *eventv1.Order) string {
	units, lines := int64(0), int64(0)
	for _, i := range o.Items {
		units += i.GetQuantityMicros()
		lines += i.GetTotalMicros()
	}
	return fmt.Sprintf("%d %d %d", o.GetTotalMicros(), units, lines)
}

// A file of line totals, which has no price of a piece, gives the money that stands in it, whichever way the mapping says it: case 18.
func TestLineTotalsGiveTheOrdersTotal(t *testing.T) {
	const base = `source_name: lt
event: Order Completed
identifiers: {user_id: Customer}
timestamp: {column: "Order Date"}
group_by: ["Order ID"]
message_id: ["Order ID"]
properties: {order_id: "Order ID", currency: {value: USD}%s}
lines: {fields: {product_id: Product, quantity: {column: Quantity, type: integer}%s}}
`
	file := write(t, "o.csv", "Order ID,Order Date,Customer,Product,Sales,Quantity\nA,2016-11-08,C1,Bookcase,261.96,2\nA,2016-11-08,C1,Chairs,731.94,3\n")
	for name, c := range map[string]struct{ mapping, want string }{
		"the order's sum":       {fmt.Sprintf(base, ", total: {sum: Sales}", ""), "993900000 5000000 0"},
		"of typed numbers":      {fmt.Sprintf(base, ", total: {sum: Sales, type: decimal}", ""), "993900000 5000000 0"},
		"lines with a total":    {fmt.Sprintf(base, "", ", total: {column: Sales, type: decimal}"), "993900000 5000000 993900000"},
		"lines with a subtotal": {fmt.Sprintf(base, "", ", subtotal: {column: Sales, type: decimal}"), "993900000 5000000 993900000"},
		"both":                  {fmt.Sprintf(base, ", total: {sum: Sales}", ", total: {column: Sales, type: decimal}"), "993900000 5000000 993900000"},
	} {
		d := newDoor(t)
		must(t, "import", file, "--map", write(t, "map.yaml", c.mapping), "--url", d.URL, "--ledger", t.TempDir())
		events, _ := d.events()
		if e := events["lt-A"]; len(events) != 1 || e == nil || order(e.Order) != c.want {
			t.Errorf("%s: got %v, want total, units and lines of %s", name, events, c.want)
		}
	}
}

// The example of docs/import.md: an order, its refund in rows below zero, a bad row and a line of sums.
func TestRefundsInNegativeRows(t *testing.T) {
	d, rejects := newDoor(t), filepath.Join(t.TempDir(), "r")
	code, out, fault := run(t, "", "import", "../../docs/examples/import/line-totals.csv", "--map", "../../docs/examples/import/line-totals.yaml", "--url", d.URL, "--ledger", t.TempDir(), "--rejects", rejects)
	if err := contains(out, "6 rows read: 2 events accepted, 2 rows rejected by the mapping", "1 rows skipped", `row 5: lines.fields.total: column Sales "soon" is no number`); err != nil || code != 1 {
		t.Error(code, err, fault)
	}
	events, _ := d.events()
	for id, want := range map[string]string{"retailer-CA-1/Order Completed": "993900000 5000000 993900000", "retailer-CA-1/Order Refunded": "130980000 1000000 130980000"} {
		e := events[id]
		if e == nil || order(e.Order) != want || !strings.HasSuffix(id, e.Name) {
			t.Errorf("%s: %v, want %s", id, e, want)
		}
	}
	if e := events["retailer-CA-1/Order Completed"]; e != nil && !strings.Contains(string(e.PropertiesJson), `"shipping":4.90`) {
		t.Errorf("the shipping stands in the order's second row: %s", e.PropertiesJson)
	}
}
