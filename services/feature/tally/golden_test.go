package tally

import (
	"errors"
	"math"
	"testing"

	"github.com/freshet/freshet/pkg/catalog/expr"
	"github.com/freshet/freshet/pkg/wire/wiretest"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
)

// everyOp is a catalogue whose plan has a column of each form.
const everyOp = byKeys + `
- {name: mean, description: d, level: behaviour, aggregate: average, value: properties.n, windows: [1h, 7d]}
- {name: least, description: d, level: behaviour, aggregate: min, value: properties.n, windows: [24h, lifetime]}
- {name: most, description: d, level: behaviour, aggregate: max, value: properties.n, windows: [24h, lifetime]}
- {name: began, description: d, level: behaviour, aggregate: first, value: properties.k}
- {name: ended, description: d, level: behaviour, aggregate: last_number, value: properties.n}
- {name: seen, description: d, level: behaviour, aggregate: first_time}
- {name: since, description: d, level: behaviour, aggregate: since_last}
- {name: fading, description: d, level: behaviour, aggregate: decayed_sum, value: properties.n, half_life: 8h}
- {name: gap, description: d, level: behaviour, aggregate: gap_mean}
- {name: visits, description: d, level: behaviour, aggregate: session_count, windows: [7d]}
- {name: row, description: d, level: behaviour, aggregate: streak_current}
- {name: told, description: d, level: basic, aggregate: traits, where: 'type == "identify"'}
- {name: spent, description: d, level: value, from: orders, aggregate: sum, value: spend, windows: [1h, lifetime]}
- {name: rhythm, description: d, level: value, from: orders, aggregate: gap_mean}
`

// The bytes of a state stand still.
func TestGoldenState(t *testing.T) {
	e := New(planOf(t, everyOp).Plan())
	var x expr.Event
	one, full := e.New(), e.New()
	x.Reset(keyed(epoch, "a", 3))
	one.Insert(&x, epoch)
	for i, at := range []int64{epoch - 40*dayMs, epoch - 3*dayMs, epoch - 3*dayMs + 1, epoch} {
		x.Reset(keyed(at, string(rune('a'+i%3)), i-1))
		full.Insert(&x, epoch)
		full.Post(&orderv1.Posting{AtMs: at, Orders: 1, QuantityMicros: 2_000_000, SpendMicros: math.MaxInt64, RefundMicros: 7}, false, epoch)
	}
	x.Reset(&eventv1.Event{OccurredMs: epoch - 5_000, Type: eventv1.EventType_EVENT_TYPE_IDENTIFY, Source: "app", TraitsJson: []byte(`{"plan":"gold","age":33}`)})
	full.Insert(&x, epoch)
	full.Post(&orderv1.Posting{AtMs: epoch, Orders: 1, SpendMicros: math.MaxInt64}, true, epoch)
	read := func(b []byte) (*State, error) {
		s, rest, err := e.Decode(b, nil)
		if len(rest) > 0 {
			err = errors.New("bytes are left")
		}
		return s, err
	}
	examples := map[string]*State{"nothing": e.New(), "one event": one, "every form, sums beyond 64 bits and one taken back": full}
	for name, s := range examples {
		again, err := read(s.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		examples[name] = again // as it is read, without the room that lists have while they grow
	}
	wiretest.Golden(t, wiretest.Layout[*State]{Format: format, Name: "feature-state", Version: 3, Write: func(s *State) []byte { return s.Append(nil) }, Read: read, Examples: examples})
}
