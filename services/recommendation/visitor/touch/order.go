package touch

import (
	"math/big"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/recommendation/itemid"
)

// ofOrder reads the lines of an order.
func ofOrder(o *eventv1.Order) Read {
	out := Read{Order: o.GetOrderId()}
	kind := buy
	switch o.GetKind() {
	case eventv1.OrderKind_ORDER_KIND_COMPLETED:
	case eventv1.OrderKind_ORDER_KIND_REFUNDED:
		kind = back
	case eventv1.OrderKind_ORDER_KIND_CANCELLED:
		out.Undone = true
	default:
		return Read{}
	}
	places := map[string]int{}
	for i, x := range o.GetItems() {
		if i == Most {
			break
		}
		d := Deed{Item: itemid.Clean(x.GetProductId()), Kind: kind, Line: x.GetLine(), Quantity: size(x.GetQuantityMicros())}
		if d.Item == "" {
			d.Item = itemid.Clean(x.GetSku())
		}
		if d.Item == "" || len(d.Item) > itemid.Most {
			continue
		}
		d.Value, d.HasValue = worth(x, o.GetConversion())
		at, again := places[d.Item]
		if !again {
			places[d.Item] = len(out.Deeds)
			out.Deeds = append(out.Deeds, d)
			continue
		}
		out.Deeds[at].add(d)
	}
	return out
}

// size is a quantity without its sign: refunds have it as shops like. A refund that says none, which is all that is left of the line, counts as one.
func size(n int64) int64 {
	if n < 0 {
		n = -n
	}
	if n <= 0 {
		return unit
	}
	return n
}

// add joins a further line of the same item. Quantities are bounded by the collector far below what overflows for Most lines, values are not: a sum that does not fit is not known.
func (d *Deed) add(o Deed) {
	if sum := d.Quantity + o.Quantity; sum > 0 {
		d.Quantity = sum
	}
	sum := d.Value + o.Value
	d.HasValue = d.HasValue && o.HasValue && (sum > d.Value) == (o.Value > 0)
	if d.Value = sum; !d.HasValue {
		d.Value = 0
	}
}

// worth is what a line is in the workspace's currency; false when it is not known, or does not fit.
func worth(x *eventv1.OrderItem, c *eventv1.Conversion) (int64, bool) {
	if c == nil || x.TotalMicros == nil && x.UnitPriceMicros == nil {
		return 0, false
	}
	n, by := big.NewInt(x.GetTotalMicros()), big.NewInt(1_000_000_000_000)
	if x.TotalMicros == nil {
		n.Mul(big.NewInt(x.GetUnitPriceMicros()), big.NewInt(x.GetQuantityMicros()))
		by.Mul(by, big.NewInt(unit))
	}
	n.Mul(n, big.NewInt(c.GetRateE12())).Abs(n)
	n.Add(n, new(big.Int).Rsh(by, 1)).Quo(n, by)
	return n.Int64(), n.IsInt64()
}
