package assembly

import (
	"context"
	"fmt"

	"github.com/freshet/freshet/pkg/model"
	"github.com/freshet/freshet/services/churn"
	"github.com/freshet/freshet/services/churn/pipeline"
	"github.com/freshet/freshet/services/churn/row"
)

// trained is a model as churn takes it.
type trained struct{ *pipeline.Trained }

// Bind is churn.Model's.
func (t trained) Bind(columns []row.Column) (churn.Scorer, error) { return t.Trained.Bind(columns) }

// decode reads a model's file.
func decode(data []byte) (churn.Model, error) {
	t, err := pipeline.Decode(data)
	if err != nil {
		return nil, err
	}
	return trained{t}, nil
}

// tally counts live customers for one version.
type tally struct {
	*model.Tally
	profile *model.Profile
	// at is where each column of the profile stands in a row.
	at         []int
	categories []bool
}

// newTallies reads a version's profile, and makes empty tallies for rows of these columns.
func newTallies(data []byte, columns []row.Column) (func() churn.Tally, error) {
	p, err := model.DecodeProfile(data)
	if err != nil {
		return nil, err
	}
	places := map[string]int{}
	for i, c := range columns {
		places[c.Name] = i
	}
	t := tally{profile: p, at: make([]int, len(p.Columns)), categories: make([]bool, len(p.Columns))}
	for i, b := range p.Columns {
		at, ok := places[b.Name]
		if !ok || columns[at].Category != b.Category {
			return nil, fmt.Errorf("the profile has a column %q that the catalogue of features does not have, or has in another form", b.Name)
		}
		t.at[i], t.categories[i] = at, b.Category
	}
	return func() churn.Tally { return &tally{Tally: p.Tally(), profile: p, at: t.at, categories: t.categories} }, nil
}

// Count is churn.Tally's.
func (t *tally) Count(cells []row.Cell, score float64) {
	for i, at := range t.at {
		if t.categories[i] {
			t.Text(i, cells[at].Text)
		} else {
			t.Number(i, cells[at].Number)
		}
	}
	t.Score(score)
}

// drift compares the customers of the last whole sweeps with those of a version's training.
func (s *Service) drift(_ context.Context, workspace string, target int, version string) (words string, acts bool) {
	var all *model.Tally
	for _, x := range s.Tallies(workspace, target, version) {
		t, ok := x.(*tally)
		switch {
		case !ok:
			continue
		case all == nil:
			all = t.profile.Tally()
			fallthrough
		default:
			if all.Merge(t.Tally) != nil {
				return "", false // a tally of the profile before
			}
		}
	}
	if all == nil {
		return "", false
	}
	list := all.Drift()
	worst := list[0]
	for _, d := range list {
		if d.Acts() && (!worst.Acts() || d.PSI > worst.PSI) {
			worst = d
		}
	}
	s.registry.Drifted(s.Forecasts().Targets[target].Name, model.Worst(list))
	what := "scores are"
	if worst.Name != "" {
		what = worst.Name + " is"
	}
	return fmt.Sprintf("%s not as in the training: PSI %.2f of %d customers", what, worst.PSI, worst.Rows), worst.Acts()
}
