package recommendation

import (
	"context"
	"time"

	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/scene"
	"github.com/freshet/freshet/services/recommendation/words"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// Recommend gives a list.
func (a *api) Recommend(ctx context.Context, r *recommendationv1.RecommendRequest) (*recommendationv1.RecommendResponse, error) {
	q, err := a.s.check(r)
	if err != nil {
		return nil, err
	}
	return a.s.recommend(ctx, q, r.GetId(), r.GetUnseen(), a.s.cfg.ReadWithin)
}

// recommend makes one list, counts it and tells of it.
func (s *Service) recommend(ctx context.Context, q *asked, ref string, unseen bool, within time.Duration) (*recommendationv1.RecommendResponse, error) {
	began := time.Now()
	w, err := s.who(ctx, q.workspace, ref, within)
	if err != nil {
		return nil, err
	}
	nowMs := s.deps.Now().UnixMilli()
	question, board, plan := s.ask(q, w, nowMs), s.board(q.workspace), s.plan(q, w, nowMs)
	parts := s.parts(q, question, board)
	parts.Seed = s.deps.Seed()
	if s.deps.Loop != nil {
		parts.Draw = s.deps.Loop
	}
	list := plan.Answer(question, parts)
	out := &recommendationv1.RecommendResponse{
		CustomerId: w.id, Scene: plan.Scene, Variant: plan.Variant, Personal: question.Personal(), VisitorKnownMs: w.knownMs(),
	}
	if board != nil {
		out.ModelVersion, out.KnownMs = board.Version(), board.KnownMs()
	}
	if out.GetModelVersion() == "" {
		w.lack(noModel, "no model is trained yet: what is live speaks")
	}
	if len(list.Missing) > 0 {
		w.missing, w.lacks = append(w.missing, list.Missing...), append(w.lacks, thinList)
	}
	out.Degraded = w.missing
	out.Recommendations = s.told(q, question, list.Entries)
	if !q.req.GetDryRun() && s.deps.Loop != nil {
		s.given(q, w, out, &list, nowMs, unseen)
	}
	s.count(plan.Scene, w, &list, time.Since(began))
	return out, nil
}

// given names the list and tells the loop.
func (s *Service) given(q *asked, w *who, r *recommendationv1.RecommendResponse, list *scene.List, nowMs int64, unseen bool) {
	told := w.told()
	r.RequestId = s.deps.Loop.NewRequest(q.workspace, told, nowMs)
	answer := &recommendationv1.Answer{
		RequestId: r.GetRequestId(), Workspace: q.workspace, CustomerId: told, Scene: r.GetScene(), Variant: r.GetVariant(), AtMs: nowMs,
		ModelVersion: r.GetModelVersion(), Unseen: unseen, Context: list.Context, Items: make([]*recommendationv1.AnswerItem, len(r.GetRecommendations())),
	}
	for i, x := range r.GetRecommendations() {
		answer.Items[i] = &recommendationv1.AnswerItem{ItemId: x.GetProductId(), Source: x.GetSource(), Explored: x.GetExplored(), Category: list.Entries[i].Category}
	}
	s.deps.Loop.Answered(answer)
}

func (s *Service) count(name string, w *who, list *scene.List, took time.Duration) {
	s.metrics.answers.WithLabelValues(name).Inc()
	s.metrics.took.WithLabelValues(name).Observe(took.Seconds())
	s.metrics.candidates.Observe(float64(list.Candidates))
	for _, what := range w.lacks {
		s.metrics.degraded.WithLabelValues(what).Inc()
	}
	for i := range list.Entries {
		if list.Entries[i].Explored {
			s.metrics.explored.Inc()
		}
	}
}

// told is a list in words.
func (s *Service) told(q *asked, a *ask.Ask, entries []scene.Entry) []*recommendationv1.Recommendation {
	out := make([]*recommendationv1.Recommendation, len(entries))
	for i := range entries {
		e := &entries[i]
		item, because := a.Shelf.Item(e.Item), itemOf(a.Shelf, e.Reason.Because)
		told := words.Told{Kind: e.Reason.Kind, Because: because, Explored: e.Explored}
		if e.Reason.Kind == candidate.Due {
			told.Days, told.Own = s.cycle(a, e.Item)
		}
		r := &recommendationv1.Recommendation{
			ProductId: item.ID, Score: e.Score, Reason: words.Reason(q.language, told), Source: e.Source, Position: int32(i) + 1, Explored: e.Explored, //nolint:gosec // At most 100.
		}
		if because != nil {
			r.Because = because.ID
		}
		if q.req.GetItems() {
			r.Item = item.Proto
		}
		out[i] = r
	}
	return out
}

// itemOf is an item of the shelf; nil for a number that it never gave.
func itemOf(shelf *catalogue.Shelf, n int32) *catalogue.Item {
	if n < 0 || int(n) >= shelf.Len() {
		return nil
	}
	return shelf.Item(n)
}

const dayMs = 24 * 60 * 60 * 1000

// cycle is after how many days an item is bought again: by the visitor's own purchases where there are two and more, else by people's. 0: not known.
func (s *Service) cycle(a *ask.Ask, item int32) (days int, own bool) {
	var first, last int64
	n := int64(0)
	for i, x := range a.History {
		if at := a.Touches[i].AtMs; x == item && a.Touches[i].Kind == recommendationv1.TouchKind_TOUCH_KIND_BUY && at != last {
			if n == 0 {
				first = at
			}
			last = at
			n++
		}
	}
	if n > 1 && last > first {
		return int(max((last-first)/(n-1)+dayMs/2, dayMs) / dayMs), true
	}
	if s.deps.Cycle == nil {
		return 0, false
	}
	return int((s.deps.Cycle(a.Workspace, item) + dayMs/2) / dayMs), false
}
