package loop

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/topics"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/loop/arms"
)

// What was drawn in a context comes home to it: the context and the categories of an answer are in its outcomes, and who asks in that context gets what was clicked there. A service that
// begins anew believes the same, and copies of outcomes, as there are after a crash, count once.
func TestARestartBelievesTheSame(t *testing.T) {
	w := newWorld(t)
	s, stop := w.start(nil)
	w.until("ready", func() bool { return s.Ready() == nil })
	now := time.Now().UnixMilli()
	for i := range 40 {
		who := who(i)
		context, click := "category:Shoes", "boot"
		if i%2 == 0 {
			context, click = "category:Toys", "kite"
		}
		id := s.NewRequest("default", who, now)
		s.Answered(&recommendationv1.Answer{RequestId: id, Workspace: "default", CustomerId: who, Scene: "home", AtMs: now, Context: context,
			Items: []*recommendationv1.AnswerItem{{ItemId: "boot", Source: "taste", Category: "Shoes"}, {ItemId: "kite", Source: "taste", Category: "Toys"}}})
		_, err := s.Feedback(t.Context(), &recommendationv1.RecordFeedbackRequest{Feedback: []*recommendationv1.FeedbackWord{{RequestId: id, Kind: kindClick, ItemIds: []string{click}}}})
		must(t, err)
	}
	learnt := func(s *Service) func() bool {
		return func() bool {
			seen, clicked := s.Rate("default", "home", "taste")
			return seen > 79.9 && clicked > 39.9
		}
	}
	w.until("all is learnt", learnt(s))
	draws := func(s *Service, context string) (boots int) {
		items := []arms.Item{{ID: "boot", Category: "Shoes"}, {ID: "kite", Category: "Toys"}}
		src := rand.NewPCG(1, 2)
		for range 200 {
			if s.Draw(arms.Slot{Workspace: "default", Scene: "home", Context: context}, items, src) == 0 {
				boots++
			}
		}
		return boots
	}
	shoes, toys := draws(s, "category:Shoes"), draws(s, "category:Toys")
	if shoes < 190 || toys > 10 {
		t.Errorf("of 200 draws %d are boots for who is after shoes, and %d for who is after toys", shoes, toys)
	}
	stop()
	for _, o := range w.outcomes() { // as if the last commit were told again
		w.put(topics.RecommendationOutcomes, o.GetCustomerId(), o)
	}
	again, _ := w.start(nil)
	end := &recommendationv1.Outcome{OutcomeId: outcomeID("the end"), Workspace: "default", Scene: "end", Source: "taste", Kind: kindImpression, AtMs: now}
	for i := range 40 { // in every partition, behind the copies
		end.OutcomeId = outcomeID("the end", uint64(i))
		w.put(topics.RecommendationOutcomes, who(i), end)
	}
	w.until("the end is read", func() bool { seen, _ := again.Rate("default", "end", "taste"); return seen > 39.9 })
	if seen, clicked := again.Rate("default", "home", "taste"); seen > 80.1 || clicked > 40.1 || !learnt(again)() {
		t.Errorf("after a restart, and copies of all: %.1f of %.1f", clicked, seen)
	}
	if a, b := draws(again, "category:Shoes"), draws(again, "category:Toys"); a < 190 || b > 10 {
		t.Errorf("after a restart: of 200 draws %d and %d are boots", a, b)
	}
}
