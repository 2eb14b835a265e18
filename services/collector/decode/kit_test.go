package decode

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/money"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// noon is when the events of these tests are received.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ms(t *testing.T, iso string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, iso)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMilli()
}

// cloud is a CloudEvent with some of its attributes changed, or taken out where the change is null.
func cloud(t testing.TB, changes string) string {
	t.Helper()
	e := map[string]any{"specversion": "1.0", "id": "A-1", "source": "/shop/orders", "type": "Product Viewed", "data": map[string]any{"userId": "42"}}
	if err := json.Unmarshal([]byte(changes), &e); err != nil {
		t.Fatal(err)
	}
	for name, value := range e {
		if value == nil {
			delete(e, name)
		}
	}
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func micros(text string) int64 {
	n, err := money.ParseMicros(text)
	if err != nil {
		panic(err)
	}
	return n
}

// an order of these lines; total "" is none.
func anOrder(id, currency, total string, lines ...*eventv1.OrderItem) *eventv1.Order {
	o := &eventv1.Order{OrderId: id, Kind: completed, Currency: currency, Items: lines}
	if total != "" {
		o.TotalMicros = new(micros(total))
		o.Conversion = &eventv1.Conversion{Currency: currency, RateE12: 1e12}
	}
	return o
}
