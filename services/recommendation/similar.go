package recommendation

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/customer"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/scene"
	"github.com/freshet/freshet/services/recommendation/words"
)

// similarBy are the sources that say what goes with an item, the strongest word first.
var similarBy = []string{"also_bought", "also_viewed", "bought_together", "content"}

// similarPlans are lists of one source each, and "" of all.
func similarPlans() (map[string]*scene.Plan, error) {
	var all []string
	file := ""
	for _, by := range similarBy {
		all = append(all, "{of: "+by+"}")
		file += fmt.Sprintf("  - {name: %s, description: By one source., limit: 10, sources: [{of: %s}]}\n", by, by)
	}
	file += "  - {name: all, description: By all., limit: 10, sources: [" + strings.Join(all, ", ") + "]}\n"
	set, err := scene.Parse(nil, []byte("scenes:\n"+file), nil)
	if err != nil {
		return nil, err
	}
	out := map[string]*scene.Plan{"": set.Get("all").Base()}
	for _, by := range similarBy {
		out[by] = set.Get(by).Base()
	}
	return out, nil
}

// SimilarItems says what goes with an item.
func (a *api) SimilarItems(_ context.Context, r *recommendationv1.SimilarItemsRequest) (*recommendationv1.SimilarItemsResponse, error) {
	if l := r.GetLimit(); l < 0 || l > scene.Most {
		return nil, status.Errorf(codes.InvalidArgument, "limit: %d is not within 0, which is 10, and %d", l, scene.Most)
	}
	plan := a.s.similar[r.GetBy()]
	if plan == nil {
		return nil, status.Errorf(codes.InvalidArgument, "by: %q is not one of %s", words.Clean(r.GetBy()), strings.Join(similarBy, ", "))
	}
	language, err := words.Language(r.GetLanguage())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	workspace := customer.Workspace(r.GetWorkspace())
	shelf := a.s.deps.Shelf(workspace)
	item, err := known(shelf, r.GetItemId())
	if err != nil {
		return nil, err
	}
	about := []int32{item}
	question := &ask.Ask{Workspace: workspace, NowMs: a.s.deps.Now().UnixMilli(), Shelf: shelf, Session: about, Context: about}
	board := a.s.board(workspace)
	list := plan.Answer(question, scene.Parts{Source: a.s.sources(workspace, board), K: int(r.GetLimit())})
	q := &asked{language: language, req: &recommendationv1.RecommendRequest{Items: r.GetItems()}}
	out := &recommendationv1.SimilarItemsResponse{Items: a.s.told(q, question, list.Entries)}
	if board != nil {
		out.ModelVersion = board.Version()
	}
	return out, nil
}

// known finds an item of which more is known than its number.
func known(shelf *catalogue.Shelf, id string) (int32, error) {
	if n, ok := shelf.Number(id); ok && shelf.Item(n).Proto != nil {
		return n, nil
	}
	return 0, status.Errorf(codes.NotFound, "item_id: no item is known as %q; items are known when they are upserted, imported or named by an event", words.Clean(id))
}

// scene finds a scene.
func (s *Service) scene(name string) (*scene.Scene, error) {
	if name == "" {
		name = usualScene
	}
	if x := s.scenes.Get(name); x != nil {
		return x, nil
	}
	return nil, status.Errorf(codes.NotFound, "scene: there is no %q; there are %s", words.Clean(name), strings.Join(s.scenes.Names(), ", "))
}
