package recommendation

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/associate"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

func TestSimilar(t *testing.T) {
	w := newWorld(t, 300)
	w.version = "v1"
	w.shelf.Ensure("numbered")
	w.sources["also_viewed"], w.sources["also_bought"] = next{candidate.AlsoViewed}, list{candidate.AlsoBought, []int32{7, 8, 9}}
	c := client(t, w.service(nil))
	for by, want := range map[string]string{"": "i7 i8 i9", "also_viewed": "i8", "content": "", "also_bought": "i8 i9"} {
		item := map[bool]string{true: "i7", false: "i6"}[by != ""]
		r, err := c.SimilarItems(t.Context(), &recommendationv1.SimilarItemsRequest{ItemId: item, By: by})
		if err != nil || products(&recommendationv1.RecommendResponse{Recommendations: r.GetItems()}) != want || r.GetModelVersion() != "v1" {
			t.Errorf("by %q: %v, %v, want %s", by, r, err, want)
		}
	}
	if len(w.answers) != 0 {
		t.Error("it is told as a list given")
	}
	for what, test := range map[string]struct {
		req  *recommendationv1.SimilarItemsRequest
		code codes.Code
	}{
		"no item":       {&recommendationv1.SimilarItemsRequest{}, codes.NotFound},
		"a number only": {&recommendationv1.SimilarItemsRequest{ItemId: "numbered"}, codes.NotFound},
		"no source":     {&recommendationv1.SimilarItemsRequest{ItemId: "i1", By: "taste"}, codes.InvalidArgument},
		"too many":      {&recommendationv1.SimilarItemsRequest{ItemId: "i1", Limit: 101}, codes.InvalidArgument},
		"a language":    {&recommendationv1.SimilarItemsRequest{ItemId: "i1", Language: "fr"}, codes.InvalidArgument},
	} {
		if _, err := c.SimilarItems(t.Context(), test.req); status.Code(err) != test.code {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestExplain(t *testing.T) {
	w := newWorld(t, 300)
	w.version = "v1"
	w.sources["popular"], w.sources["session"] = most(300), next{candidate.Session}
	w.customer("user_id:1", true, visitor.Touch{Item: "i3", Kind: recommendationv1.TouchKind_TOUCH_KIND_BUY, AtMs: start.Add(-48 * time.Hour).UnixMilli()}, viewed("i40", time.Minute))
	c := client(t, w.service(nil))
	for item, want := range map[string]string{
		"i41":  "1 Place 1 in home: what came next in visits like this one. | What came next in visits like this one has it in place 1, because of Item 40. | What most take has it in place 41. | No ranker is trained yet: the places that its sources give it decide.",
		"i3":   "0 Not in home: it may not be shown. | What most take has it in place 4. | The visitor bought it, or what it stands for, within the scene's hiding time.",
		"i30":  "0 Not in home: it is candidate 31 of 50, and others stand higher. | What most take has it in place 30. | No ranker is trained yet: the places that its sources give it decide.",
		"i299": "0 Not in home: nothing proposes it for this visitor.",
	} {
		r, err := c.Explain(t.Context(), &recommendationv1.ExplainRequest{Id: "user_id:1", ItemId: item})
		if err != nil {
			t.Errorf("%s: %v", item, err)
			continue
		}
		said := []string{fmt.Sprint(r.GetPosition(), " ", r.GetHeadline())}
		for _, p := range r.GetProposals() {
			said = append(said, p.GetText())
		}
		if got := strings.Join(append(append(said, r.GetRules()...), r.GetReasons()...), " | "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", item, got, want)
		}
	}
	for what, req := range map[string]*recommendationv1.ExplainRequest{"no item": {Id: "user_id:1", ItemId: "none"}, "no scene": {Id: "user_id:1", ItemId: "i1", Scene: "none"}} {
		if _, err := c.Explain(t.Context(), req); status.Code(err) != codes.NotFound {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := c.Explain(t.Context(), &recommendationv1.ExplainRequest{ItemId: "i1"}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("nobody: %v", err)
	}
	if len(w.answers) != 0 {
		t.Error("an explanation is told as a list given")
	}
}

func TestRulesAndScenes(t *testing.T) {
	w := newWorld(t, 10)
	rules := []associate.Rule{
		{If: []int32{0}, Then: []int32{1}, Both: 7, Support: .07, Confidence: .7, Lift: 2, Leverage: .01},
		{If: []int32{2, 3}, Then: []int32{1}, Both: 5, Support: .05, Confidence: .5, Lift: 4, Leverage: .03},
		{If: []int32{4}, Then: []int32{5}, Both: 9, Support: .09, Confidence: .2, Lift: 1, Leverage: .02},
	}
	c := client(t, w.service(func(_ *Config, d *Deps) { d.Rules = func(string) ([]associate.Rule, int) { return rules, 100 } }))
	for what, test := range map[string]struct {
		req  *recommendationv1.ListRulesRequest
		want string
	}{
		"all":             {&recommendationv1.ListRulesRequest{}, "[i0] [i2 i3] [i4]"},
		"by lift":         {&recommendationv1.ListRulesRequest{Order: "lift", Limit: 2}, "[i2 i3] [i0]"},
		"by support":      {&recommendationv1.ListRulesRequest{Order: "support"}, "[i4] [i0] [i2 i3]"},
		"by leverage":     {&recommendationv1.ListRulesRequest{Order: "leverage", Limit: 1}, "[i2 i3]"},
		"of an item":      {&recommendationv1.ListRulesRequest{ItemId: "i3"}, "[i2 i3]"},
		"of no item":      {&recommendationv1.ListRulesRequest{ItemId: "none"}, ""},
		"with lift":       {&recommendationv1.ListRulesRequest{MinLift: 2}, "[i0] [i2 i3]"},
		"with confidence": {&recommendationv1.ListRulesRequest{MinConfidence: .6}, "[i0]"},
	} {
		r, err := c.ListRules(t.Context(), test.req)
		var got []string
		for _, x := range r.GetRules() {
			got = append(got, fmt.Sprint(x.GetWhen()))
		}
		if err != nil || strings.Join(got, " ") != test.want || r.GetBaskets() != 100 {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
	if r, err := c.ListRules(t.Context(), &recommendationv1.ListRulesRequest{Limit: 1}); err != nil || r.GetRules()[0].GetText() != "70 % of those who buy Item 0 buy Item 1." || r.GetRules()[0].GetBaskets() != 7 {
		t.Errorf("%v, %v", r, err)
	}
	for _, req := range []*recommendationv1.ListRulesRequest{{Limit: -1}, {Limit: 10_001}, {Order: "luck"}, {MinConfidence: 2}, {MinLift: -1}} {
		if _, err := c.ListRules(t.Context(), req); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%v: %v", req, err)
		}
	}
	r, err := c.ListScenes(t.Context(), &recommendationv1.ListScenesRequest{})
	if err != nil || len(r.GetScenes()) != 7 || r.GetScenes()[0].GetName() != "home" || r.GetScenes()[0].GetSources()[0] != "session" || !strings.Contains(r.GetScenes()[0].GetYaml(), "hide_bought: {for: 30d, cycle: true}") {
		t.Errorf("%v, %v", r, err)
	}
}

func TestWithoutParts(t *testing.T) {
	s, err := New(Default(), Deps{})
	if err != nil {
		t.Fatal(err)
	}
	c, ctx := client(t, s), t.Context()
	for what, call := range map[string]func() error{
		"items":    func() error { _, err := c.UpsertItems(ctx, &recommendationv1.UpsertItemsRequest{}); return err },
		"an item":  func() error { _, err := c.GetItem(ctx, &recommendationv1.GetItemRequest{}); return err },
		"feedback": func() error { _, err := c.RecordFeedback(ctx, &recommendationv1.RecordFeedbackRequest{}); return err },
		"report":   func() error { _, err := c.GetReport(ctx, &recommendationv1.GetReportRequest{}); return err },
		"models":   func() error { _, err := c.ListModels(ctx, &recommendationv1.ListModelsRequest{}); return err },
		"training": func() error {
			stream, err := c.Train(ctx, &recommendationv1.TrainRequest{})
			if err == nil {
				_, err = stream.Recv()
			}
			return err
		},
		"card":     func() error { _, err := c.Evaluate(ctx, &recommendationv1.EvaluateRequest{}); return err },
		"promote":  func() error { _, err := c.Promote(ctx, &recommendationv1.PromoteRequest{}); return err },
		"rollback": func() error { _, err := c.Rollback(ctx, &recommendationv1.RollbackRequest{}); return err },
	} {
		if err := call(); status.Code(err) != codes.Unimplemented || !strings.Contains(err.Error(), "started without that part") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if r, err := c.Recommend(ctx, &recommendationv1.RecommendRequest{Id: "user_id:1"}); err != nil || len(r.GetDegraded()) == 0 || r.GetRequestId() != "" {
		t.Errorf("%v, %v", r, err)
	}
}

func TestBatch(t *testing.T) {
	w := newWorld(t, 300)
	w.sources["popular"], w.sources["session"] = most(300), next{candidate.Session}
	var ids []string
	want := map[string]string{"": "", "42": "", "user_id:99": "i0"}
	for i := range 200 {
		ref := fmt.Sprintf("user_id:%d", 1000+i)
		w.customer(ref, true, viewed(id(i), time.Minute))
		ids, want[ref] = append(ids, ref), id(i+1)
	}
	c := client(t, w.service(func(c *Config, _ *Deps) { c.BatchWorkers = 4 }))
	stream, err := c.BatchRecommend(t.Context(), &recommendationv1.BatchRecommendRequest{Ids: append(ids, "", "42", "user_id:99"), Ask: &recommendationv1.RecommendRequest{Limit: 1, Id: "user_id:1000", Workspace: "another"}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]*recommendationv1.BatchRecommendResponse{}
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got[r.GetId()] = r
	}
	if len(got) != len(want) {
		t.Fatalf("%d answers of %d", len(got), len(want))
	}
	for ref, item := range want {
		if r := got[ref]; products(r.GetAnswer()) != item || (item == "") != (r.GetError() != "") || (item == "") != (r.GetAnswer() == nil) {
			t.Errorf("%q: %v, want %q", ref, r, item)
		}
	}
	if n := len(w.answers); n != 201 || !w.answers[0].GetUnseen() || w.answers[0].GetWorkspace() != "default" {
		t.Errorf("%d told", n)
	}
	for what, req := range map[string]*recommendationv1.BatchRecommendRequest{
		"10,001": {Ids: make([]string, mostBatch+1)}, "a bad ask": {Ids: ids, Ask: &recommendationv1.RecommendRequest{Limit: 101}},
	} {
		stream, err := c.BatchRecommend(t.Context(), req)
		if err == nil {
			_, err = stream.Recv()
		}
		if status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v", what, err)
		}
	}
	if stream, err = c.BatchRecommend(t.Context(), &recommendationv1.BatchRecommendRequest{}); err == nil {
		_, err = stream.Recv()
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("for nobody: %v", err)
	}
}
