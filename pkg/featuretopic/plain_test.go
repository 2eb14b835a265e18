package featuretopic

import (
	"testing"

	"github.com/freshet/freshet/pkg/catalog"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

const two = `features:
  - {name: seen, description: x, level: basic, aggregate: count, windows: [lifetime]}
  - {name: bought, description: x, level: basic, aggregate: count, where: event == "Order Completed", windows: [lifetime]}
`

func parse(t *testing.T, text string) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Parse(nil, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// In a set of a customer who is still being filled an absent count is absent, also for a reader of another catalogue; in any other it is zero.
func TestWhatIsNotFilledYetIsNotZero(t *testing.T) {
	its := parse(t, two)
	other := parse(t, two+"  - {name: more, description: x, level: basic, aggregate: count, windows: [lifetime]}\n")
	for name, mine := range map[string]*catalog.Catalog{"the same catalogue": its, "another catalogue": other} {
		d := New(mine.Layout())
		if err := d.Add(&featurev1.Catalogue{Schema: its.Layout().Fingerprint, Definitions: string(its.Source())}); err != nil {
			t.Fatal(err)
		}
		for what, l := range map[string]*catalog.Layout{"plain": its.Layout().Plain(), "usual": its.Layout()} {
			raw := l.Encode(nil, []catalog.Value{{Present: true, Int: 0}, {}})
			v, err := d.Vector(l.Fingerprint, raw)
			if err != nil {
				t.Fatal(name, what, err)
			}
			seen, _ := mine.Layout().Position("seen_lifetime")
			bought, _ := mine.Layout().Position("bought_lifetime")
			if n, ok := v.Int(seen); n != 0 || !ok {
				t.Errorf("%s, %s: seen is %d, %t; want 0", name, what, n, ok)
			}
			if _, ok := v.Int(bought); ok != (what == "usual") {
				t.Errorf("%s, %s: bought is there: %t", name, what, ok)
			}
		}
	}
}

// What a set of another catalogue says nothing of is told from what has no value.
func TestWhatASetSaysNothingOf(t *testing.T) {
	its := parse(t, two)
	mine := parse(t, two+"  - {name: more, description: x, level: basic, aggregate: count, windows: [lifetime]}\n")
	d := New(mine.Layout())
	if err := d.Add(&featurev1.Catalogue{Schema: its.Layout().Fingerprint, Definitions: string(its.Source())}); err != nil {
		t.Fatal(err)
	}
	for schema, want := range map[uint64]struct{ seen, more, plain bool }{
		mine.Layout().Fingerprint:         {seen: true, more: true},
		mine.Layout().Plain().Fingerprint: {seen: true, more: true, plain: true},
		its.Layout().Fingerprint:          {seen: true},
		its.Layout().Plain().Fingerprint:  {seen: true, plain: true},
		7:                                 {},
	} {
		seen, _ := mine.Layout().Position("seen_lifetime")
		more, _ := mine.Layout().Position("more_lifetime")
		if got := struct{ seen, more, plain bool }{d.Has(schema, seen), d.Has(schema, more), d.Plain(schema)}; got != want {
			t.Errorf("%016x: %+v, want %+v", schema, got, want)
		}
	}
}
