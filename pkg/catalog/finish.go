package catalog

import (
	"slices"
)

// finisher makes a feature's value of what its columns hold at asOf; of is the values of the features that it is made of.
type finisher func(f *Feature, in []*Reading, of []Value, asOf int64) Value

// Values makes all values of what the slots of the plan hold at asOf (Unix milliseconds), one reading a slot. It appends one value for each feature to
// dst, by position. All arithmetic is in integers; divisions are rounded toward zero.
func (c *Catalog) Values(readings []Reading, asOf int64, dst []Value) []Value {
	first := len(dst)
	in, of := make([]*Reading, 0, 2), make([]Value, 0, 2) // Once: what a finisher is given moves to the heap.
	dst = slices.Grow(dst, len(c.Features)+len(c.Tags))
	for i := range c.Features {
		dst = append(dst, Value{})
		if f := &c.Features[i]; len(f.of) == 0 {
			in = f.gather(readings, in[:0])
			dst[first+i] = f.value(in, nil, asOf)
		}
	}
	for _, i := range c.derived {
		f := &c.Features[i]
		of = of[:0]
		for _, p := range f.of {
			of = append(of, dst[first+p])
		}
		dst[first+i] = f.value(nil, of, asOf)
	}
	return dst
}

// gather is what the feature reads.
func (f *Feature) gather(readings []Reading, in []*Reading) []*Reading {
	for _, s := range f.slots {
		in = append(in, &readings[s])
	}
	return in
}

// value is one feature's value, or its default.
func (f *Feature) value(in []*Reading, of []Value, asOf int64) Value {
	v := f.finish(f, in, of, asOf)
	if !v.Present && f.Default != nil {
		return number(*f.Default)
	}
	return v
}

func number(x int64) Value { return Value{Present: true, Int: x} }

// finishCount is a sum, which always is there.
func finishCount(_ *Feature, in []*Reading, _ []Value, _ int64) Value {
	return number(in[0].Sum.Clamp())
}

// finishAverage is absent when nothing had the number.
func finishAverage(_ *Feature, in []*Reading, _ []Value, _ int64) Value {
	count := in[1].Sum.Clamp()
	if count <= 0 {
		return Value{}
	}
	return number(in[0].Sum.quo(count))
}

func finishNumber(_ *Feature, in []*Reading, _ []Value, _ int64) Value {
	return Value{Present: in[0].Any, Int: in[0].N}
}

func finishText(_ *Feature, in []*Reading, _ []Value, _ int64) Value {
	return Value{Present: in[0].Any, Text: in[0].Text}
}

func finishMoment(_ *Feature, in []*Reading, _ []Value, _ int64) Value {
	return Value{Present: in[0].Any, Int: in[0].AtMs}
}

func finishDistinct(_ *Feature, in []*Reading, _ []Value, _ int64) Value {
	if in[0].Sketch == nil {
		return number(0)
	}
	return number(in[0].Sketch.Count())
}

// finishBreakdown lists keys by what they have, the most first; also those with a sum of zero or below.
func finishBreakdown(f *Feature, in []*Reading, _ []Value, _ int64) Value {
	var room [usualKeep]weighed
	list := room[:0]
	for i := range in[0].Keys {
		if k := &in[0].Keys[i]; k.Key != "" {
			list = insert(list, weighed{k.Key, SumOf(k.Sum.Clamp())}, f.Keep)
		}
	}
	if len(list) == 0 {
		return Value{}
	}
	v := Value{Present: true, List: make([]Entry, len(list))}
	for i := range list {
		v.List[i] = Entry{Key: list[i].key, Int: list[i].sum.Clamp()}
	}
	return v
}

func finishDecayed(f *Feature, in []*Reading, _ []Value, asOf int64) Value {
	return number(decayedValue(in[0].Spans, asOf, f.halfLife))
}

func finishGapMean(_ *Feature, in []*Reading, _ []Value, _ int64) Value {
	t := in[0].Times
	if len(t) < 2 {
		return Value{}
	}
	return number((t[len(t)-1] - t[0]) / int64(len(t)-1))
}

// deviation is the population's standard deviation of the gaps, rounded down: sqrt(n * sum of squares - sum squared) / n.
func deviation(times []int64) (int64, bool) {
	n := int64(len(times)) - 1
	if n < 1 {
		return 0, false
	}
	return deviationOf(times, n, times[n]-times[0]), true
}

func finishGapDeviation(_ *Feature, in []*Reading, _ []Value, _ int64) Value {
	d, ok := deviation(in[0].Times)
	return Value{Present: ok, Int: d}
}

// finishGapCV is the deviation by the mean, in millionths.
func finishGapCV(_ *Feature, in []*Reading, _ []Value, _ int64) Value {
	t := in[0].Times
	d, ok := deviation(t)
	if !ok || t[len(t)-1] == t[0] {
		return Value{}
	}
	return number(mulDiv(d, 1_000_000*int64(len(t)-1), t[len(t)-1]-t[0]))
}

