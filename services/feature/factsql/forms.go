package factsql

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/freshet/freshet/pkg/catalog"
)

// The destinations of parts. Numbers of 128 bits come as text.
func int64Dest() any   { return new(int64) }
func uint64Dest() any  { return new(uint64) }
func stringDest() any  { return new(string) }
func int64sDest() any  { return new([]int64) }
func uint64sDest() any { return new([]uint64) }
func stringsDest() any { return new([]string) }

func sum(x *writer) cell {
	return cell{
		parts: []part{{x.sql("toString(sumIf(toInt128({value}), {if}))"), stringDest}},
		make:  func(r *catalog.Reading, v []any) { r.Sum = wide(*v[0].(*string)) },
	}
}

// wide reads a number of 128 bits.
func wide(text string) catalog.Sum {
	n, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return catalog.Sum{}
	}
	low := new(big.Int).And(n, new(big.Int).SetUint64(1<<64-1))
	return catalog.FromWords(new(big.Int).Rsh(n, 64).Int64(), low.Uint64())
}

// edge is the smallest or largest number.
func edge(x *writer, function string) cell {
	return cell{
		parts: []part{{x.sql("countIf({if})"), uint64Dest}, {x.sql("%s({value}, {if})", function), int64Dest}},
		make: func(r *catalog.Reading, v []any) {
			if r.Any = *v[0].(*uint64) > 0; r.Any {
				r.N = *v[1].(*int64)
			}
		},
	}
}

// told is the value of the first or last event: the smallest or largest pair of time and value.
func told(x *writer, function string) cell {
	value := "{key}"
	if x.c.Text == nil {
		value = "{value}"
	}
	c := cell{parts: []part{
		{x.sql("countIf({if})"), uint64Dest},
		{x.sql("%s((ts, %s), {if}).1", function, value), int64Dest},
		{x.sql("%s((ts, %s), {if}).2", function, value), int64Dest},
	}}
	if x.c.Text != nil {
		c.parts[2].dest = stringDest
	}
	c.make = func(r *catalog.Reading, v []any) {
		if r.Any = *v[0].(*uint64) > 0; !r.Any {
			return
		}
		r.AtMs = *v[1].(*int64)
		switch told := v[2].(type) {
		case *int64:
			r.N = *told
		case *string:
			r.Text = *told
		}
	}
	return c
}

func moment(x *writer, function string) cell {
	x.cond = x.sales()
	return cell{
		parts: []part{{x.sql("countIf({if})"), uint64Dest}, {x.sql("%s(ts, {if})", function), int64Dest}},
		make: func(r *catalog.Reading, v []any) {
			if r.Any = *v[0].(*uint64) > 0; r.Any {
				r.AtMs = *v[1].(*int64)
			}
		},
	}
}

// distinct brings the hashes of all different texts.
func distinct(x *writer) cell {
	return cell{
		parts: []part{{x.sql("groupUniqArrayIf(xxHash64({key}), {if})"), uint64sDest}},
		make: func(r *catalog.Reading, v []any) {
			r.Sketch = &catalog.Sketch{}
			for _, h := range *v[0].(*[]uint64) {
				r.Sketch.Add(h)
			}
		},
	}
}

// byKey brings the sum of every key: those whose sum is zero are keys, too, which sumMap does not give.
func byKey(x *writer) cell {
	return cell{
		parts: []part{
			{x.sql("arraySort(groupUniqArrayIf({key}, {if}))"), stringsDest},
			{x.sql("arrayMap(x -> toString(sumMapIf(map({key}, toInt128({value})), {if})[x]), arraySort(groupUniqArrayIf({key}, {if})))"), stringsDest},
		},
		make: func(r *catalog.Reading, v []any) {
			sums := *v[1].(*[]string)
			var all []catalog.Keyed
			for i, key := range *v[0].(*[]string) {
				all = append(all, catalog.Keyed{Key: key, Sum: wide(sums[i])})
				r.Sum = r.Sum.Plus(wide(sums[i]))
			}
			r.Keys = catalog.Bounded(all)
		},
	}
}

// weighted is a number times the weight of its step within its half-life, and in which half-life it is.
func (x *writer) weighted() (number, span string) {
	half := x.c.HalfLife.Milliseconds()
	weights := make([]string, catalog.DecaySteps)
	for i := range weights {
		weights[i] = strconv.FormatInt(catalog.WeightOf(i), 10)
	}
	rest := fmt.Sprintf("positiveModulo(ts, %d)", half)
	number = fmt.Sprintf("toInt128(%s) * [%s][intDiv(%s * %d, %d) + 1]", x.value, strings.Join(weights, ","), rest, catalog.DecaySteps, half)
	return number, fmt.Sprintf("intDiv(ts - %s, %d)", rest, half)
}

