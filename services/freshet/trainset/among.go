package trainset

import (
	"errors"
	"fmt"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/money"
	"github.com/freshet/freshet/pkg/rule"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// Among is a condition over what was known of a customer at a moment, in the language of rules.
type Among struct {
	set    *rule.Set
	layout *catalog.Layout
	uses   []string
}

// NewAmong compiles a condition over the features and tags of a catalogue. History does not tell since when a tag holds, so that days_since_ and a tag is 0.
func NewAmong(when string, c *catalog.Catalog) (*Among, error) {
	a := &Among{layout: c.Layout()}
	a.set = rule.NewSet(rule.SchemaOf(a.layout, true))
	if faults := a.set.Add(rule.Rule{Name: "among", When: when}); len(faults) > 0 {
		return nil, fmt.Errorf("the condition %q: %w", when, errors.Join(faults...))
	}
	for _, f := range a.layout.Fields {
		if a.set.Uses(f.Name) {
			a.uses = append(a.uses, f.Name)
		}
	}
	return a, nil
}

// holds says whether the condition was true of a row; columns are those of its values.
func (a *Among) holds(columns []column, row *featurev1.HistoricalFeatures) bool {
	f := past{at: row.GetAtMs(), values: make([]*featurev1.FeatureValue, len(a.layout.Fields)), layout: a.layout}
	for i, c := range columns {
		if p, ok := a.layout.Position(c.name); ok {
			f.values[p] = row.GetValues()[i]
		}
	}
	return a.set.Look(f, nil).Match(f.at)[0]
}

// past are the facts of a condition, as history tells them.
type past struct {
	at     int64
	values []*featurev1.FeatureValue
	layout *catalog.Layout
}

// Int implements rule.Facts.
func (p past) Int(i int) (int64, bool) {
	n, ok := whole(p.values[i])
	if ok && p.layout.Fields[i].Kind == catalog.KindTag {
		return p.at, n != 0
	}
	return n, ok
}

// whole is a value of any kind but text and list as the vector of live features has it.
func whole(v *featurev1.FeatureValue) (int64, bool) {
	switch x := v.GetValue().(type) {
	case *featurev1.FeatureValue_Count:
		return x.Count, true
	case *featurev1.FeatureValue_Decimal:
		n, err := money.ParseMicros(x.Decimal)
		return n, err == nil
	case *featurev1.FeatureValue_MomentMs:
		return x.MomentMs, true
	case *featurev1.FeatureValue_DurationMs:
		return x.DurationMs, true
	}
	return 0, false
}

// Text implements rule.Facts.
func (p past) Text(i int) (string, bool) {
	x, ok := p.values[i].GetValue().(*featurev1.FeatureValue_Text)
	if !ok {
		return "", false
	}
	return x.Text, true
}

// Entry implements rule.Facts.
func (p past) Entry(i int, key string) (catalog.Entry, bool) {
	for _, e := range p.values[i].GetList().GetEntries() {
		if e.GetKey() == key {
			n, _ := whole(e.GetValue())
			return catalog.Entry{Key: key, Int: n, Text: e.GetValue().GetText(), Source: e.GetSource()}, true
		}
	}
	return catalog.Entry{}, false
}
