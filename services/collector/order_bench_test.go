package collector

import "testing"

// orderCompleted is a sale of two lines, as a shop's server sends it.
const orderCompleted = `{"type":"track","event":"Order Completed","userId":"user-18273","messageId":"order-50314b8e9bcf000000000000","timestamp":"2026-03-01T11:59:58.123Z",` +
	`"properties":{"checkout_id":"fksdjfsdjfisjf9sdfjsd9f","order_id":"50314b8e9bcf000000000000","affiliation":"Web","total":27.5,"revenue":25,"shipping":3,"tax":2,"discount":2.5,"coupon":"hasbros","currency":"USD",` +
	`"products":[{"product_id":"507f1f77bcf86cd799439011","sku":"45790-32","name":"Monopoly: 3rd Edition","price":19,"quantity":1,"category":"Games"},` +
	`{"product_id":"505bd76785ebb509fc183733","sku":"46493-32","name":"Uno Card Game","price":3,"quantity":2,"category":"Games"}]}}`

// BenchmarkDecodeOrder is the order path: an event with money and lines, read whole.
func BenchmarkDecodeOrder(b *testing.B) { benchmarkDecode(b, []byte(orderCompleted), call{typ: 1}, 1) }
