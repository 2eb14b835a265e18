package orderbook

import (
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/order"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// BenchmarkFold takes events of orders that get a sale, a copy of it, an update and a refund each, into a state in memory.
func BenchmarkFold(b *testing.B) {
	m, err := NewMetrics(nil)
	if err != nil {
		b.Fatal(err)
	}
	h, state := New(0, m), &memory{kv: map[string][]byte{}}
	kinds := []eventv1.OrderKind{completed, completed, updated, refunded}
	n := 0
	for b.Loop() {
		r := event(fmt.Sprint(n), n%4, kinds[n%4], int64(n%4)*1_000_000+1)
		r.Event.Order.OrderId = fmt.Sprint(n / 4)
		r.Event.Order.Items = []*eventv1.OrderItem{{Line: 1, ProductId: "p", QuantityMicros: 1_250_000, UnitPriceMicros: new(int64(2_400_000))}}
		value, err := proto.Marshal(r)
		if err != nil {
			b.Fatal(err)
		}
		if err := h.Fold(state, broker.Record{Key: order.Key("w", r.Event.Order.OrderId), Value: value}); err != nil {
			b.Fatal(err)
		}
		state.out = state.out[:0]
		n++
	}
}
