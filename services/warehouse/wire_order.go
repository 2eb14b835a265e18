package warehouse

import eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"

func readOrder(c *cursor, x *eventv1.Order) {
	for c.next() {
		switch c.num {
		case 1:
			x.OrderId = c.text()
		case 2:
			x.Kind = eventv1.OrderKind(int32(c.number()))
		case 3:
			x.Currency = c.text()
		case 4:
			x.TotalMicros = new(int64(c.number()))
		case 5:
			item := new(eventv1.OrderItem)
			c.sub(func(c *cursor) { readItem(c, item) })
			x.Items = append(x.Items, item)
		case 6:
			c.odd = c.odd || x.Conversion != nil
			x.Conversion = new(eventv1.Conversion)
			c.sub(func(c *cursor) { readConversion(c, x.Conversion) })
		default:
			c.odd = true
		}
	}
}

func readItem(c *cursor, x *eventv1.OrderItem) {
	for c.next() {
		switch c.num {
		case 1:
			x.Line = int32(c.number())
		case 2:
			x.ProductId = c.text()
		case 3:
			x.Name = c.text()
		case 5:
			x.UnitPriceMicros = new(int64(c.number()))
		case 6:
			x.QuantityMicros = int64(c.number())
		case 7:
			x.Sku = c.text()
		case 8:
			x.TotalMicros = new(int64(c.number()))
		default:
			c.odd = true
		}
	}
}

func readConversion(c *cursor, x *eventv1.Conversion) {
	for c.next() {
		switch c.num {
		case 1:
			x.Currency = c.text()
		case 2:
			x.RateE12 = int64(c.number())
		case 3:
			x.RateDate = c.text()
		default:
			c.odd = true
		}
	}
}
