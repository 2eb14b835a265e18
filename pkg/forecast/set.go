package forecast

import (
	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/rule"
	"github.com/freshet/freshet/pkg/wire"
)

// HoldoutName is the hold-out group's name in rules.
const HoldoutName = "churn_holdout"

// bandSuffix ends the names of bands in rules.
const bandSuffix = "_band"

// Set is a file that was loaded. It does not change.
type Set struct {
	Targets  []Target
	Warnings []Warning
	// HoldoutPercent is how many of a hundred customers nobody should act on.
	HoldoutPercent float64

	layout *catalog.Layout
	among  *rule.Set
}

// Layout is what rules see of a customer: for each target its score, a decimal, and its band, a text; each warning, a tag since it has held; and the
// hold-out, a tag since 0.
func (s *Set) Layout() *catalog.Layout { return s.layout }

// Among are the targets' conditions, in their order.
func (s *Set) Among() *rule.Set { return s.among }

// Target finds one by its name.
func (s *Set) Target(name string) (int, bool) {
	for i := range s.Targets {
		if s.Targets[i].Name == name {
			return i, true
		}
	}
	return 0, false
}

func (s *Set) fields() []catalog.Field {
	var out []catalog.Field
	for i := range s.Targets {
		out = append(out, catalog.Field{Name: s.Targets[i].Name, Kind: catalog.KindDecimal})
		if s.Targets[i].Bands != nil {
			out = append(out, catalog.Field{Name: s.Targets[i].Name + bandSuffix, Kind: catalog.KindText})
		}
	}
	for i := range s.Warnings {
		out = append(out, catalog.Field{Name: s.Warnings[i].Feature(), Kind: catalog.KindTag})
	}
	return append(out, catalog.Field{Name: HoldoutName, Kind: catalog.KindTag})
}

// Held says whether a customer is of the hold-out group: drawn by a hash of who they are, so that every replica and every restart draws the same, and
// nobody can move them.
func (s *Set) Held(workspace, customer string) bool {
	const parts = 1 << 20
	h := xxhash.Sum64(wire.AppendText(wire.AppendText([]byte("freshet hold-out"), workspace), customer))
	return float64(h%parts) < s.HoldoutPercent/100*parts
}
