package associate

import (
	"encoding/binary"
	"fmt"

	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/services/recommendation/packed"
)

var format = wire.Format{Name: "rules of recommendation", Oldest: 1, Written: 1, Newest: 1}

// Encode writes rules of so many baskets. Their figures follow from their counts, and are not written.
func Encode(rules []Rule, baskets int) []byte {
	b := packed.Begin(format, 12*len(rules))
	b = binary.AppendUvarint(b, uint64(baskets))
	b = binary.AppendUvarint(b, uint64(len(rules)))
	for i := range rules {
		r := &rules[i]
		b = appendItems(appendItems(b, r.If), r.Then)
		for _, n := range []int{r.Both, r.With, r.Of} {
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	return packed.Seal(b)
}

func appendItems(b []byte, items []int32) []byte {
	b = binary.AppendUvarint(b, uint64(len(items)))
	for _, item := range items {
		b = binary.AppendUvarint(b, uint64(item))
	}
	return b
}

// Decode reads rules and how many baskets they are of. A rule with an item that has no number is left out.
func Decode(data []byte, places packed.Places) (rules []Rule, baskets int, err error) {
	in, err := packed.Open(format, data)
	if err != nil {
		return nil, 0, err
	}
	baskets = in.Number()
	n := in.Count(5)
	rules = make([]Rule, 0, n)
	for range n {
		given, whole := readItems(&in, places)
		then, all := readItems(&in, places)
		both, with, of := in.Number(), in.Number(), in.Number()
		if in.Failed() || len(given) == 0 || len(then) == 0 || both < 1 || both > min(with, of) || max(with, of) > baskets {
			return nil, 0, fmt.Errorf("%s: %w", format.Name, wire.ErrDamaged)
		}
		if whole && all {
			rules = append(rules, rule(given, then, both, with, of, baskets))
		}
	}
	return rules, baskets, packed.Done(format, &in)
}

// readItems reads items; whole says that each of them has a number.
func readItems(in *wire.Cursor, places packed.Places) (items []int32, whole bool) {
	items, whole = make([]int32, in.Count(1)), true
	for i := range items {
		items[i] = places.Item(in)
		whole = whole && items[i] != packed.None
	}
	return items, whole
}
