package orderbook

import (
	"testing"

	"github.com/freshet/freshet/pkg/order"
	"github.com/freshet/freshet/pkg/wire/wiretest"
)

// The books are protobuf, which scripts/check-breaking.sh holds. Where they stand, and the number beside them, is held here.
func TestGoldenState(t *testing.T) {
	m := &memory{kv: map[string][]byte{}}
	fold(t, m, event("a", 1, completed, 60), event("b", 2, refunded, 20))
	wiretest.Golden(t, wiretest.Layout[[]byte]{
		Name: "orderbook-keys", Version: 1, Write: func(b []byte) []byte { return b },
		Examples: map[string][]byte{
			"an order's book": append([]byte{prefixBook}, order.Key("w", "O")...), "the sequence": {prefixSequence},
			"the sequence's value after two changes": m.kv[string([]byte{prefixSequence})],
		},
	})
}
