package recommendation

import (
	"cmp"
	"context"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/customer"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/associate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/scene"
	"github.com/freshet/freshet/services/recommendation/words"
)

const usualRules, mostRules = 100, 10_000

// figures are what rules can be ordered by.
var figures = map[string]func(*associate.Rule) float64{
	"":           func(r *associate.Rule) float64 { return r.Confidence },
	"confidence": func(r *associate.Rule) float64 { return r.Confidence },
	"lift":       func(r *associate.Rule) float64 { return r.Lift },
	"support":    func(r *associate.Rule) float64 { return r.Support },
	"leverage":   func(r *associate.Rule) float64 { return r.Leverage },
}

// ListRules lists association rules.
func (a *api) ListRules(_ context.Context, r *recommendationv1.ListRulesRequest) (*recommendationv1.ListRulesResponse, error) {
	limit := cmp.Or(int(r.GetLimit()), usualRules)
	figure := figures[r.GetOrder()]
	switch {
	case limit < 1 || limit > mostRules:
		return nil, status.Errorf(codes.InvalidArgument, "limit: %d is not within 0, which is %d, and %d", limit, usualRules, mostRules)
	case figure == nil:
		return nil, status.Errorf(codes.InvalidArgument, "order: %q is not confidence, lift, support or leverage", words.Clean(r.GetOrder()))
	case !(r.GetMinConfidence() >= 0 && r.GetMinConfidence() <= 1):
		return nil, status.Errorf(codes.InvalidArgument, "min_confidence: %g is not within 0 and 1", r.GetMinConfidence())
	case !(r.GetMinLift() >= 0):
		return nil, status.Errorf(codes.InvalidArgument, "min_lift: %g is below 0", r.GetMinLift())
	}
	workspace := customer.Workspace(r.GetWorkspace())
	out := &recommendationv1.ListRulesResponse{}
	if b := a.s.board(workspace); b != nil {
		out.ModelVersion = b.Version()
	}
	if a.s.deps.Rules == nil {
		return out, nil
	}
	shelf := a.s.deps.Shelf(workspace)
	all, baskets := a.s.deps.Rules(workspace)
	out.Baskets = int64(baskets)
	about, ok := shelf.Number(r.GetItemId())
	if r.GetItemId() != "" && !ok {
		return out, nil
	}
	var found []*associate.Rule
	for i := range all {
		x := &all[i]
		if x.Confidence >= r.GetMinConfidence() && x.Lift >= r.GetMinLift() && (!ok || slices.Contains(x.If, about)) {
			found = append(found, x)
		}
	}
	slices.SortStableFunc(found, func(x, y *associate.Rule) int { return cmp.Compare(figure(y), figure(x)) })
	for _, x := range found[:min(limit, len(found))] {
		out.Rules = append(out.Rules, ruleOf(shelf, x))
	}
	return out, nil
}

func ruleOf(shelf *catalogue.Shelf, r *associate.Rule) *recommendationv1.AssociationRule {
	when, then := itemsOf(shelf, r.If), itemsOf(shelf, r.Then)
	return &recommendationv1.AssociationRule{
		When: idsOf(when), Then: idsOf(then), Support: r.Support, Confidence: r.Confidence, Lift: r.Lift, Leverage: r.Leverage, Baskets: int64(r.Both),
		Text: words.Rule("en", when, then, r.Confidence),
	}
}

func itemsOf(shelf *catalogue.Shelf, numbers []int32) []*catalogue.Item {
	var out []*catalogue.Item
	for _, n := range numbers {
		if i := itemOf(shelf, n); i != nil {
			out = append(out, i)
		}
	}
	return out
}

func idsOf(items []*catalogue.Item) []string {
	out := make([]string, len(items))
	for i, x := range items {
		out[i] = x.ID
	}
	return out
}

// ListScenes lists the scenes.
func (a *api) ListScenes(context.Context, *recommendationv1.ListScenesRequest) (*recommendationv1.ListScenesResponse, error) {
	out := &recommendationv1.ListScenesResponse{}
	for _, s := range a.s.scenes.Scenes {
		p := s.Base()
		x := &recommendationv1.Scene{Name: s.Name, Description: s.Description, Limit: int32(p.Limit), Yaml: s.YAML} //nolint:gosec // At most 100.
		for _, w := range p.Sources {
			x.Sources = append(x.Sources, w.Kind.String())
		}
		x.Variants = shares(s.Variants)
		out.Scenes = append(out.Scenes, x)
	}
	return out, nil
}

// shares are in per cent.
func shares(variants []scene.Variant) map[string]float64 {
	all := 0.0
	for _, v := range variants {
		all += v.Share
	}
	out := map[string]float64{}
	for _, v := range variants {
		out[v.Name] = 100 * v.Share / all
	}
	return out
}
