package catalog

import (
	"testing"
	"time"
)

// busy are the readings of a customer that did a bit of everything.
func busy(c *Catalog, asOf int64) []Reading {
	p := c.Plan()
	out := make([]Reading, len(p.Slots))
	for i, s := range p.Slots {
		col := &p.Columns[s.Column]
		r := Reading{Sum: SumOf(int64(i) * 1000), Any: true, N: 5, Text: "shoes", AtMs: asOf - int64(i)*1000}
		spans := func() []Span {
			e, _ := SpanOf(asOf, max(col.HalfLife, time.Hour))
			return []Span{{e - 2, SumOf(5 << 30)}, {e - 1, SumOf(3 << 30)}, {e, SumOf(7 << 30)}}
		}
		switch col.Op {
		case OpByKey, OpDecayedByKey, OpLatest, OpTraits:
			for _, k := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
				r.Keys = append(r.Keys, Keyed{Key: k, Sum: SumOf(10), Spans: spans(), AtMs: asOf - 5, Text: "x"})
			}
		case OpDecayed:
			r.Spans = spans()
		case OpDistinct:
			r.Sketch = &Sketch{}
			r.Sketch.Add(4)
			r.Sketch.Add(5)
		case OpTimes, OpDays:
			for n := int64(20); n > 0; n-- {
				r.Times = append(r.Times, Floor(asOf, dayMs)-n*dayMs)
			}
		case OpSessions:
			r.Sessions = []Session{{asOf - 5000, asOf, 4}}
		}
		out[i] = r
	}
	return out
}
func BenchmarkValues(b *testing.B) {
	c, err := Load("")
	if err != nil {
		b.Fatal(err)
	}
	asOf := int64(1_700_000_000_000)
	readings := busy(c, asOf)
	var values []Value
	b.ReportAllocs()
	for b.Loop() {
		values = c.Values(readings, asOf, values[:0])
	}
	b.ReportMetric(float64(len(values)), "features")
}
