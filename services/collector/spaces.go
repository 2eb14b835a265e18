package collector

import (
	"cmp"

	"github.com/freshet/freshet/services/collector/placeholder"
	declared "github.com/freshet/freshet/services/collector/source"
)

// space is what holds for all sources of a workspace, as the hot path needs it: prepared when the sources are loaded, never changed afterwards.
type space struct {
	declared declared.Workspace
	// placeholders are the values that name nobody here; nil is the default list.
	placeholders *placeholder.List
}

// spaces finds a workspace's settings.
type spaces map[string]*space

// newSpaces prepares what the sources file says of workspaces.
func newSpaces(listed []declared.Workspace) (spaces, []error) {
	out := spaces{}
	for _, w := range listed {
		out[w.Name] = &space{declared: w, placeholders: placeholder.New(w.Placeholders.Add, w.Placeholders.Remove)}
	}
	return out, nil
}

// of is the settings of a workspace; the defaults for one that is not listed, and the same ones at each call.
func (s spaces) of(workspace string) *space {
	if s[workspace] == nil {
		s[workspace] = &space{declared: declared.Workspace{Name: workspace}}
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
