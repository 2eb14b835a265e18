package mapping

import (
	"fmt"
	"strings"
	"testing"
)

const sold = `source_name: crm
event: Order Completed
identifiers: {user_id: id}
timestamp: {column: at}
message_id: [no]
properties: {order_id: no, total: {column: paid, type: decimal}}
also:
  - event: Order Refunded
    when: 'row.back != "" && number(row.back) > 0.0'
    timestamp: {column: back_at}
    message_id: [no, back]
    properties: {order_id: no, total_refunded: {column: back, type: decimal}}
`

// made is an event of sold.
func made(id, name, at, row, properties string) string {
	return fmt.Sprintf(`{"type":"track","messageId":"crm-%s","timestamp":"%s:00:00.000Z","event":"%s","userId":"7","context":{"import":{"source":"crm","file":"x.csv","row":%s}},"properties":{%s}}`,
		id, at, name, row, properties)
}

// A refund that stands in a column of its order becomes an event beside the order, with an id of its own that is another when the amount is; its
// time is its own, else the order's.
func TestARefundInAColumn(t *testing.T) {
	const head = "no,id,at,paid,back,back_at\n"
	order := made("1", "Order Completed", "2026-01-02T00", "1", `"order_id":"1","total":80.00`)
	refund := func(amount, at string) string {
		return made("1/"+amount+"/Order Refunded", "Order Refunded", at, "1", `"order_id":"1","total_refunded":`+amount)
	}
	for name, c := range map[string]struct{ rows, want string }{
		"its own time":                     {"1,7,2026-01-02,80.00,10.00,2026-01-09\n", order + "\n" + refund("10.00", "2026-01-09T00")},
		"the order's time":                 {"1,7,2026-01-02,80.00,25,\n", order + "\n" + refund("25", "2026-01-02T00")},
		"nothing given back":               {"1,7,2026-01-02,80.00,0.00,\n", order},
		"an empty column":                  {"1,7,2026-01-02,80.00,,\n", order},
		"a refund that cannot be read":     {"1,7,2026-01-02,80.00,soon,\n", order + "\n" + `!bad_condition: also[0].when: number("soon"): it is no number with the decimal sign "."`},
		"its time cannot be read":          {"1,7,2026-01-02,80.00,5,soon\n", order + "\n" + `!bad_timestamp: also[0].timestamp: column back_at "soon" `},
		"an order that cannot be read":     {"1,7,2026-01-02,x,10.00,\n", `!bad_value: properties.total: column paid "x" is no number`},
		"the same amount twice in a file":  {"1,7,2026-01-02,80.00,5,\n1,7,2026-01-02,80.00,5,\n", order + "\n" + refund("5", "2026-01-02T00") + "\n" + `!message_id_repeated: the message id crm-1 `},
		"an order without a time has none": {"1,7,,80.00,10.00,2026-01-09\n", `!missing_value: timestamp: column at is empty`},
	} {
		got, err := units(t, sold, head+c.rows)
		want := strings.Split(c.want, "\n")
		if err != nil || len(got) != len(want) {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, strings.Join(got, "\n"), c.want)
			continue
		}
		for i := range want {
			if got[i] != want[i] && (want[i][0] != '!' || !strings.HasPrefix(got[i], want[i])) {
				t.Errorf("%s:\n%s\nwant\n%s", name, got[i], want[i])
			}
		}
	}
}

// Of an order of several rows it may stand in any, and is made once.
func TestARefundInAColumnOfAGroup(t *testing.T) {
	const head = "no,id,at,paid,back,back_at\n"
	want := made("1", "Order Completed", "2026-01-02T00", "1", `"order_id":"1","total":80.00,"products":[{},{}]`) + "\n" +
		made("1/10.00/Order Refunded", "Order Refunded", "2026-01-02T00", "1", `"order_id":"1","total_refunded":10.00`)
	for _, rows := range []string{"1,7,2026-01-02,80.00,10.00,\n1,7,2026-01-02,,,\n", "1,7,2026-01-02,80.00,,\n1,7,2026-01-02,,10.00,\n", "1,7,2026-01-02,80.00,10.00,\n1,7,2026-01-02,80.00,10.00,\n"} {
		for _, sorted := range []string{"", "group_by_sorted: false\n"} {
			got, err := units(t, sold+sorted+"group_by: [no]\nlines: {fields: {x: back_at}}\n", head+rows)
			if err != nil || strings.Join(got, "\n") != want {
				t.Errorf("%q %s%v\n%s\nwant\n%s", rows, sorted, err, strings.Join(got, "\n"), want)
			}
		}
	}
}

// Without message_id, too, the events of one row have different ids.
func TestFurtherEventsHaveIDsOfTheirOwn(t *testing.T) {
	spec := strings.NewReplacer("message_id: [no]\n", "", "    message_id: [no, back]\n", "").Replace(sold)
	got, err := units(t, spec, "no,id,at,paid,back,back_at\n1,7,2026-01-02,80.00,10.00,\n")
	if err != nil || len(got) != 2 {
		t.Fatal(err, got)
	}
	if a, b := got[0][:70], got[1][:70]; !strings.Contains(a, "import-") || a == b {
		t.Errorf("%s\n%s", a, b)
	}
}
