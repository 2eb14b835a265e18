package feature

import (
	"github.com/google/go-cmp/cmp"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/rule"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/feature/tally"
)

const windows = `windows: [1h, 24h, 30d, 90d, 365d, lifetime]}`

// small is a catalogue whose values time moves only by windows.
const small = `
features:
  - {name: events, description: x, level: behaviour, aggregate: count, ` + windows + `
  - {name: orders, description: x, level: value, from: orders, aggregate: sum, value: orders, ` + windows + `
  - {name: spend, description: x, level: value, from: orders, aggregate: sum, value: spend, ` + windows + `
`

// medium has other kinds of accumulation as well.
const medium = small + `
  - {name: quantity, description: x, level: value, from: orders, aggregate: sum, value: quantity, ` + windows + `
  - {name: refunds, description: x, level: value, from: orders, aggregate: sum, value: refunds, ` + windows + `
  - {name: refund, description: x, level: value, from: orders, aggregate: sum, value: refund, ` + windows + `
  - {name: average_basket, description: x, level: value, from: orders, aggregate: average, value: spend, default: 0, ` + windows + `
  - {name: first_seen, description: x, level: basic, aggregate: first_time}
  - {name: last_seen, description: x, level: basic, aggregate: last_time}
  - {name: first_order, description: x, level: basic, from: orders, aggregate: first_time}
  - {name: last_order, description: x, level: basic, from: orders, aggregate: last_time}
  - {name: last_events, description: x, level: behaviour, aggregate: latest, by: event, keep: 64}
  - {name: visits, description: x, level: behaviour, aggregate: session_count, windows: [30d]}
  - {name: streak, description: x, level: behaviour, aggregate: streak_current}
  - {name: cycle, description: x, level: behaviour, from: orders, aggregate: gap_mean}
  - {name: activity, description: x, level: behaviour, aggregate: decayed_sum, half_life: 16h}
  - {name: likes, description: x, level: preference, aggregate: top, by: event, half_life: 8h}
  - {name: names, description: x, level: behaviour, aggregate: distinct, value: event, windows: [24h, lifetime]}
`

// bookOf compiles a features file that stands alone.
func bookOf(file string) *book {
	c, err := catalog.Parse(nil, []byte(file))
	if err != nil {
		panic(err)
	}
	tags, err := rule.Tags(c)
	if err != nil {
		panic(err)
	}
	return &book{catalog: c, engine: tally.New(c.Plan()), tags: tags}
}

var (
	smallBook  = bookOf(small)
	mediumBook = bookOf(medium)
)

// of is a number of a feature set.
func (b *book) of(fs *featurev1.FeatureSet, name string) int64 {
	i, ok := b.catalog.Layout().Position(name)
	if !ok || fs.GetSchema() != b.catalog.Layout().Fingerprint && len(fs.GetValues()) > 0 {
		panic("no feature " + name)
	}
	n, _ := catalog.NewVector(b.catalog.Layout(), fs.GetValues()).Int(i)
	return n
}

// living is a record of somebody who did nothing yet.
func (b *book) living() *record { return &record{workspace: "default", state: b.engine.New()} }

// same compares the values of two, by position.
func (b *book) same(t interface {
	Helper()
	Fatalf(string, ...any)
}, what string, got, want []catalog.Value) {
	t.Helper()
	for i := range b.catalog.Features {
		if d := cmp.Diff(want[i], got[i]); d != "" {
			f := &b.catalog.Features[i]
			t.Fatalf("%s: %s, %s over %q (-want +got):\n%s", what, f.Name, f.Formula(), f.Window.Name, d)
		}
	}
}

// values are all values of a feature set.
func (b *book) valuesOf(fs *featurev1.FeatureSet) []catalog.Value {
	v := catalog.NewVector(b.catalog.Layout(), fs.GetValues())
	out := make([]catalog.Value, len(b.catalog.Features))
	for i := range out {
		out[i] = v.At(i)
	}
	return out
}
