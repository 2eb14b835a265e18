package dataset

import (
	"fmt"
	"slices"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/money"
	"github.com/freshet/freshet/pkg/rule"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// names are features and tags that are asked for, and where each stands in an answer.
type names struct {
	list   []string
	at     []int // positions of the layout
	kinds  []catalog.Kind
	layout *catalog.Layout
}

// ask adds names that are not there yet.
func (n *names) ask(l *catalog.Layout, list ...string) error {
	n.layout = l
	for _, name := range list {
		if name == "" || slices.Contains(n.list, name) {
			continue
		}
		i, ok := l.Position(name)
		if !ok {
			return fmt.Errorf("the catalogue has no feature %s", name)
		}
		n.list, n.at, n.kinds = append(n.list, name), append(n.at, i), append(n.kinds, l.Fields[i].Kind)
	}
	return nil
}

// place is where a name stands; -1 when it was not asked for.
func (n *names) place(name string) int { return slices.Index(n.list, name) }

// number is the value of a name in an answer, in the integer steps of its kind.
func (n *names) number(values []*featurev1.FeatureValue, name string) (int64, bool) {
	i := n.place(name)
	if i < 0 {
		return 0, false
	}
	v := valueOf(values[i])
	return v.Int, v.Present
}

// facts are an answer as conditions look at it. A tag that held is one since now: since when it held is not told of the past.
func (n *names) facts(into []catalog.Value, values []*featurev1.FeatureValue, atMs int64) rule.Facts {
	for i, at := range n.at {
		into[at] = valueOf(values[i])
		if n.kinds[i] == catalog.KindTag {
			into[at] = catalog.Value{Present: into[at].Int != 0, Int: atMs}
		}
	}
	return catalog.Row{Layout: n.layout, Values: into}
}

// valueOf reads a value.
func valueOf(v *featurev1.FeatureValue) catalog.Value {
	switch x := v.GetValue().(type) {
	case *featurev1.FeatureValue_Count:
		return catalog.Value{Present: true, Int: x.Count}
	case *featurev1.FeatureValue_Decimal:
		n, err := money.ParseMicros(x.Decimal)
		return catalog.Value{Present: err == nil, Int: n}
	case *featurev1.FeatureValue_MomentMs:
		return catalog.Value{Present: true, Int: x.MomentMs}
	case *featurev1.FeatureValue_DurationMs:
		return catalog.Value{Present: true, Int: x.DurationMs}
	case *featurev1.FeatureValue_Text:
		return catalog.Value{Present: true, Text: x.Text}
	case *featurev1.FeatureValue_List:
		out := catalog.Value{Present: true}
		for _, e := range x.List.GetEntries() {
			of := valueOf(e.GetValue())
			out.List = append(out.List, catalog.Entry{Key: e.GetKey(), Int: of.Int, Text: of.Text, Source: e.GetSource()})
		}
		return out
	}
	return catalog.Value{}
}

// unit is how many integer steps one unit of a kind has: labels and stakes are in units.
func unit(k catalog.Kind) float64 {
	if k == catalog.KindDecimal {
		return 1e6
	}
	return 1
}
