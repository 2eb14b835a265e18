package judge

import (
	"context"
	"fmt"
	"testing"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/recommendation/interaction"
	"github.com/freshet/freshet/services/recommendation/neighbours"
)

// bounded is item-knn with rows of so many pairs at most, 0 for any number.
func bounded(row int) Family {
	return Family{Name: fmt.Sprint("rows of ", row), Fit: func(_ context.Context, s *Set) (Model, error) {
		o := neighbours.Default()
		o.Self, o.Fade, o.Row = true, 0.5, row
		x, err := neighbours.New(o)
		if err != nil {
			return Model{}, err
		}
		for i := range s.Train {
			observe(x, s.Train[i].Items)
		}
		_, pairs, _ := x.Size()
		return Model{Source: x, Note: fmt.Sprint(pairs, " pairs")}, nil
	}}
}

// TestABoundOfRowsCostsLittle holds what docs/live-models.md says: on retailrocket rows of 100 pairs at most cost less than a hundredth of Recall@20.
func TestABoundOfRowsCostsLittle(t *testing.T) {
	l := interaction.NewLog()
	if err := l.Read(testkit.Data(t, "retailrocket_sessions.jsonl.gz"), interaction.Options{}); err != nil {
		t.Fatal(err)
	}
	s, err := NewSet(l, nil, Plan{Protocol: "next-item", Share: .1})
	if err != nil {
		t.Fatal(err)
	}
	s.Thin(10_000)
	models, err := Train(t.Context(), s, []Family{bounded(0), bounded(100), bounded(200)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := Judge(t.Context(), s, models, Options{Resamples: 100})
	if err != nil {
		t.Fatal(err)
	}
	recall := map[string]float64{}
	for _, r := range rows {
		recall[r.Name] = r.Recall.Value
		t.Logf("%-13s Recall@20 %.4f, MRR@20 %.4f, %s", r.Name, r.Recall.Value, r.MRR.Value, r.Note)
	}
	if whole, cut := recall["rows of 0"], recall["rows of 100"]; cut < whole-.01 {
		t.Errorf("Recall@20 with rows of 100 is %.4f, without a bound %.4f", cut, whole)
	}
}
