package judge

import (
	"testing"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/recommendation/interaction"
)

// TestRetailrocketStaysAboveItsBar judges a fifth of the cases of docs/recommendation-evaluation.md. The bar is what well-tuned GRU4Rec has on its own cut of these data.
func TestRetailrocketStaysAboveItsBar(t *testing.T) {
	l := interaction.NewLog()
	if err := l.Read(testkit.Data(t, "retailrocket_sessions.jsonl.gz"), interaction.Options{}); err != nil {
		t.Fatal(err)
	}
	if len(l.Events) != 685_984 || l.Users.Len() != 126_168 || l.Items.Len() != 36_968 || l.Bad != 0 {
		t.Fatalf("%d events, %d sessions, %d items, %d bad", len(l.Events), l.Users.Len(), l.Items.Len(), l.Bad)
	}
	s, err := NewSet(l, nil, Plan{Protocol: "next-item", Share: .1})
	if err != nil {
		t.Fatal(err)
	}
	s.Thin(10_000)
	families, err := Choose("", []string{"popular", "again", "vmis-knn"})
	if err != nil {
		t.Fatal(err)
	}
	models, err := Train(t.Context(), s, families, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := Judge(t.Context(), s, models, Options{Resamples: 100})
	if err != nil {
		t.Fatal(err)
	}
	best := rows[0]
	if best.Name != "vmis-knn" || best.Recall.Low < .51 || best.MRR.Low < .216 {
		t.Errorf("%s: Recall@20 %+v, want above .51; MRR@20 %+v, want above .216", best.Name, best.Recall, best.MRR)
	}
	for _, r := range rows[1:] {
		if r.BehindBestRecall.High >= 0 {
			t.Errorf("%s is as good as %s: %+v", r.Name, best.Name, r.BehindBestRecall)
		}
	}
}
