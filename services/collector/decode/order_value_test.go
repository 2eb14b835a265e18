package decode

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// exactly is quantity times price by arithmetic without bounds, rounded half to even.
func exactly(quantity, price int64) *big.Int {
	product := new(big.Int).Mul(big.NewInt(quantity), big.NewInt(price))
	floor, rest := new(big.Int).DivMod(product, big.NewInt(1_000_000), new(big.Int)) // rest is never negative
	switch twice := rest.Int64() * 2; {
	case twice > 1_000_000, twice == 1_000_000 && floor.Bit(0) == 1:
		floor.Add(floor, big.NewInt(1))
	}
	return floor
}

func TestLineValuesAgainstExactArithmetic(t *testing.T) {
	edge := rapid.SampledFrom([]int64{0, 1, -1, 500_000, 1_000_000, 1_500_000, math.MaxInt64, math.MinInt64, maxQuantity, -maxQuantity, 3, -3})
	number := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-5_000_000, 5_000_000), rapid.Int64Range(-1e12, 1e12), edge)
	rapid.Check(t, func(t *rapid.T) {
		quantity, price := number.Draw(t, "quantity"), number.Draw(t, "price")
		want, fits := exactly(quantity, price), true
		if !want.IsInt64() {
			fits = false
			want = big.NewInt(bound(want.Sign() < 0))
		}
		got, ok, whole := lineValue(&eventv1.OrderItem{QuantityMicros: quantity, UnitPriceMicros: &price})
		if !ok || whole != fits || got != want.Int64() {
			t.Fatalf("%d x %d is %d (whole %v), want %d (%v)", quantity, price, got, whole, want, fits)
		}
	})
}

func TestLineValue(t *testing.T) {
	for name, c := range map[string]struct {
		item *eventv1.OrderItem
		want int64
		ok   bool
	}{
		"no price":                             {&eventv1.OrderItem{QuantityMicros: 2_000_000}, 0, false},
		"a price of zero":                      {&eventv1.OrderItem{QuantityMicros: 2_000_000, UnitPriceMicros: new(int64)}, 0, true},
		"a total before a price":               {&eventv1.OrderItem{QuantityMicros: 2_000_000, UnitPriceMicros: new(int64(5)), TotalMicros: new(int64(7))}, 7, true},
		"a kilo and a quarter":                 {&eventv1.OrderItem{QuantityMicros: 1_250_000, UnitPriceMicros: new(int64(2_400_000))}, 3_000_000, true},
		"a quotient of 64 ones that rounds up": {&eventv1.OrderItem{QuantityMicros: 4611681406745981158, UnitPriceMicros: new(int64(4000004))}, math.MaxInt64, true},
		"a quotient of more than 64 bits":      {&eventv1.OrderItem{QuantityMicros: math.MaxInt64, UnitPriceMicros: new(int64(-10_000_000))}, math.MinInt64, true},
	} {
		if got, ok, _ := lineValue(c.item); got != c.want || ok != c.ok {
			t.Errorf("%s: %d, %v", name, got, ok)
		}
	}
}

func TestASumEndsAtTheBound(t *testing.T) {
	for properties, want := range map[string]int64{
		`{"order_id":"1","products":[{"id":"a","price":9000000000000},{"id":"b","price":9000000000000},{"id":"c","price":-1}]}`: math.MaxInt64 - 1_000_000,
		`{"order_id":"1","products":[{"id":"a","price":-9000000000000},{"id":"b","price":-9000000000000}]}`:                     math.MinInt64,
	} {
		e, notes := readAs(plainSource(), "Order Completed", properties)
		if e.Order.GetTotalMicros() != want || notes != "saturated total" {
			t.Errorf("%s: %d, %q", properties, e.Order.GetTotalMicros(), notes)
		}
	}
}