func finishGapLongest(_ *Feature, in []*Reading, _ []Value, _ int64) Value {
	t := in[0].Times
	if len(t) < 2 {
		return Value{}
	}
	longest := int64(0)
	for i := range t[1:] {
		longest = max(longest, t[i+1]-t[i])
	}
	return number(longest)
}

// visits are the sessions that begin within the window.
func visits(f *Feature, r *Reading, asOf int64) []Session {
	start := f.Window.StartMs(asOf)
	i := slices.IndexFunc(r.Sessions, func(s Session) bool { return s.StartMs >= start })
	if i < 0 {
		return nil
	}
	return r.Sessions[i:]
}

func finishSessionCount(f *Feature, in []*Reading, _ []Value, asOf int64) Value {
	return number(int64(len(visits(f, in[0], asOf))))
}

func finishSessionLength(f *Feature, in []*Reading, _ []Value, asOf int64) Value {
	return ofVisits(f, in, asOf, 1, func(s Session) int64 { return s.EndMs - s.StartMs })
}

func finishSessionDepth(f *Feature, in []*Reading, _ []Value, asOf int64) Value {
	return ofVisits(f, in, asOf, 1_000_000, func(s Session) int64 { return s.Events })
}

func finishSessionBounce(f *Feature, in []*Reading, _ []Value, asOf int64) Value {
	return ofVisits(f, in, asOf, 1_000_000, func(s Session) int64 {
		if s.Events == 1 {
			return 1
		}
		return 0
	})
}

// ofVisits is the mean of something over the visits, in 1/scale.
func ofVisits(f *Feature, in []*Reading, asOf, scale int64, of func(Session) int64) Value {
	list := visits(f, in[0], asOf)
	if len(list) == 0 {
		return Value{}
	}
	sum := int64(0)
	for _, s := range list {
		sum += of(s)
	}
	return number(mulDiv(sum, scale, int64(len(list))))
}

const dayMs = int64(day / 1_000_000)

// finishStreakCurrent counts the days in a row that end today, or yesterday while today has none.
func finishStreakCurrent(_ *Feature, in []*Reading, _ []Value, asOf int64) Value {
	days := in[0].Times
	today := Floor(asOf, dayMs)
	if len(days) == 0 || days[len(days)-1] < today-dayMs {
		return number(0)
	}
	n := int64(1)
	for i := len(days) - 1; i > 0 && days[i-1] == days[i]-dayMs; i-- {
		n++
	}
	return number(n)
}

func finishStreakLongest(_ *Feature, in []*Reading, _ []Value, _ int64) Value {
	days := in[0].Times
	longest, run := int64(0), int64(0)
	for i := range days {
		if i == 0 || days[i-1] != days[i]-dayMs {
			run = 0
		}
		run++
		longest = max(longest, run)
	}
	return number(longest)
}

func finishLatest(f *Feature, in []*Reading, _ []Value, _ int64) Value {
	if len(in[0].Keys) == 0 {
		return Value{}
	}
	v := Value{Present: true, List: make([]Entry, min(len(in[0].Keys), f.Keep))}
	for i := range v.List {
		v.List[i] = Entry{Key: in[0].Keys[i].Key, Int: in[0].Keys[i].AtMs}
	}
	return v
}

// finishTraits leaves out what names a person: a vector goes to rules, models and pages, and the profile reads the state itself.
func finishTraits(_ *Feature, in []*Reading, _ []Value, _ int64) Value {
	v := Value{Present: len(in[0].Keys) > 0}
	for _, k := range in[0].Keys {
		v.List = append(v.List, Entry{Key: k.Key, Int: k.AtMs, Text: k.Text, Source: k.Source})
	}
	return v
}

// finishRatio divides; both are brought to millionths first, so that a count can stand beside money. Absent without a divisor above zero.
func finishRatio(f *Feature, _ []*Reading, of []Value, _ int64) Value {
	if !of[0].Present || !of[1].Present || of[1].Int <= 0 {
		return Value{}
	}
	scale := int64(1_000_000)
	switch {
	case f.scales[0] > f.scales[1]:
		scale = 1_000_000 * f.scales[0]
	case f.scales[0] < f.scales[1]:
		scale = 1
	}
	x := mulDiv(of[0].Int, scale, of[1].Int)
	if f.Complement {
		x = max(0, min(1_000_000, 1_000_000-max(x, -1_000_000)))
	}
	return number(x)
}

// finishElapsed is absent where a moment is missing, or the second comes before the first.
func finishElapsed(_ *Feature, _ []*Reading, of []Value, _ int64) Value {
	if !of[0].Present || !of[1].Present || of[1].Int < of[0].Int {
		return Value{}
	}
	return number(of[1].Int - of[0].Int)
}
