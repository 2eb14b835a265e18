package judge

import (
	"context"
	"fmt"
	"slices"

	"github.com/freshet/freshet/pkg/evaluate"
)

// Setting is one way to fit a family.
type Setting struct {
	// Words say what it is.
	Words string
	Fit   func(context.Context, *Set) (Model, error)
}

// validating is how many cases choose a setting at most.
const validating = 2000

// Tune chooses the settings of families, and of members of ensembles, by an inner split: what is learnt from is cut once more, as the set was, each setting is fitted on
// the older part and asked what came in the newer. What judges is not looked at. The best by NDCG counts: that of o.Figures, where there is one. progress is told of each fit.
func Tune(ctx context.Context, s *Set, families []Family, o Options, progress func(what string, done, of int)) error {
	inner, err := s.inner()
	if err != nil {
		return err
	}
	inner.Thin(validating)
	names := map[string]bool{}
	for _, f := range families {
		if names[f.Name] = true; f.Name == "blend" || f.Name == "ranker" {
			for _, m := range members(s.Protocol) {
				names[m] = true
			}
		}
	}
	tuned := map[string]Setting{}
	for _, f := range Families() {
		if !names[f.Name] || len(f.Settings) == 0 {
			continue
		}
		best := -1.0
		for i, setting := range f.Settings {
			if progress != nil {
				progress("tune "+f.Name, i, len(f.Settings))
			}
			m, err := setting.Fit(ctx, inner)
			if err != nil {
				return fmt.Errorf("tune %s, %s: %w", f.Name, setting.Words, err)
			}
			value, err := inner.ndcg(ctx, m, o)
			if err != nil {
				return err
			}
			if value > best {
				best, tuned[f.Name] = value, setting
			}
		}
		if progress != nil {
			progress("tune "+f.Name, len(f.Settings), len(f.Settings))
		}
	}
	s.plan.tuned = tuned
	return nil
}

// ndcg is a model's mean by which settings are chosen.
func (s *Set) ndcg(ctx context.Context, m Model, o Options) (float64, error) {
	if o.K == 0 {
		o.K = 20
	}
	at := (o.K + 1) / 2
	if i := slices.IndexFunc(o.Figures, func(f Figure) bool { return f.Measure == "ndcg" }); i >= 0 {
		at = o.Figures[i].At
	}
	o.Progress = nil
	var row Row
	if err := s.answers(ctx, m, o, &row); err != nil {
		return 0, err
	}
	values, err := evaluate.Each(row.lists, at, evaluate.List[int32].NDCG)
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values)), err
}
