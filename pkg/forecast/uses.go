package forecast

import "slices"

// Uses says whether a target or a warning looks at a feature or tag of that name.
func (s *Set) Uses(name string) bool {
	return s.among.Uses(name) || slices.ContainsFunc(s.Targets, func(t Target) bool {
		return t.Counts == name || t.Rhythm != nil && t.Rhythm.Of == name
	}) || slices.ContainsFunc(s.Warnings, func(w Warning) bool {
		return slices.Contains([]string{w.Recent, w.Past, w.Since, w.Cycle, w.Moment, w.Answer}, name) && name != ""
	})
}
