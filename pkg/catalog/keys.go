package catalog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// KeyHash orders keys for Bounded, and is what a Sketch takes of a text: XXH64 with seed 0, which ClickHouse calls xxHash64.
func KeyHash(key string) uint64 { return xxhash.Sum64String(key) }

// Bounded keeps the MaxKeys keys with the smallest hashes (ties: the alphabetically first) and adds the others up under the empty key. The result is
// by key. It takes the slice.
//
// Forgetting is exact, whatever the order in which keys came: a key falls out only when MaxKeys others have smaller hashes, and they stay. So a key
// that is kept was never forgotten, and its sum is whole; the empty key makes the total whole.
func Bounded(keys []Keyed) []Keyed {
	rest := Keyed{}
	named := slices.DeleteFunc(keys, func(k Keyed) bool {
		if k.Key == "" {
			rest.merge(k)
		}
		return k.Key == ""
	})
	if len(named) > MaxKeys {
		slices.SortFunc(named, func(a, b Keyed) int { return CompareKeys(a.Key, b.Key) })
		for _, k := range named[MaxKeys:] {
			rest.merge(k)
		}
		named = named[:MaxKeys]
	}
	slices.SortFunc(named, func(a, b Keyed) int { return strings.Compare(a.Key, b.Key) })
	if rest.Sum != (Sum{}) || len(rest.Spans) > 0 {
		named = slices.Insert(named, 0, rest)
	}
	return named
}

// Evict is Bounded of a list that is by key and has grown by one: it looks for the one key that falls out and sorts nothing.
func Evict(keys []Keyed) []Keyed {
	first := 0
	if len(keys) > 0 && keys[0].Key == "" {
		first = 1
	}
	if len(keys)-first != MaxKeys+1 {
		return Bounded(keys)
	}
	last, most := first, KeyHash(keys[first].Key)
	for i := first + 1; i < len(keys); i++ {
		if h := KeyHash(keys[i].Key); h >= most { // of two with one hash the alphabetically second falls out
			last, most = i, h
		}
	}
	rest := Keyed{}
	rest.merge(keys[last])
	keys = slices.Delete(keys, last, last+1)
	if first == 1 {
		rest.merge(keys[0])
		keys = slices.Delete(keys, 0, 1)
	}
	if rest.Sum != (Sum{}) || len(rest.Spans) > 0 {
		keys = slices.Insert(keys, 0, rest)
	}
	return keys
}

// CompareKeys is the order in which keys are kept.
func CompareKeys(a, b string) int {
	return cmp.Or(cmp.Compare(KeyHash(a), KeyHash(b)), strings.Compare(a, b))
}

func (k *Keyed) merge(o Keyed) {
	k.Sum = k.Sum.Plus(o.Sum)
	k.Spans = MergeSpans(k.Spans, o.Spans)
}

// MergeSpans adds two lists of spans, each rising.
func MergeSpans(a, b []Span) []Span {
	if len(a) == 0 {
		return slices.Clone(b)
	}
	out := slices.Clone(a)
	for _, s := range b {
		out = AddSpan(out, s)
	}
	return out
}

// AddSpan adds to a rising list. A span whose sum becomes zero goes.
func AddSpan(list []Span, s Span) []Span {
	if s.Sum == (Sum{}) {
		return list
	}
	i, found := slices.BinarySearchFunc(list, s.Index, func(x Span, index int64) int { return cmp.Compare(x.Index, index) })
	if !found {
		return slices.Insert(list, i, s)
	}
	if list[i].Sum = list[i].Sum.Plus(s.Sum); list[i].Sum == (Sum{}) {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// Latest keeps the n keys with the latest times, ties the alphabetically first, in that order. It takes the slice, whose keys are different.
//
// Forgetting is exact, whatever the order: a key falls out only when n others are later, they can only become later still, and what would bring
// the key back with an earlier time falls out again.
func Latest(keys []Keyed, n int) []Keyed {
	slices.SortFunc(keys, Later)
	return keys[:min(len(keys), n)]
}

// Later orders by time, the latest first, ties by key.
func Later(a, b Keyed) int { return cmp.Or(cmp.Compare(b.AtMs, a.AtMs), strings.Compare(a.Key, b.Key)) }
