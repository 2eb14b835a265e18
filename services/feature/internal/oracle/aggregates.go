package oracle

import (
	"cmp"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/catalog"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

func extreme(items []item, largest bool) catalog.Value {
	if len(items) == 0 {
		return catalog.Value{}
	}
	best := items[0].n
	for _, x := range items {
		if (x.n.Cmp(best) > 0) == largest {
			best = x.n
		}
	}
	return whole64(best.Int64())
}

// edge is what the first or last one told; of several at one time, the first tells the least and the last the most.
func edge(f *catalog.Feature, items []item) catalog.Value {
	if len(items) == 0 {
		return catalog.Value{}
	}
	last := strings.HasPrefix(f.Aggregate, "last")
	at := items[0].at
	if last {
		at = items[len(items)-1].at
	}
	same := slices.DeleteFunc(slices.Clone(items), func(x item) bool { return x.at != at })
	slices.SortFunc(same, func(a, b item) int {
		if a.n != nil && b.n != nil && f.Kind != catalog.KindText {
			return a.n.Cmp(b.n)
		}
		return strings.Compare(a.text, b.text)
	})
	x := same[0]
	if last {
		x = same[len(same)-1]
	}
	if f.Kind == catalog.KindText {
		return catalog.Value{Present: true, Text: x.text}
	}
	return whole64(x.n.Int64())
}

// distinct counts; beyond 64 the sketch is asked, with all of them at once.
func distinct(items []item) catalog.Value {
	set := map[string]bool{}
	for _, x := range items {
		set[x.text] = true
	}
	if len(set) <= 64 {
		return whole64(int64(len(set)))
	}
	var s catalog.Sketch
	for text := range set {
		s.Add(catalog.KeyHash(text))
	}
	return whole64(s.Count())
}

// decay is the sum in which each half-life halves a number, in eighths of it; what lies more than ten back counts nothing.
func decay(items []item, asOf int64, half time.Duration) *big.Rat {
	sum, ms := new(big.Rat), half.Milliseconds()
	floorDiv := func(a, b int64) int64 { return (a - ((a%b)+b)%b) / b }
	weights := []int64{1073741824, 1170923762, 1276901417, 1392470869, 1518500250, 1655936265, 1805811301, 1969251188}
	weight := func(at int64) *big.Rat { return big.NewRat(weights[((floorDiv(at*8, ms)%8)+8)%8], 1) }
	now := floorDiv(asOf, ms)
	for _, x := range items {
		back := now - floorDiv(x.at, ms)
		if back > 10 {
			continue
		}
		r := new(big.Rat).SetInt(x.n)
		r.Mul(r, weight(x.at)).Quo(r, weight(asOf)).Quo(r, new(big.Rat).SetInt64(1<<back))
		sum.Add(sum, r)
	}
	return sum
}

func floor(r *big.Rat) *big.Int { return new(big.Int).Quo(r.Num(), r.Denom()) }

// byKey is the four aggregates by key. Of more than 128 keys those with the smallest hashes are told apart.
func byKey(f *catalog.Feature, items []item, asOf int64) catalog.Value {
	by := map[string][]item{}
	for _, x := range items {
		by[x.key] = append(by[x.key], x)
	}
	var keys []string
	for k := range by {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(catalog.KeyHash(a), catalog.KeyHash(b)), strings.Compare(a, b))
	})
	worth := map[string]*big.Rat{}
	all := new(big.Rat)
	rest := new(big.Rat)
	for i, k := range keys {
		w := new(big.Rat).SetInt(total(by[k]))
		if f.HalfLife > 0 {
			w = decay(by[k], asOf, f.HalfLife)
		}
		if i >= 128 {
			rest.Add(rest, w)
			continue
		}
		worth[k] = w
		if w.Sign() > 0 {
			all.Add(all, w)
		}
	}
	if rest.Sign() > 0 {
		all.Add(all, rest)
	}
	keys = keys[:min(len(keys), 128)]
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(worth[b].Cmp(worth[a]), strings.Compare(a, b)) })
	if f.Aggregate == "breakdown" {
		v := catalog.Value{Present: len(keys) > 0}
		for _, k := range keys[:min(len(keys), f.Keep)] {
			v.List = append(v.List, catalog.Entry{Key: k, Int: bigValue(floor(worth[k])).Int})
		}
		return v
	}
	keys = slices.DeleteFunc(keys, func(k string) bool { return worth[k].Sign() <= 0 })
	if len(keys) == 0 {
		return catalog.Value{}
	}
	share := func(k string) int64 {
		r := new(big.Rat).Quo(worth[k], all)
		return floor(r.Mul(r, big.NewRat(1_000_000, 1))).Int64()
	}
	switch f.Aggregate {
	case "top_key":
		return catalog.Value{Present: true, Text: keys[0]}
	case "top_share":
		return whole64(share(keys[0]))
	}
	v := catalog.Value{Present: true}
	for _, k := range keys[:min(len(keys), f.Keep)] {
		v.List = append(v.List, catalog.Entry{Key: k, Int: share(k)})
	}
	return v
}

