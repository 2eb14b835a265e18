package catalog

import (
	"errors"
	"fmt"
	"strings"
)

// Changed says which definitions of a catalogue that is live mean something else in the next one: whoever reads them by name, a rule, a model, a page,
// would be given other numbers under the old name. The error joins one for each; nil when there is none. Descriptions, owners, levels,
// sensitivities and tags may change; features may come and go, also by other windows.
func Changed(live, next *Catalog) error {
	var faults []error
	told := map[string]bool{}
	for i := range next.Features {
		f := &next.Features[i]
		o := live.Feature(f.Name)
		if o == nil || told[f.Definition.Name] {
			continue
		}
		if what := differs(o, f, live, next); what != "" {
			told[f.Definition.Name] = true
			faults = append(faults, fmt.Errorf("feature %q: %s is live and its meaning is not to change (%s): give the new one another name, such as %s_v2",
				f.Definition.Name, f.Name, what, f.Definition.Name))
		}
	}
	return errors.Join(faults...)
}

// differs names what has another meaning; "" when nothing has.
func differs(a, b *Feature, live, next *Catalog) string {
	value := func(d *int64) string {
		if d == nil {
			return "none"
		}
		return fmt.Sprint(*d)
	}
	for _, x := range []struct {
		what      string
		different bool
	}{
		{"aggregate", a.Aggregate != b.Aggregate},
		{"what it is made of", live.madeOf(a) != next.madeOf(b)},
		{"windows", a.Window.Length != b.Window.Length || a.Window.Hop != b.Window.Hop},
		{"keep", a.Keep != b.Keep},
		{"complement", a.Complement != b.Complement},
		{"default", value(a.Default) != value(b.Default)},
		{"unit", a.UnitMs != b.UnitMs},
	} {
		if x.different {
			return x.what
		}
	}
	return ""
}

// madeOf is what a feature is made of, in a normal form: its accumulations, or the features.
func (c *Catalog) madeOf(f *Feature) string {
	var parts []string
	for _, s := range f.slots {
		parts = append(parts, c.plan.Columns[c.plan.Slots[s].Column].Key)
	}
	for _, p := range f.of {
		parts = append(parts, c.Features[p].Name)
	}
	return strings.Join(parts, "; ")
}
