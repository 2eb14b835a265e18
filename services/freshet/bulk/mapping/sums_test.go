package mapping

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// sales is a file of which each row has the amount of its line, not the price of a piece: case 18.
const sales = `source_name: crm
event: E
identifiers: {user_id: id}
message_id: [no]
group_by: [no]
`

// properties of the events of a mapping, those of faults as they are.
func properties(t *testing.T, spec, content string) string {
	t.Helper()
	got, err := units(t, spec, content)
	if err != nil {
		t.Fatal(err)
	}
	for i, u := range got {
		if _, p, ok := strings.Cut(u, `"properties":`); ok {
			got[i] = strings.TrimSuffix(p, "}")
		} else if u[0] == '{' {
			got[i] = "{}"
		}
	}
	return strings.Join(got, "\n")
}

func TestSumsOverTheRowsOfAnEvent(t *testing.T) {
	const file = "no,id,sku,amount,n,kind,tax\n1,7,a,261.96,2,goods,\n1,7,b,731.94,3,goods,9.5\n1,7,,5.00,1,shipping,8\n2,7,c,\"-0.10\",1,goods,\n"
	for name, c := range map[string]struct{ keys, want string }{
		"a sum": {"properties: {total: {sum: amount}}", `{"total":998.90}` + "\n" + `{"total":-0.10}`},
		"beside lines": {"properties: {total: {sum: amount}, units: {sum: n, type: integer}}\nlines: {fields: {product_id: sku}}",
			`{"total":998.90,"units":6,"products":[{"product_id":"a"},{"product_id":"b"},{}]}` + "\n" + `{"total":-0.10,"units":1,"products":[{"product_id":"c"}]}`},
		"of some rows": {"properties: {total: {sum: amount, when: 'row.kind == \"goods\"'}, shipping: {sum: amount, when: 'row.kind == \"shipping\"'}}",
			`{"shipping":5.00,"total":993.90}` + "\n" + `{"total":-0.10}`},
		"without the minus":               {"properties: {total: {sum: amount, absolute: true}}", `{"total":998.90}` + "\n" + `{"total":0.10}`},
		"of what has no value":            {"properties: {total: {sum: amount}, tax: {sum: tax}}", `{"tax":17.5,"total":998.90}` + "\n" + `{"total":-0.10}`},
		"of nothing, with a default":      {"properties: {x: {sum: amount}, tax: {sum: tax, default: 0}}", `{"tax":17.5,"x":998.90}` + "\n" + `{"tax":0,"x":-0.10}`},
		"of nothing, though required":     {"properties: {tax: {sum: tax, required: true}}", `{"tax":17.5}` + "\n" + `!missing_value: properties.tax: column tax is empty`},
		"of a text":                       {"properties: {x: {sum: sku}}", `!bad_value: properties.x: column sku "a" is no number with the decimal sign "."` + "\n" + `!bad_value: properties.x: column sku "c" is no number with the decimal sign "."`},
		"of a fraction, as whole numbers": {"properties: {x: {sum: tax, type: integer}}", `!bad_value: row 2: properties.x: column tax "9.5" is no whole number within 64 bits` + "\n{}"},
		"the first value of its rows":     {"properties: {total: {sum: amount}, tax: {column: tax, type: decimal}}", `{"tax":9.5,"total":998.90}` + "\n" + `{"total":-0.10}`},
	} {
		t.Run(name, func(t *testing.T) {
			got := properties(t, sales+c.keys, file)
			if got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// A sum is that of the numbers as they are written, whatever their scale: nothing passes through a float.
func TestSumsAreExact(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		content, want := "no,id,amount\n", new(big.Rat)
		for range rapid.IntRange(1, 20).Draw(rt, "rows") {
			n := rapid.StringMatching(`-?[0-9]{1,18}(\.[0-9]{1,12})?`).Draw(rt, "amount")
			r, _ := new(big.Rat).SetString(n)
			want.Add(want, r)
			content += "1,7," + n + "\n"
		}
		got := properties(t, sales+"properties: {total: {sum: amount}}", content)
		text := strings.TrimSuffix(strings.TrimPrefix(got, `{"total":`), "}")
		if r, ok := new(big.Rat).SetString(text); !ok || r.Cmp(want) != 0 {
			rt.Errorf("%s is not %s", got, want.FloatString(12))
		}
	})
}

// Rows of one number that are an order and its refund become two events, wherever they stand among each other, with ids of their own.
func TestNegativeRowsAreRefunds(t *testing.T) {
	const spec = sales + `properties: {order_id: no, total: {sum: amount, absolute: true}}
lines: {fields: {product_id: sku, quantity: {column: n, type: integer, absolute: true}}}
`
	const named = "event: [{value: Order Refunded, when: 'number(row.n) < 0.0'}, Order Completed]"
	text := strings.Replace(spec, "event: E", named, 1)
	event := func(name, total, lines string, row int) string {
		return fmt.Sprintf(`{"type":"track","messageId":"crm-1/%s","event":"%s","userId":"7",%s,"properties":{"order_id":"1","total":%s,"products":[%s]}}`, name, name, from(row), total, lines)
	}
	want := event("Order Completed", "30.00", `{"product_id":"a","quantity":2},{"product_id":"b","quantity":1}`, 1) + "\n" + event("Order Refunded", "10.00", `{"product_id":"a","quantity":1}`, 2)
	for _, sorted := range []string{"", "group_by_sorted: false\n"} {
		got, err := units(t, text+sorted, "no,id,sku,n,amount\n1,7,a,2,20.00\n1,7,a,-1,-10.00\n1,7,b,1,10.00\n")
		if err != nil || strings.Join(got, "\n") != want {
			t.Errorf("%s%v\ngot\n%s\nwant\n%s", sorted, err, strings.Join(got, "\n"), want)
		}
	}
	for name, c := range map[string]struct{ content, want string }{
		"an unreadable row could be either's": {"1,7,a,2,20.00\n1,7,a,-1,-10.00\n1,7,b\n1,7,b,1,1\n2,7,a,1,1\n", "ragged_row rejected_with_its_group rejected_with_its_group event"},
		"also that of rows to come":           {"1,7,a,2,20.00\n1,7,b\n1,7,b,1,1\n1,7,a,-1,-10.00\n", "ragged_row rejected_with_its_group rejected_with_its_group"},
		"neither may come back":               {"1,7,a,2,20.00\n2,7,a,1,1\n1,7,b,1,10.00\n1,7,b,-1,-10.00\n", "event event key_returned key_returned"},
	} {
		got, err := units(t, text, "no,id,sku,n,amount\n"+c.content)
		for i, u := range got {
			word, _, _ := strings.Cut(strings.TrimPrefix(u, "!"), ":")
			if got[i] = word; u[0] == '{' {
				got[i] = "event"
			}
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v\n%s", name, err, strings.Join(got, " "))
		}
	}
}

func TestEachRowTakesTheFirstNameThatHolds(t *testing.T) {
	const spec = "source_name: crm\nidentifiers: {user_id: id}\nmessage_id: [id]\n" +
		"event: [{value: A, when: 'row.v == \"a\"'}, {column: v, map: {b: B}, when: 'row.v != \"c\"'}]"
	got, err := units(t, spec, "id,v\n1,a\n2,b\n3,c\n4,d\n1,b\n")
	want := []string{`"messageId":"crm-1/A","event":"A"`, `"messageId":"crm-2/B","event":"B"`, "!missing_value: event: none of the alternatives holds", "!unmapped_value: event[1]", `"messageId":"crm-1/B"`}
	if err != nil || len(got) != len(want) {
		t.Fatalf("%v %s", err, got)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("got %s, want %s", got[i], want[i])
		}
	}
}

func TestNumberReadsTheSignsOfTheFormat(t *testing.T) {
	const spec = "source_name: crm\nevent: E\nidentifiers: {user_id: id}\nmessage_id: [id]\nformat: {decimal: ',', thousands: '.', delimiter: ';'}\nwhen: number(row.v) < -1000.5"
	got, err := units(t, spec, "id;v\n1;-1.000,51\n2;-1.000,5\n3;\n4;x\n")
	if err != nil || len(got) != 4 || !strings.HasPrefix(got[0], head("1")) || got[1] != "skipped" ||
		!strings.HasPrefix(got[2], `!bad_condition: when: number(""): the value is absent`) || !strings.HasPrefix(got[3], `!bad_condition: when: number("x"): it is no number`) {
		t.Errorf("%v\n%s", err, strings.Join(got, "\n"))
	}
	got, err = units(t, "source_name: crm\nevent: E\nidentifiers: {user_id: id}\nmessage_id: [id]\nwhen: number(row.v) < 0.0", `{"id":1,"v":-1}`+"\n"+`{"id":2,"v":1.5}`)
	if err != nil || len(got) != 2 || !strings.HasPrefix(got[0], head("1")) || got[1] != "skipped" {
		t.Errorf("of JSON: %v\n%s", err, strings.Join(got, "\n"))
	}
}
