package catalog

import (
	"math/big"
	"slices"
	"strings"
)

// weighed is a key and what it is worth: its sum, or what is left of it after decay.
type weighed struct {
	key string
	sum Sum
}

func (w weighed) before(o weighed) bool {
	c := w.sum.compare(o.sum)
	return c > 0 || c == 0 && w.key < o.key
}

// insert puts a key into a list of the keep best.
func insert(list []weighed, k weighed, keep int) []weighed {
	if len(list) == keep && !k.before(list[keep-1]) {
		return list
	}
	if len(list) < keep {
		list = append(list, k)
	}
	i := len(list) - 1
	for ; i > 0 && k.before(list[i-1]); i-- {
		list[i] = list[i-1]
	}
	list[i] = k
	return list
}

// usualKeep is how many entries are ranked without memory of their own: a day has as many hours.
const usualKeep = 24

// best are the keep keys that are worth most, the first of them first, ties by key, each with its share of all that is worth something, also of keys
// that were not kept. It appends to out.
func best(f *Feature, r *Reading, asOf int64, keep int, out []Entry) []Entry {
	now, _ := int64(0), 0
	if f.halfLife > 0 {
		now, _ = SpanOf(asOf, f.halfLife)
	}
	var room [usualKeep]weighed
	list, total := room[:0], Sum{}
	for i := range r.Keys {
		k := weighed{r.Keys[i].Key, r.Keys[i].Sum}
		if f.halfLife > 0 {
			var ok bool
			if k.sum, ok = decayedSum(r.Keys[i].Spans, now); !ok {
				return bestBig(f, r, asOf, keep, out)
			}
		}
		if k.sum.Sign() <= 0 {
			continue
		}
		total = total.Plus(k.sum)
		if k.key != "" {
			list = insert(list, k, keep)
		}
	}
	for i := range list {
		out = append(out, Entry{Key: list[i].key, Int: share(list[i].sum, total)})
	}
	return out
}

// bestBig is best for sums that 128 bits may not hold once they are shifted.
func bestBig(f *Feature, r *Reading, asOf int64, keep int, out []Entry) []Entry {
	type heavy struct {
		key string
		sum *big.Int
	}
	var all []heavy
	total := new(big.Int)
	for _, k := range r.Keys {
		w := decayed(k.Spans, asOf, f.halfLife)
		if w.Sign() <= 0 {
			continue
		}
		total.Add(total, w)
		if k.Key != "" {
			all = append(all, heavy{k.Key, w})
		}
	}
	slices.SortFunc(all, func(a, b heavy) int {
		if c := b.sum.Cmp(a.sum); c != 0 {
			return c
		}
		return strings.Compare(a.key, b.key)
	})
	for _, k := range all[:min(len(all), keep)] {
		out = append(out, Entry{Key: k.key, Int: shareBig(k.sum, total)})
	}
	return out
}

func finishTop(f *Feature, in []*Reading, _ []Value, asOf int64) Value {
	list := best(f, in[0], asOf, f.Keep, nil)
	return Value{Present: len(list) > 0, List: list}
}

func finishTopKey(f *Feature, in []*Reading, _ []Value, asOf int64) Value {
	var one [1]Entry
	list := best(f, in[0], asOf, 1, one[:0])
	if len(list) == 0 {
		return Value{}
	}
	return Value{Present: true, Text: list[0].Key}
}

func finishTopShare(f *Feature, in []*Reading, _ []Value, asOf int64) Value {
	var one [1]Entry
	list := best(f, in[0], asOf, 1, one[:0])
	if len(list) == 0 {
		return Value{}
	}
	return number(list[0].Int)
}
