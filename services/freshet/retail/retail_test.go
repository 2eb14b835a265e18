package retail

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/freshet/freshet/pkg/money"
	"github.com/freshet/freshet/pkg/testkit"
)

const header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

type event struct {
	Type, MessageID, UserID, AnonymousID, Event string
	Timestamp                                   time.Time
	Properties                                  struct {
		OrderID  string `json:"order_id"`
		Adjusted bool
		Currency string
		Total    json.Number
		Country  string
		Products []struct {
			ProductID string `json:"product_id"`
			Name      string
			Quantity  int64
			Price     json.Number
		}
	}
}

func parse(t *testing.T, inv *Invoice, shift time.Duration) (e event) {
	t.Helper()
	if err := json.Unmarshal(inv.Event(shift), &e); err != nil {
		t.Fatalf("%s: %v", inv.Event(shift), err)
	}
	return e
}

func TestInvoicesBecomeEvents(t *testing.T) {
	invoices, err := Read(strings.NewReader(header +
		"536370,22728,\"ALARM, \"\"PINK\"\" £5\",24,2010-12-01 08:45:00,3.75,12583.0,France\n" +
		"536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n" +
		"A563186,B,Adjust bad debt,1,2011-08-12 14:51:00,-11062.06,,United Kingdom\n" +
		"C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,14527.0,United Kingdom\n" +
		"536365,85123A,HOLDER,6,2010-12-01 08:27:00,2.55,17850.0,United Kingdom\n" +
		"536414,22139,,-56,2010-12-01 11:52:00,0.001,,United Kingdom\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]event{}
	var order []string
	for _, inv := range invoices {
		got[inv.Number] = parse(t, inv, 0)
		order = append(order, inv.Number)
	}
	if s := strings.Join(order, " "); s != "536365 536370 C536379 536414 A563186" {
		t.Errorf("in the order %s", s)
	}
	sale := got["536365"]
	if sale.Event != "Order Completed" || sale.UserID != "17850" || sale.AnonymousID != "" || sale.MessageID != "online-retail-536365" ||
		len(sale.Properties.Products) != 2 || sale.Properties.Total != "30.60" || !sale.Timestamp.Equal(time.Date(2010, 12, 1, 8, 26, 0, 0, time.UTC)) {
		t.Errorf("a sale with a repeated line and two times: %+v", sale)
	}
	if p := got["536370"].Properties.Products[0]; p.Name != `ALARM, "PINK" £5` || p.Price != "3.75" || p.Quantity != 24 || p.ProductID != "22728" {
		t.Errorf("a line: %+v", p)
	}
	if e := got["C536379"]; e.Event != "Order Refunded" || e.Properties.Total != "-27.50" || e.Properties.Products[0].Quantity != -1 {
		t.Errorf("a cancellation: %+v", e)
	}
	if e := got["A563186"]; e.Event != "Order Adjusted" || !e.Properties.Adjusted || e.Properties.Total != "-11062.06" || e.AnonymousID != "invoice-A563186" {
		t.Errorf("an adjustment: %+v", e)
	}
	if e := got["536414"]; e.Event != "Order Completed" || e.UserID != "" || e.Properties.Total != "-0.056" {
		t.Errorf("a plain invoice below zero: %+v", e)
	}
}

func TestShiftMovesTimesAndNothingElse(t *testing.T) {
	invoices, err := Read(strings.NewReader(header +
		"1,A,x,1,2010-12-01 08:26:00,1,7.0,UK\n2,A,x,1,2011-12-09 12:50:00,1,7.0,UK\n"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 5, 1, 10, 0, 0, 123, time.UTC)
	shift := ShiftTo(invoices, now)
	first, last := parse(t, invoices[0], shift), parse(t, invoices[1], shift)
	if !last.Timestamp.Equal(now.Truncate(time.Second)) || last.Timestamp.Sub(first.Timestamp) != invoices[1].At.Sub(invoices[0].At) {
		t.Errorf("%s and %s", first.Timestamp, last.Timestamp)
	}
	if plain := parse(t, invoices[1], 0); plain.MessageID != last.MessageID {
		t.Errorf("the id moved with the time: %s and %s", plain.MessageID, last.MessageID)
	}
}

func TestFaultsNameTheLine(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"another file":          {"a,b\n1,2\n", "not the Online Retail file"},
		"empty":                 {"", "not the Online Retail file"},
		"quantity":              {header + "1,A,x,1.5,2010-12-01 08:26:00,1,7.0,UK\n", "line 2: column Quantity"},
		"price":                 {header + "1,A,x,1,2010-12-01 08:26:00,NaN,7.0,UK\n", "line 2: column UnitPrice"},
		"time":                  {header + "1,A,x,1,yesterday,1,7.0,UK\n", "line 2: column InvoiceDate"},
		"two customers":         {header + "1,A,x,1,2010-12-01 08:26:00,1,7.0,UK\n1,A,x,1,2010-12-01 08:26:00,1,8.0,UK\n", `line 3: invoice 1 has the customers "7" and "8"`},
		"too few columns":       {header + "1,A\n", "line 2"},
		"a cut gzip":            {"\x1f\x8b\x08", "unpack"},
		"an invoice with no no": {header + ",A,x,1,2010-12-01 08:26:00,1,7.0,UK\n", "InvoiceNo"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Read(strings.NewReader(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestGzipIsRecognised(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(header + "1,A,x,1,2010-12-01 08:26:00,1,7.0,UK\n")); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	if invoices, err := Read(&b); err != nil || len(invoices) != 1 {
		t.Errorf("%v, %v", invoices, err)
	}
}

// TestTheWholeFile holds the reader against the numbers published with the file.
func TestTheWholeFile(t *testing.T) {
	f, err := os.Open(testkit.Data(t, "online_retail.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	invoices, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	kinds, customers := map[string]int{}, map[string]bool{}
	lines, quantity, total, largest := 0, int64(0), int64(0), 0
	for i, inv := range invoices {
		kinds[inv.EventName()]++
		customers[inv.Customer] = true
		lines += inv.Lines
		quantity += inv.Quantity
		total += inv.TotalMicros
		if i > 0 && inv.At.Before(invoices[i-1].At) {
			t.Fatalf("%s is out of order", inv.Number)
		}
		largest = max(largest, len(inv.Event(0)))
	}
	delete(customers, "")
	if len(invoices) != 25_900 || lines != 541_909 || len(customers) != 4_372 || quantity != 5_176_450 || money.Format(total) != "9747747.934" {
		t.Errorf("%d invoices, %d lines, %d customers, quantity %d, total %s", len(invoices), lines, len(customers), quantity, money.Format(total))
	}
	if kinds["Order Completed"] != 22_061 || kinds["Order Refunded"] != 3_836 || kinds["Order Adjusted"] != 3 {
		t.Errorf("%v", kinds)
	}
	t.Logf("the largest event has %d bytes", largest)
}
