package standalone

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/freshet/freshet/pkg/stack"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/warehouse/reconcile"
)

// said is one order event as a client sends it: who, what, when (minutes after the first), and its properties.
type said struct {
	user   string
	event  string
	minute int
	more   map[string]any
}

// numbers are the lifetime numbers of a customer that orders decide, as the API writes them.
type numbers struct{ orders, quantity, spend, refunds, refunded string }

func lines(products ...map[string]any) map[string]any { return map[string]any{"products": products} }

func inAll(amount any) map[string]any { return map[string]any{"total_refunded": amount} }

func total(amount any) map[string]any { return map[string]any{"total": amount} }

// What happens to an order on its way through the real stack: each case is one order number.
func TestOneOrderIsOneOrder(t *testing.T) {
	const bought, changed, undone, back = "Order Completed", "Order Updated", "Order Cancelled", "Order Refunded"
	two := map[string]any{"product_id": "p", "price": 40, "quantity": 2}
	cases := map[string]struct {
		events []said
		want   numbers
		state  string
	}{
		"sent twice":           {[]said{{"", bought, 1, total(60)}, {"", bought, 2, total(60)}}, numbers{"1", "0", "60", "0", "0"}, "completed"},
		"given back by number": {[]said{{"", bought, 1, total(80)}, {"", back, 2, nil}}, numbers{"1", "0", "80", "1", "80"}, "refunded"},
		"one unit given back":  {[]said{{"", bought, 1, lines(two)}, {"", back, 2, lines(map[string]any{"product_id": "p", "quantity": 1})}}, numbers{"1", "2", "80", "1", "40"}, "partially_refunded"},
		"a line given back without a number of units": {[]said{{"", bought, 1, lines(two)}, {"", back, 2, lines(map[string]any{"product_id": "p"})}}, numbers{"1", "2", "80", "1", "80"}, "refunded"},
		"the refund came first":                       {[]said{{"", back, 2, nil}, {"", bought, 1, total(80)}}, numbers{"1", "0", "80", "1", "80"}, "refunded"},
		"changed":                                     {[]said{{"", bought, 1, lines(two)}, {"", changed, 2, total(90)}}, numbers{"1", "2", "90", "0", "0"}, "completed"},
		"changed, told in the other order":            {[]said{{"", changed, 2, total(90)}, {"", bought, 1, lines(two)}}, numbers{"1", "2", "90", "0", "0"}, "completed"},
		"cancelled":                                   {[]said{{"", bought, 1, lines(two)}, {"", undone, 2, nil}}, numbers{"0", "0", "0", "0", "0"}, "cancelled"},
		"more is given back than was paid":            {[]said{{"", bought, 1, total(10)}, {"", back, 2, total(7)}, {"", back, 3, total(-7)}}, numbers{"1", "0", "10", "2", "10"}, "refunded"},
		"given back in all, growing":                  {[]said{{"", bought, 1, total(80)}, {"", back, 2, inAll(10)}, {"", back, 3, inAll(25)}, {"", back, 3, inAll(25)}}, numbers{"1", "0", "80", "2", "25"}, "partially_refunded"},
		"browser and server":                          {[]said{{"anonymous", bought, 1, lines(two)}, {"", bought, 2, map[string]any{"products": []any{two}, "total": 85}}}, numbers{"1", "2", "85", "0", "0"}, "completed"},
		"a credit note":                               {[]said{{"", back, 1, total(-12.5)}}, numbers{"0", "0", "0", "1", "12.5"}, "credited"},
	}
	r := start(t, nil)
	begin := time.Now().Add(-time.Hour)
	for name, c := range cases {
		for i, s := range c.events {
			properties := map[string]any{"order_id": "order " + name}
			for k, v := range s.more {
				properties[k] = v
			}
			e := event(fmt.Sprint(name, " ", i), "track", name, map[string]any{"event": s.event, "properties": properties,
				"timestamp": begin.Add(time.Duration(s.minute) * time.Minute).UTC().Format(time.RFC3339Nano)})
			if s.user == "anonymous" {
				delete(e, "userId")
				e["anonymousId"] = "browser of " + name
			}
			r.send("/v1/batch", e)
		}
	}
	for name, c := range cases {
		id := r.customer("user_id:" + name)
		r.get("/v1/customers/"+id+"/features", func(answer map[string]any) error {
			if diff := cmp.Diff(c.want, lifetime(answer), cmp.AllowUnexported(numbers{})); diff != "" {
				return fmt.Errorf("%s: %s", name, diff)
			}
			return nil
		})
		r.rows("SELECT count() FROM dw.orders WHERE order_id = 'order "+name+"' AND state = '"+c.state+"'", 1)
	}
	r.rows("SELECT count() FROM dw.orders", uint64(len(cases)))
	r.balances(t)
}

// Two orders of the largest amount there is, and a small one: the sum stands at its end, in the stream and in the facts, and says so.
func TestASumBeyond64BitsStandsAtItsEnd(t *testing.T) {
	r := start(t, nil)
	for i, amount := range []string{"9223372036854.775807", "9223372036854.775807", "1"} {
		r.send("/v1/batch", event(fmt.Sprint("m", i), "track", "rich", map[string]any{"event": "Order Completed",
			"properties": map[string]any{"order_id": fmt.Sprint("rich ", i), "total": amount}}))
	}
	id := r.customer("user_id:rich")
	full := func(answer map[string]any) error {
		if n := lifetime(answer); n.spend != "9223372036854.775807" || n.orders != "3" {
			return fmt.Errorf("lifetime is %v", n)
		}
		return nil
	}
	r.get("/v1/customers/"+id+"/features", full)
	r.rows("SELECT count() FROM dw.orders", 3)
	r.get("/v1/customers/"+id+"/features?as_of="+time.Now().UTC().Format(time.RFC3339Nano), full) // a whole second may be before the orders
	r.balances(t)
}

// balances wants the books of the stack to balance, features included.
func (r *rig) balances(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	b, err := r.addr.Broker(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	conn, err := r.addr.ClickHouse(ctx, stack.Login{})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	api, err := r.addr.API(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	if err := reconcile.Settle(ctx, b, reconcile.DefaultGroups()); err != nil {
		t.Fatal(err)
	}
	report, err := reconcile.Run(ctx, reconcile.Options{Broker: b, ClickHouse: conn, Customers: 20,
		Features: func(ctx context.Context, id string) (*featurev1.GetFeaturesResponse, error) {
			return api.Features.GetFeatures(ctx, &featurev1.GetFeaturesRequest{Id: id})
		}})
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	if len(report.Features) == 0 || len(report.Book.Orders) == 0 {
		t.Errorf("nothing was compared: %+v", report)
	}
}

// value is a value of an answer, as it is written; zero where there is none.
func value(answer map[string]any, name string) string {
	values, _ := answer["values"].(map[string]any)
	value, _ := values[name].(map[string]any)
	for _, kind := range []string{"count", "decimal", "moment_ms", "text"} {
		if v, ok := value[kind]; ok {
			return fmt.Sprint(v)
		}
	}
	return "0"
}

func lifetime(answer map[string]any) numbers {
	of := func(name string) string { return value(answer, name+"_lifetime") }
	return numbers{of("orders"), of("quantity"), of("spend"), of("refunds"), of("refund")}
}
