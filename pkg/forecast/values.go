package forecast

import (
	"fmt"
	"math"

	"github.com/freshet/freshet/pkg/catalog"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
)

// million is how many integer steps one unit of a decimal has; most is beyond what a score can be.
const (
	million = 1_000_000
	most    = 1e12
)

// Values are what rules see of a set of scores, by the positions of Layout: of the scores that serve, not of those in the shadow. Targets and warnings
// that the file does not have are left out, those that the set does not have are absent. A value is rounded to millionths.
func (s *Set) Values(m *churnv1.ScoreSet) ([]catalog.Value, error) {
	out := make([]catalog.Value, len(s.layout.Fields))
	put := func(name string, v catalog.Value) {
		if i, ok := s.layout.Position(name); ok {
			v.Present = true
			out[i] = v
		}
	}
	for _, x := range m.GetScores() {
		if x.GetMissing() != "" {
			continue
		}
		if !(math.Abs(x.GetValue()) < most) {
			return nil, fmt.Errorf("score %q: %g is no number within 1e12", x.GetTarget(), x.GetValue())
		}
		if _, ok := s.Target(x.GetTarget()); !ok {
			continue
		}
		put(x.GetTarget(), catalog.Value{Int: int64(math.Round(x.GetValue() * million))})
		if x.GetBand() != "" {
			put(x.GetTarget()+bandSuffix, catalog.Value{Text: x.GetBand()})
		}
	}
	for _, w := range m.GetWarnings() {
		put(warningPrefix+w.GetName(), catalog.Value{Int: w.GetSinceMs()})
	}
	if m.GetHoldout() {
		put(HoldoutName, catalog.Value{})
	}
	return out, nil
}
