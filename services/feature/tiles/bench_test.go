package tiles_test

import (
	"fmt"
	"math"
	"testing"

	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/feature/internal/oracle"
	"github.com/freshet/freshet/services/feature/spec"
	"github.com/freshet/freshet/services/feature/tiles"
)

// BenchmarkDecode reads a state of events spread over a year, one in ten an order.
func BenchmarkDecode(b *testing.B) {
	now := oracle.Epoch.UnixMilli()
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("events=%d", n), func(b *testing.B) {
			var s tiles.State
			for i := range n {
				at := now - int64(n-1-i)*365*86_400_000/int64(n)
				s.Insert(spec.Sample{AtMs: at, Name: fmt.Sprint("Event ", i%7)}, now)
				if i%10 == 0 {
					s.Post(spec.ReadPosting(&orderv1.Posting{AtMs: at, Orders: 1, QuantityMicros: 2_000_000, SpendMicros: math.MaxInt32}, false), now)
				}
			}
			value := s.Append(nil)
			b.SetBytes(int64(len(value)))
			for b.Loop() {
				if _, _, err := tiles.Decode(value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
