package directory

import (
	"cmp"

	"github.com/freshet/freshet/services/collector/placeholder"
	declared "github.com/freshet/freshet/services/collector/source"
)

// space is what holds for all sources of a workspace, as the hot path needs it: prepared when the sources are loaded, never changed afterwards.
type space struct {
	declared declared.Workspace
	// rates lead to the workspace's currency; never nil.
	rates *spaceRates
	// placeholders are the values that name nobody here; nil is the default list.
	placeholders *placeholder.List
}

// spaces finds a workspace's settings.
type spaces map[string]*space

// newSpaces prepares what the sources file says of workspaces.
func newSpaces(listed []declared.Workspace) spaces {
	out := spaces{}
	for _, w := range listed {
		out[w.Name] = &space{declared: w, rates: noRates, placeholders: placeholder.New(w.Placeholders.Add, w.Placeholders.Remove)}
	}
	return out
}

// of is the settings of a workspace; the defaults for one that is not listed, and the same ones at each call.
func (s spaces) of(workspace string) *space {
	if s[workspace] == nil {
		s[workspace] = &space{declared: declared.Workspace{Name: workspace}, rates: noRates}
	}
	return s[workspace]
}

// habitsOf are a source's own habits, and the workspace's where it has none.
func (s *space) habitsOf(d declared.Source) declared.Habits {
	return declared.Habits{
		Decimal:   cmp.Or(d.Decimal, s.declared.Decimal),
		Region:    cmp.Or(d.Region, s.declared.Region),
		EmailPlus: cmp.Or(d.EmailPlus, s.declared.EmailPlus),
	}
}

// decimalOf is the decimal mark of habits, 0 when they have none.
func decimalOf(h declared.Habits) byte {
	if h.Decimal == "" {
		return 0
	}
	return h.Decimal[0]
}
