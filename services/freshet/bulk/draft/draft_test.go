package draft

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/freshet/freshet/services/freshet/bulk/mapping"
)

// of drafts a mapping for a content.
func of(t *testing.T, content string) *Draft {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return infer(t, path)
}

// notes are a draft's notes of a level, a line each.
func (d *Draft) notes(level Level) string {
	var b strings.Builder
	for _, n := range d.Notes {
		if n.Level == level {
			b.WriteString(n.Says + "\n")
		}
	}
	return b.String()
}

// TestTheTotalsAreTheFiles: what a draft makes of a file is what a person would add up by hand.
func TestTheTotalsAreTheFiles(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		totals  string
		mapping []string // parts of the mapping
	}{
		"the amount of a line, by its name": {
			"Order ID,Order Date,Customer ID,Product ID,Product Name,Sales,Quantity\nA,12/26/2016,C1,p,Bookcase,261.96,2\nA,12/26/2016,C1,q,Chairs,731.94,3\nB,6/12/2016,C2,q,Chairs,243.98,1\n",
			"2 orders, 3 lines, 1,237.88, 2016-06-12 to 2016-12-26, 2 customers", []string{"total: {column: Sales, type: decimal}", "quantity: {column: Quantity, type: integer}"},
		},
		"an amount called price that grows with the pieces": {
			"order_no;date;customer_no;sku;qty;price\n1;2026-01-05;7;a;1;10.00\n1;2026-01-05;7;b;2;6.00\n2;2026-01-06;8;a;3;30.00\n3;2026-01-07;8;b;1;3.00\n4;2026-01-07;8;a;2;20.00\n5;2026-01-08;9;b;5;15.00\n6;2026-01-08;9;b;2;6.00\n",
			"6 orders, 7 lines, 90.00, 2026-01-05 to 2026-01-08, 3 customers", []string{"total: {column: price, type: decimal}"},
		},
		"an amount called amount that stays": {
			"order_no;date;customer_no;sku;qty;amount\n1;2026-01-05;7;a;1;10.00\n1;2026-01-05;7;b;2;3.00\n2;2026-01-06;8;a;3;10.00\n3;2026-01-07;8;b;1;3.00\n4;2026-01-07;8;a;2;10.00\n5;2026-01-08;9;b;5;3.00\n6;2026-01-08;9;b;2;3.00\n",
			"6 orders, 7 lines, 90.00, 2026-01-05 to 2026-01-08, 3 customers", []string{"price: {column: amount, type: decimal}"},
		},
		"orders in rows of their own, with refunds below zero": {
			"Order Number;Order Date;Email;Total\n1;2026-01-05 10:00:00;a@example.com;€ 1.234,50\n2;2026-01-25 10:00:00;b@example.com;-€ 34,50\n",
			"1 order, 0 lines, 1,234.50 EUR, 1 refund, 34.50 EUR given back, 2026-01-05 to 2026-01-25, 2 customers", []string{"currency: {value: EUR}", `decimal: ","`, "Order Refunded"},
		},
		"an order's total in its first row, and guests": {
			"order,date,customer,total,shipping,sku,qty\n1,2026-01-05,c1,25.00,5.00,a,2\n1,2026-01-05,c1,,,b,1\n2,2026-01-06,,9.00,0.00,a,1\n",
			"2 orders, 3 lines, 34.00, 2026-01-05 to 2026-01-06, 2 customers", []string{"anonymous_id", "shipping: {column: shipping, type: decimal}"},
		},
		"rows of an order that are not together": {
			"order,date,customer,sku,qty,price\n1,2026-01-05,c1,a,2,1.5\n1,2026-01-05,c1,b,2,1\n2,2026-01-05,c2,a,1,1.5\n1,2026-01-05,c1,c,1,1\n",
			"2 orders, 4 lines, 7.50, 2026-01-05, 2 customers", []string{"group_by_sorted: false"},
		},
		"words for no value": {
			"order,date,customer,total,paid\n1,2026-01-05,c1,10.00,2026-01-06\n2,2026-01-05,c2,n/a,-\n3,2026-01-06,c3,5.00,2026-01-07\n",
			"3 orders, 0 lines, 15.00, 1 of them without an amount, 2026-01-05 to 2026-01-06, 3 customers", []string{`"null": ["-", "n/a"]`, "type: decimal"},
		},
		"a day and a time of day": {
			"Receipt No,Date,Time,Customer,Item,Qty,Price\n1,13/01/2026,23:30:05,c1,Tea,1,2.50\n1,13/01/2026,23:30:05,c1,Bun,2,1.00\n2,14/01/2026,08:00:00,c2,Tea,1,2.50\n",
			"2 orders, 3 lines, 7.00, 2026-01-13 to 2026-01-14, 2 customers", []string{`template: "{Date} {Time}"`},
		},
		"German": {
			"Bestellnummer;Bestelldatum;Kundennummer;Artikelnummer;Menge;Einzelpreis\n1;05.01.2026 10:00;K1;a;2;1.049,90\n1;05.01.2026 10:00;K1;b;1;9,95\n2;06.01.2026 11:00;K2;b;3;9,95\n",
			"2 orders, 3 lines, 2,139.60, 2026-01-05 to 2026-01-06, 2 customers", []string{`thousands: "."`},
		},
		"Chinese": {
			"订单编号,下单时间,客户编号,商品编号,数量,单价\n1,2026年1月5日 10:00:00,k1,a,2,¥1.50\n1,2026年1月5日 10:00:00,k1,b,1,¥2.00\n2,2026年1月6日 10:00:00,k2,b,1,¥2.00\n",
			"2 orders, 3 lines, 7.00 CNY, 2026-01-05 to 2026-01-06, 2 customers", []string{"currency: {value: CNY}"},
		},
		"Japanese": {
			"注文番号,注文日,顧客番号,商品コード,数量,単価\n1,2026/01/05,k1,a,2,\"¥1,980\"\n1,2026/01/05,k1,b,1,\"¥12,800\"\n2,2026/01/06,k2,b,1,\"¥12,800\"\n3,2026/01/06,k2,エ,1,¥500\n",
			"3 orders, 4 lines, 30,060.00 JPY, 2026-01-05 to 2026-01-06, 2 customers", []string{"currency: {value: JPY}"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := of(t, c.content)
			for _, part := range c.mapping {
				if !strings.Contains(d.Mapping, part) {
					t.Errorf("the mapping has no %s", part)
				}
			}
			if got := d.Trial.Totals.String(); got != c.totals || len(d.Trial.Rejected) > 0 || !d.Trial.Whole {
				t.Errorf("%s, want %s, rejected %v", got, c.totals, d.Trial.Example)
			}
			if t.Failed() {
				t.Log(d.Mapping)
			}
		})
	}
}

