package forecast

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/catalog"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
)

// What rules see of a set of scores is what the set says, by name; what the file does not declare, what has no score and what is in the shadow they do
// not see.
func TestValuesAreWhatASetOfScoresSays(t *testing.T) {
	s, err := Load("", shippedCatalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	values, err := s.Values(&churnv1.ScoreSet{
		Scores: []*churnv1.Score{
			{Target: "spend_next_90d", Value: 123.4567891}, {Target: "churn_risk_60d", Value: 0.7000004, Band: "high"}, {Target: "churn_risk_90d", Missing: "no model yet"},
			{Target: "of_another_file", Value: 1}, {Target: "warning_order_overdue", Value: 1}, {Target: "repurchase_30d", Band: "low"},
		},
		Warnings: []*churnv1.Warning{{Name: "frequency_halved", SinceMs: 77}, {Name: "of_another_file", SinceMs: 5}},
		Holdout:  true, Shadow: []*churnv1.Score{{Target: "spend_next_365d", Value: 9}},
	})
	if err != nil {
		t.Fatal(err)
	}
	v := catalog.NewVector(s.Layout(), s.Layout().Encode(nil, values))
	var got []string
	for i, f := range s.Layout().Fields {
		if x := v.At(i); x.Present {
			got = append(got, fmt.Sprintf("%s=%d%s", f.Name, x.Int, x.Text))
		}
	}
	want := "churn_risk_60d=700000 churn_risk_60d_band=0high repurchase_30d=0 spend_next_90d=123456789 warning_frequency_halved=77 churn_holdout=0"
	if strings.Join(got, " ") != want {
		t.Errorf("rules see %s\nwant     %s", strings.Join(got, " "), want)
	}
}

func TestAScoreThatIsNoNumberIsRefused(t *testing.T) {
	s, err := Load("", shippedCatalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e12, -2e12} {
		if _, err := s.Values(&churnv1.ScoreSet{Scores: []*churnv1.Score{{Target: "churn_risk_60d", Value: x}}}); err == nil {
			t.Errorf("%g is taken for a score", x)
		}
	}
}
