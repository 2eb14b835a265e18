package recommendation

import (
	"testing"
	"time"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/candidate"
)

// What exploration learns from goes with the answer: what the visitor is told apart by, and of which category each place is. In a scene that does not explore, nothing does.
func TestAnAnswerSaysForWhomWasDrawn(t *testing.T) {
	w := newWorld(t, 300)
	w.sources["popular"], w.sources["session"] = most(300), next{candidate.Session}
	w.customer("user_id:1", true, viewed("i40", time.Minute))
	c := client(t, w.service(nil))
	for scene, want := range map[string][2]string{"home": {"category:c40", "c41"}, "product": {"", ""}} {
		w.answers = nil
		if _, err := c.Recommend(t.Context(), &recommendationv1.RecommendRequest{Id: "user_id:1", Scene: scene, Limit: 1}); err != nil {
			t.Fatal(err)
		}
		a := w.answers[0]
		if got := [2]string{a.GetContext(), a.GetItems()[0].GetCategory()}; got != want || a.GetItems()[0].GetItemId() != "i41" {
			t.Errorf("%s: told %v, want %q", scene, a, want)
		}
	}
}
