package assembly

import (
	"context"
	"fmt"
	"math"

	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/model"
	"github.com/freshet/freshet/services/churn"
	"github.com/freshet/freshet/services/churn/pipeline"
	"github.com/freshet/freshet/services/churn/row"
	"github.com/freshet/freshet/services/churn/training"
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

// learner is package pipeline as training takes it.
type learner struct{}

// Judge is training.Learner's.
func (learner) Judge(ctx context.Context, t *pipeline.Table, o pipeline.Options) (*pipeline.Judgement, training.Model, error) {
	j, m, err := pipeline.Judge(ctx, t, o)
	if err != nil {
		return nil, nil, err
	}
	return j, m, nil
}

// Decode is training.Learner's.
func (learner) Decode(data []byte) (training.Model, error) { return pipeline.Decode(data) }

// Compare is training.Learner's.
func (learner) Compare(amounts bool, y, champion, challenger []float64, seed uint64) (training.Difference, error) {
	kind := pipeline.Binary
	if amounts {
		kind = pipeline.Real
	}
	d, err := pipeline.Compare(y, champion, challenger, kind, seed)
	return training.Difference{Value: d.Value, Low: d.Low, High: d.High}, err
}

// profile writes what rows looked like, and what the model said of them.
func profile(scores []float64, rows *frame.Frame) ([]byte, error) {
	p := model.NewProfile(scores)
	for i := range rows.Columns {
		c := &rows.Columns[i]
		if c.Kind == frame.Category {
			p.Category(c.Name, texts(c))
		} else {
			p.Number(c.Name, c.Values)
		}
	}
	return p.Encode()
}

// texts are a category's values; empty where there is none.
func texts(c *frame.Column) []string {
	out := make([]string, len(c.Values))
	for i, v := range c.Values {
		if !math.IsNaN(v) {
			out[i] = c.Levels[int(v)]
		}
	}
	return out
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
