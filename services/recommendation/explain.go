package recommendation

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/words"
)

// Explain says why an item stands where it stands, or why it does not. It draws nothing: slots of exploration are filled as others are.
func (a *api) Explain(ctx context.Context, r *recommendationv1.ExplainRequest) (*recommendationv1.ExplainResponse, error) {
	if r.GetId() == "" {
		return nil, status.Error(codes.InvalidArgument, "id: name a customer")
	}
	q, err := a.s.check(&recommendationv1.RecommendRequest{Workspace: r.GetWorkspace(), Scene: r.GetScene(), ContextItems: r.GetContextItems(), Language: r.GetLanguage()})
	if err != nil {
		return nil, err
	}
	item, err := known(a.s.deps.Shelf(q.workspace), r.GetItemId())
	if err != nil {
		return nil, err
	}
	w, err := a.s.who(ctx, q.workspace, r.GetId(), a.s.cfg.ReadWithin)
	if err != nil {
		return nil, err
	}
	nowMs := a.s.deps.Now().UnixMilli()
	question, board := a.s.ask(q, w, nowMs), a.s.board(q.workspace)
	story := a.s.plan(q, w, nowMs).Explain(question, a.s.parts(q, question, board), item)
	out := &recommendationv1.ExplainResponse{
		CustomerId: w.id, Headline: words.Headline(q.language, q.scene.Name, &story), Position: int32(story.Position), //nolint:gosec // At most 100.
		Rules: words.Rules(q.language, &story), Reasons: words.Parts(q.language, &story),
	}
	for _, p := range story.Proposals {
		out.Proposals = append(out.Proposals, &recommendationv1.Proposal{Source: p.Source, Place: int32(p.Place), Score: p.Score, //nolint:gosec // At most 1,000.
			Text: words.Proposal(q.language, p, itemOf(question.Shelf, p.Reason.Because))})
	}
	if board != nil {
		out.ModelVersion = board.Version()
	}
	return out, nil
}