// TestADraftWithoutATimeSaysSo: orders that nothing dates are asked for, in the mapping and in the notes, and their totals say it too.
func TestADraftWithoutATimeSaysSo(t *testing.T) {
	d := of(t, "order no,customer no,ship date,total\n1,a,2026-01-05,10\n2,b,2026-01-06,12\n")
	if !strings.Contains(d.Mapping, "# timestamp: {column: ...}  # CHANGE THIS") || !strings.Contains(d.notes(Ask), "dated at the import") ||
		!strings.Contains(d.Trial.Totals.String(), "2 dated at the import") {
		t.Errorf("%s%s%s", d.Mapping, d.notes(Ask), d.Trial.Totals.String())
	}
}

// TestGuessesAreSaid: what the values leave open is a guess or a question, never sure, and the other reading is named.
func TestGuessesAreSaid(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		level   Level
		says    []string
	}{
		"day or month":            {"order no,date,email,total\n1,01/02/2026,a@example.com,10\n2,03/04/2026,b@example.com,12\n", Ask, []string{`the time is "date"`, "date"}},
		"which dollar":            {"order no,date,email,total\n1,2026-01-05,a@example.com,$10.00\n2,2026-01-06,b@example.com,$12.00\n", Ask, []string{"$ stands beside the amounts", "CAD"}},
		"price or line total":     {"order no,date,email,sku,qty,price\n1,2026-01-05,a@example.com,x,2,10\n1,2026-01-05,a@example.com,y,3,12\n", Guessed, []string{`"price" is the price of one unit by its name`, "call it total"}},
		"whose order it is":       {"order no,date,total\n1,2026-01-05,10\n2,2026-01-06,12\n", Ask, []string{"no column has a name usual for a person"}},
		"what it is worth":        {"order no,date,email\n1,2026-01-05,a@example.com\n2,2026-01-06,b@example.com\n", Ask, []string{"no column has a name usual for an amount"}},
		"no zone":                 {"order no,date,email,total\n1,2026-01-05 10:00:00,a@example.com,10\n", Guessed, []string{"times name no zone"}},
		"how numbers are written": {"id;when;email;amount\n1;2026-01-05;a@example.com;1,234\n2;2026-01-06;b@example.com;2,500\n", Guessed, []string{"numbers have the decimal sign", "format.thousands"}},
		"which yen of a payment":  {"id,when,email,amount,fee\n1,2026-01-05,a@example.com,¥12,1\n", Ask, []string{"¥ stands beside the amounts"}},
		"no order's number":       {"order,date,email,total\n1,2026-01-05,a@example.com,10\n1,2026-01-05,b@example.com,12\n2,2026-01-05,a@example.com,10\n2,2026-01-05,b@example.com,12\n", Guessed, []string{"name different people"}},
		"what the amounts are":    {"order no,date,email,total\n1,2026-01-05 10:00:00,a@example.com,10\n", Guessed, []string{"nothing names the currency"}},
	} {
		d := of(t, c.content)
		for _, part := range c.says {
			if !strings.Contains(d.notes(c.level), part) {
				t.Errorf("%s: %s does not say %q:\n%s", name, c.level, part, d.notes(c.level))
			}
			if !strings.Contains(d.Mapping, part) {
				t.Errorf("%s: the mapping's head does not say %q:\n%s", name, part, d.Mapping)
			}
		}
	}
}

