package decode

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/rates"
)

// euros is a source of a workspace that counts in euros, with these rates.
func euros(t testing.TB, lines string) *Rules {
	t.Helper()
	table, err := rates.Parse([]byte("date,currency,rate\n"+lines), "EUR")
	if err != nil {
		t.Fatal(err)
	}
	return &Rules{Source: "web", Workspace: "default", Currency: "EUR", Rates: table}
}

// The events of readAs happen at noon, 2026-03-01.
func TestWhatAnOrderIsWorth(t *testing.T) {
	src := euros(t, "2026-02-27,USD,0.92\n2026-03-02,USD,0.5\n2026-01-28,GBP,1.15\n2026-01-29,CHF,1.04\n2026-03-01,PTS,0.01\n")
	for properties, want := range map[string]string{
		`{"order_id":"1","total":10,"currency":"EUR"}`:                            "EUR 1000000000000 ",
		`{"order_id":"1","total":10}`:                                             "EUR 1000000000000 ",
		`{"order_id":"1","total":10,"currency":"XXX"}`:                            "EUR 1000000000000 ",
		`{"order_id":"1","total":10,"currency":"usd"}`:                            "EUR 920000000000 2026-02-27",
		`{"order_id":"1","total":"$10 USD"}`:                                      "EUR 920000000000 2026-02-27",
		`{"order_id":"1","total":10,"currency":"CHF"}`:                            "EUR 1040000000000 2026-01-29",
		`{"order_id":"1","total":10,"currency":"PTS"}`:                            "EUR 10000000000 2026-03-01",
		`{"order_id":"1","total":10,"currency":"GBP"}`:                            "none; no_rate currency", // 32 days old
		`{"order_id":"1","total":10,"currency":"JPY"}`:                            "none; no_rate currency",
		`{"order_id":"1","currency":"JPY"}`:                                       "none", // no amount, nothing to convert
		`{"order_id":"1","total":10,"currency":"EUROZ"}`:                          "none; unknown_currency currency",
		`{"order_id":"1","total":10,"currency":"ABC"}`:                            "none; unknown_currency currency; no_rate currency",
		`{"order_id":"1","currency":"USD","products":[{"id":"a","price":"1.5"}]}`: "EUR 920000000000 2026-02-27",
	} {
		e, notes := readAs(src, "Order Completed", properties)
		got := "none"
		if c := e.Order.Conversion; c != nil {
			got = fmt.Sprintf("%s %d %s", c.Currency, c.RateE12, c.RateDate)
		}
		if notes != "" {
			got += "; " + notes
		}
		if got != want {
			t.Errorf("%s: %s, want %s", properties, got, want)
		}
	}
	if e, _ := readAs(plainSource(), "Order Completed", `{"order_id":"1","total":10,"currency":"USD"}`); e.Order.Conversion.GetCurrency() != "USD" || e.Order.Conversion.GetRateE12() != rates.One {
		t.Errorf("a workspace without a currency: %v", e.Order.Conversion)
	}
}

// The rate is that of the day on which the order happened, not of the day on which it came.
func TestTheRateIsOfTheOrdersDay(t *testing.T) {
	src := euros(t, "2026-02-01,USD,0.9\n2026-02-02,USD,0.8\n2026-03-01,USD,0.7\n")
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.Int64Range(-40*86_400_000, 0).Draw(t, "before noon") + noon.UnixMilli()
		w := &Work{}
		w.Event.Type, w.Event.Name, w.Event.OccurredMs, w.Event.ReceivedMs = eventv1.EventType_EVENT_TYPE_TRACK, "Order Completed", at, noon.UnixMilli()
		w.Event.PropertiesJson = []byte(`{"order_id":"1","total":10,"currency":"USD"}`)
		w.readOrder(nil, &Origin{Rules: src})
		want, found := src.Rates.At("USD", at)
		if got := w.Event.Order.GetConversion(); got.GetRateE12() != want.E12 || (got != nil) != found {
			t.Fatalf("%d: %v, want %+v", at, got, want)
		}
	})
}
