package tiles_test

import (
	"errors"
	"math"
	"testing"

	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/pkg/wire/wiretest"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	"github.com/freshet/freshet/services/feature/spec"
	"github.com/freshet/freshet/services/feature/tiles"
)

func TestGoldenState(t *testing.T) {
	const noon, day = 1_781_524_800_000, 86_400_000 // 15 June 2026
	one := &tiles.State{}
	one.Insert(spec.Sample{AtMs: noon, Name: "Product Viewed"}, noon)
	full := &tiles.State{}
	for _, at := range []int64{noon - 40*day, noon - 3*day, noon - 3*day + 1, noon} {
		full.Insert(spec.Sample{AtMs: at, Name: "Order Completed"}, noon)
		full.Post(spec.ReadPosting(&orderv1.Posting{AtMs: at, Orders: 1, QuantityMicros: 2_000_000, SpendMicros: math.MaxInt64, RefundMicros: 7}, false), noon)
	}
	full.Insert(spec.Sample{AtMs: noon - 5_000, Name: ""}, noon)
	full.Post(spec.ReadPosting(&orderv1.Posting{AtMs: noon, Orders: 1, SpendMicros: math.MaxInt64}, true), noon)
	wiretest.Golden(t, wiretest.Layout[*tiles.State]{
		Name: "feature-state", Version: 2,
		Write: func(s *tiles.State) []byte { return s.Append(nil) },
		Read: func(b []byte) (*tiles.State, error) {
			s, rest, err := tiles.Decode(b)
			if len(rest) > 0 {
				err = errors.New("bytes are left")
			}
			return s, err
		},
		Examples: map[string]*tiles.State{"one event": one, "orders, sums beyond 64 bits and one taken back": full},
	})
}

func TestAStateOfANewerReleaseIsToldApart(t *testing.T) {
	if _, _, err := tiles.Decode([]byte{3, 0}); !errors.Is(err, wire.ErrNewer) {
		t.Error(err)
	}
	if _, _, err := tiles.Decode([]byte{1, 0}); !errors.Is(err, wire.ErrOlder) {
		t.Error(err)
	}
}