func decayed(x *writer) cell {
	number, span := x.weighted()
	m := x.sql("sumMapIf(map(%s, %s), {if})", span, number)
	return cell{
		parts: []part{
			{"mapKeys(" + m + ")", int64sDest},
			{"arrayMap(x -> toString(x), mapValues(" + m + "))", stringsDest},
		},
		make: func(r *catalog.Reading, v []any) {
			sums := *v[1].(*[]string)
			for i, at := range *v[0].(*[]int64) {
				r.Spans = append(r.Spans, catalog.Span{Index: at, Sum: wide(sums[i])})
			}
			slices.SortFunc(r.Spans, bySpan)
		},
	}
}

func bySpan(a, b catalog.Span) int { return int(max(-1, min(1, a.Index-b.Index))) }

// decayedByKey brings one entry for each span and key, which are one text: a map has no key of two. A span with sum zero is left out, a key is not.
func decayedByKey(x *writer) cell {
	number, span := x.weighted()
	m := x.sql("sumMapIf(map(concat(toString(%s), ' ', {key}), %s), {if})", span, number)
	return cell{
		parts: []part{
			{x.sql("arraySort(groupUniqArrayIf({key}, {if}))"), stringsDest},
			{"mapKeys(" + m + ")", stringsDest},
			{"arrayMap(x -> toString(x), mapValues(" + m + "))", stringsDest},
		},
		make: func(r *catalog.Reading, v []any) {
			by := map[string][]catalog.Span{}
			sums := *v[2].(*[]string)
			for i, both := range *v[1].(*[]string) {
				at, key, _ := strings.Cut(both, " ")
				index, err := strconv.ParseInt(at, 10, 64)
				if err == nil {
					by[key] = append(by[key], catalog.Span{Index: index, Sum: wide(sums[i])})
				}
			}
			var all []catalog.Keyed
			for _, key := range *v[0].(*[]string) {
				slices.SortFunc(by[key], bySpan)
				all = append(all, catalog.Keyed{Key: key, Spans: by[key]})
			}
			r.Keys = catalog.Bounded(all)
		},
	}
}

func times(x *writer) cell {
	x.cond = x.sales()
	return cell{
		parts: []part{{x.sql("arrayReverse(arraySlice(arrayReverseSort(groupArrayIf(ts, {if})), 1, %d))", catalog.MaxTimes), int64sDest}},
		make:  func(r *catalog.Reading, v []any) { r.Times = *v[0].(*[]int64) },
	}
}

// sessions splits all times of a customer where the gap is too long.
func sessions(x *writer) cell {
	split := x.sql("arraySplit((t, gap) -> gap > %d, arraySort(groupArrayIf(ts, {if})), arrayDifference(arraySort(groupArrayIf(ts, {if}))))",
		catalog.SessionGap.Milliseconds())
	return cell{
		parts: []part{
			{"arrayMap(s -> s[1], " + split + ")", int64sDest},
			{"arrayMap(s -> s[-1], " + split + ")", int64sDest},
			{"arrayMap(s -> length(s), " + split + ")", uint64sDest},
		},
		make: func(r *catalog.Reading, v []any) {
			ends, events := *v[1].(*[]int64), *v[2].(*[]uint64)
			for i, start := range *v[0].(*[]int64) {
				if events[i] > 0 {
					r.Sessions = append(r.Sessions, catalog.Session{StartMs: start, EndMs: ends[i], Events: int64(events[i])})
				}
			}
		},
	}
}

func days(x *writer) cell {
	const day = 86_400_000
	from := catalog.Floor(x.asOf, day) - 365*day
	return cell{
		parts: []part{{x.sql("arraySort(groupUniqArrayIf(ts - positiveModulo(ts, %d), {if} AND ts >= %d))", day, from), int64sDest}},
		make:  func(r *catalog.Reading, v []any) { r.Times = *v[0].(*[]int64) },
	}
}

func latest(x *writer) cell {
	m := x.sql("maxMapIf(map({key}, ts), {if})")
	return cell{
		parts: []part{{"mapKeys(" + m + ")", stringsDest}, {"mapValues(" + m + ")", int64sDest}},
		make: func(r *catalog.Reading, v []any) {
			at := *v[1].(*[]int64)
			for i, key := range *v[0].(*[]string) {
				r.Keys = append(r.Keys, catalog.Keyed{Key: key, AtMs: at[i]})
			}
			r.Keys = catalog.Latest(r.Keys, catalog.MaxNames)
		},
	}
}

// traits brings the traits of every identify call.
func traits(x *writer) cell {
	return cell{
		parts: []part{
			{x.sql("groupArrayIf(ts, {if})"), int64sDest},
			{x.sql("groupArrayIf(source, {if})"), stringsDest},
			{x.sql("groupArrayIf(traits, {if})"), stringsDest},
		},
		make: func(r *catalog.Reading, v []any) {
			at, source, said := *v[0].(*[]int64), *v[1].(*[]string), *v[2].(*[]string)
			for i := range at {
				for _, t := range catalog.TraitsOf([]byte(said[i])) {
					r.Keys = catalog.TellTrait(r.Keys, catalog.Keyed{Key: t.Name, Text: t.Text, AtMs: at[i], Source: source[i]})
				}
			}
		},
	}
}