func gaps(aggregate string, items []item) catalog.Value {
	items = items[max(0, len(items)-64):]
	if len(items) < 2 {
		return catalog.Value{}
	}
	n := int64(len(items) - 1)
	var sum, longest int64
	squares := new(big.Int)
	for i := range n {
		g := items[i+1].at - items[i].at
		sum += g
		longest = max(longest, g)
		squares.Add(squares, new(big.Int).Mul(big.NewInt(g), big.NewInt(g)))
	}
	// variance * n^2 = n * squares - sum^2
	v := new(big.Int).Sub(new(big.Int).Mul(squares, big.NewInt(n)), new(big.Int).Mul(big.NewInt(sum), big.NewInt(sum)))
	deviation := new(big.Int).Quo(new(big.Int).Sqrt(v), big.NewInt(n))
	switch aggregate {
	case "gap_mean":
		return whole64(sum / n)
	case "gap_longest":
		return whole64(longest)
	case "gap_deviation":
		return whole64(deviation.Int64())
	}
	if sum == 0 {
		return catalog.Value{}
	}
	r := new(big.Rat).SetFrac(deviation.Mul(deviation, big.NewInt(1_000_000*n)), big.NewInt(sum))
	return bigValue(floor(r))
}

func sessions(aggregate string, items []item, from int64) catalog.Value {
	type visit struct{ first, last, n int64 }
	var all []visit
	for _, x := range items {
		if len(all) == 0 || x.at-all[len(all)-1].last > 30*60*1000 {
			all = append(all, visit{first: x.at})
		}
		v := &all[len(all)-1]
		v.last = x.at
		v.n++
	}
	var n, length, depth, bounced int64
	for _, v := range all {
		if v.first < from {
			continue
		}
		n++
		length += v.last - v.first
		depth += v.n
		if v.n == 1 {
			bounced++
		}
	}
	switch {
	case aggregate == "session_count":
		return whole64(n)
	case n == 0:
		return catalog.Value{}
	case aggregate == "session_length":
		return whole64(length / n)
	case aggregate == "session_depth":
		return whole64(depth * 1_000_000 / n)
	}
	return whole64(bounced * 1_000_000 / n)
}

func streak(aggregate string, items []item, asOf int64) catalog.Value {
	has := map[int64]bool{}
	const day = 86_400_000
	dayOf := func(at int64) int64 { return (at - ((at%day)+day)%day) / day }
	for _, x := range items {
		has[dayOf(x.at)] = true
	}
	today := dayOf(asOf)
	run := func(last int64) (n int64) {
		for d := last; has[d] && d >= today-365; d-- {
			n++
		}
		return n
	}
	if aggregate == "streak_current" {
		if has[today] {
			return whole64(run(today))
		}
		return whole64(run(today - 1))
	}
	longest := int64(0)
	for d := today - 365; d <= today; d++ {
		longest = max(longest, run(d))
	}
	return whole64(longest)
}

func latest(f *catalog.Feature, items []item) catalog.Value {
	last := map[string]int64{}
	for _, x := range items {
		last[x.key] = x.at
	}
	return listOf(last, min(f.Keep, 64))
}

func listOf(last map[string]int64, n int) catalog.Value {
	v := catalog.Value{Present: len(last) > 0}
	for k, at := range last {
		v.List = append(v.List, catalog.Entry{Key: k, Int: at})
	}
	slices.SortFunc(v.List, func(a, b catalog.Entry) int { return cmp.Or(cmp.Compare(b.Int, a.Int), strings.Compare(a.Key, b.Key)) })
	v.List = v.List[:min(len(v.List), n)]
	return v
}

func traits(items []item) catalog.Value {
	last := map[string]int64{}
	told := map[string]catalog.Entry{}
	for _, x := range items {
		if x.event.GetType() != eventv1.EventType_EVENT_TYPE_IDENTIFY {
			continue
		}
		for _, t := range catalog.TraitsOf(x.event.GetTraitsJson()) {
			e := catalog.Entry{Key: t.Name, Int: x.at, Text: t.Text, Source: x.event.GetSource()}
			old, ok := told[t.Name]
			if !ok || x.at > old.Int || x.at == old.Int && (e.Text > old.Text || e.Text == old.Text && e.Source > old.Source) {
				told[t.Name], last[t.Name] = e, x.at
			}
		}
	}
	v := listOf(last, 64)
	for i := range v.List {
		v.List[i] = told[v.List[i].Key]
	}
	return v
}