// TestARowIsNoHeader: of a file without a header the first row counts, under names that are made up.
func TestARowIsNoHeader(t *testing.T) {
	d := of(t, "1,2026-05-01,c1,10.50\n2,2026-05-02,c2,20.00\n3,2026-05-03,c3,5.25\n")
	if d.Trial.Totals.Events != 3 || !strings.Contains(d.Mapping, "columns: [column_1, column_2, column_3, column_4]") || !strings.Contains(d.notes(Guessed), "no header") {
		t.Errorf("%s\n%s", d.Trial.Totals.String(), d.Mapping)
	}
}

// TestADraftOfOddNamesLoads: a column may have any name.
func TestADraftOfOddNamesLoads(t *testing.T) {
	for _, name := range []string{`a"b`, "a: b", "- x", "#", "{x}", "'", "\u2028", "é", "null", "a\nb", "products", "x.y", "x", "order_id.x", "%"} {
		t.Run(fmt.Sprintf("%q", name), func(t *testing.T) {
			quoted := `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
			for _, content := range []string{"order no,date,email,total," + quoted + "\n1,2026-01-05,a@example.com,10,v\n", quoted + ",date\nv,2026-01-05\n", "id," + quoted + "\n1,v\n"} {
				d := of(t, content)
				if _, err := mapping.Load(strings.NewReader(d.Mapping)); err != nil || d.Trial.Rows != 1 {
					t.Errorf("%v, %d rows\n%s", err, d.Trial.Rows, d.Mapping)
				}
			}
		})
	}
}
