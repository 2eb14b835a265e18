package recommendation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/customer"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/associate"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/scene"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

func most(n int) list {
	l := list{kind: candidate.Popular}
	for i := range n {
		l.items = append(l.items, int32(i))
	}
	return l
}

// What a list says beside its items.
func TestAList(t *testing.T) {
	w := newWorld(t, 300)
	w.version = "v1"
	w.sources["popular"], w.sources["session"] = most(300), next{candidate.Session}
	who := w.customer("user_id:1", true, viewed("i40", time.Minute), viewed("gone", time.Second))
	c := client(t, w.service(nil))
	r, err := c.Recommend(t.Context(), &recommendationv1.RecommendRequest{Id: "user_id:1", Limit: 3, Items: true})
	if err != nil {
		t.Fatal(err)
	}
	first := r.GetRecommendations()[0]
	if r.GetCustomerId() != who || r.GetScene() != "home" || r.GetModelVersion() != "v1" || !r.GetPersonal() || r.GetVisitorKnownMs() != 55 || r.GetKnownMs() != 77 || len(r.GetRecommendations()) != 3 {
		t.Errorf("%v", r)
	}
	if first.GetProductId() != "i41" || first.GetSource() != "session" || first.GetBecause() != "i40" || first.GetReason() != "Because you looked at Item 40" || first.GetPosition() != 1 || first.GetItem().GetBrand() != "b41" {
		t.Errorf("%v", first)
	}
	if len(w.answers) != 1 || w.answers[0].GetRequestId() != r.GetRequestId() || r.GetRequestId() == "" || w.answers[0].GetCustomerId() != who || w.answers[0].GetItems()[0].GetItemId() != "i41" || w.answers[0].GetUnseen() {
		t.Errorf("told: %v", w.answers)
	}
	dry, err := c.Recommend(t.Context(), &recommendationv1.RecommendRequest{Id: "user_id:1", DryRun: true, Language: "zh-CN", Limit: 1})
	if err != nil || dry.GetRequestId() != "" || len(w.answers) != 1 || dry.GetRecommendations()[0].GetReason() != "因为您看过Item 40" || dry.GetRecommendations()[0].GetItem() != nil {
		t.Errorf("a dry run: %v, %v, %d told", dry, err, len(w.answers))
	}
	// One touch changes the next list.
	w.views[who].Touches = append(w.views[who].Touches, viewed("i7", 0))
	again, err := c.Recommend(t.Context(), &recommendationv1.RecommendRequest{Id: "user_id:1", Limit: 1, Unseen: true})
	if err != nil || products(again) != "i8" || !w.answers[1].GetUnseen() {
		t.Errorf("after a touch: %v, %v", again, err)
	}
}

func TestWhatIsRefused(t *testing.T) {
	w := newWorld(t, 3)
	c := client(t, w.service(nil))
	many := make([]string, 1001)
	for what, test := range map[string]struct {
		req  *recommendationv1.RecommendRequest
		code codes.Code
		says string
	}{
		"a million":            {&recommendationv1.RecommendRequest{Limit: 1_000_000}, codes.InvalidArgument, "limit: 1000000 is not within 0, which is what the scene says, and 100"},
		"less than none":       {&recommendationv1.RecommendRequest{Limit: -1}, codes.InvalidArgument, "limit: -1"},
		"an unknown scene":     {&recommendationv1.RecommendRequest{Scene: "checkout"}, codes.NotFound, `there is no "checkout"; there are home, product, cart, after_purchase, win_back, no_results, feed`},
		"no reference":         {&recommendationv1.RecommendRequest{Id: "42"}, codes.InvalidArgument, "id: "},
		"another language":     {&recommendationv1.RecommendRequest{Language: "fr"}, codes.InvalidArgument, "en and zh"},
		"no condition":         {&recommendationv1.RecommendRequest{Filter: "((("}, codes.InvalidArgument, "filter: no condition over a brand"},
		"no country":           {&recommendationv1.RecommendRequest{Country: "Germany"}, codes.InvalidArgument, "country: "},
		"too much of a page":   {&recommendationv1.RecommendRequest{ContextItems: many}, codes.InvalidArgument, "context_items: 1001 items, at most 100"},
		"too much of a visit":  {&recommendationv1.RecommendRequest{SessionItems: many}, codes.InvalidArgument, "session_items"},
		"too much is excluded": {&recommendationv1.RecommendRequest{Exclude: many}, codes.InvalidArgument, "exclude"},
	} {
		if _, err := c.Recommend(t.Context(), test.req); status.Code(err) != test.code || !strings.Contains(status.Convert(err).Message(), test.says) {
			t.Errorf("%s: %v, want %v with %s", what, err, test.code, test.says)
		}
	}
}

func TestItAnswersWhateverIsMissing(t *testing.T) {
	for what, test := range map[string]struct {
		edit   func(*world, *Deps)
		req    *recommendationv1.RecommendRequest
		want   string
		says   []string
		person bool
	}{
		"all is there":     {want: "i41 i0", person: true},
		"identity is away": {edit: func(w *world, _ *Deps) { w.away = status.Error(codes.Unavailable, "down") }, want: "i0 i1", says: []string{"identity did not answer within 50ms: the visitor counts as unknown"}},
		"there is no":      {edit: func(_ *world, d *Deps) { d.Identity = nil }, want: "i0 i1", says: []string{"the visitor counts as unknown"}},
		"identity is away, a customer id is known": {edit: func(w *world, _ *Deps) { w.away = status.Error(codes.Unavailable, "down") },
			req: &recommendationv1.RecommendRequest{Id: customer.ID("default", "user_id", "1", 0)}, want: "i41 i0", says: []string{"taken as it is, merges are not known"}, person: true},
		"the record is away":                 {edit: func(w *world, _ *Deps) { w.torn = status.Error(codes.Unavailable, "moving") }, want: "i0 i1", says: []string{"the visitor's record did not answer"}},
		"the visitor is unknown":             {req: &recommendationv1.RecommendRequest{Id: "user_id:99"}, want: "i0 i1", says: []string{"the visitor is not known"}},
		"nobody":                             {req: &recommendationv1.RecommendRequest{}, want: "i0 i1"},
		"nobody, the caller knows the visit": {req: &recommendationv1.RecommendRequest{SessionItems: []string{"i9", "i17"}}, want: "i18 i0"},
		"the caller knows better":            {req: &recommendationv1.RecommendRequest{Id: "user_id:1", SessionItems: []string{"i17"}}, want: "i18 i0", person: true},
		"nothing is known yet":               {edit: func(w *world, _ *Deps) { clear(w.views) }, want: "i0 i1", says: []string{"nothing is known of the visitor yet"}},
		"no model":                           {edit: func(w *world, _ *Deps) { w.version = "" }, want: "i41 i0", says: []string{"no model is trained yet"}, person: true},
		"no board":                           {edit: func(_ *world, d *Deps) { d.Board = nil }, says: []string{"no model is trained yet", "not there yet: session", "no more that may be shown"}, person: true},
		"no catalogue":                       {edit: func(_ *world, d *Deps) { d.Shelf = nil }, says: []string{"the catalogue is empty"}, person: true},
		"a filter that leaves nothing":       {req: &recommendationv1.RecommendRequest{Id: "user_id:1", Filter: "brand == none"}, says: []string{"0 of 2 places: no more that passes the request's filter"}, person: true},
		"a filter":                           {req: &recommendationv1.RecommendRequest{Id: "user_id:1", Filter: "brand == b3"}, want: "i3 i53", person: true},
		"the page's own item is not shown":   {req: &recommendationv1.RecommendRequest{ContextItems: []string{"i0", "none"}, Exclude: []string{"i2", "none"}}, want: "i1 i3"},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, 300)
			w.version = "v1"
			w.sources["popular"], w.sources["session"] = most(300), next{candidate.Session}
			w.customer("user_id:1", true, viewed("i40", time.Minute))
			s := w.service(func(_ *Config, d *Deps) {
				if test.edit != nil {
					test.edit(w, d)
				}
			})
			if test.req == nil {
				test.req = &recommendationv1.RecommendRequest{Id: "user_id:1"}
			}
			test.req.Limit = 2
			r, err := (&api{s: s}).Recommend(t.Context(), test.req)
			if err != nil {
				t.Fatal(err)
			}
			said := strings.Join(r.GetDegraded(), "; ")
			if got := products(r); got != test.want || r.GetPersonal() != test.person || r.GetRequestId() == "" {
				t.Errorf("%s, personal %t, want %s; %s", got, r.GetPersonal(), test.want, said)
			}
			for _, x := range test.says {
				if !strings.Contains(said, x) {
					t.Errorf("not said: %s, but %s", x, said)
				}
			}
		})
	}
}

// Identity that does not answer costs what the configuration says, on a clock of the test's.
func TestTheVisitorIsNotWaitedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 10)
		w.mute = true
		w.sources["popular"] = most(10)
		s := w.service(func(c *Config, _ *Deps) { c.ReadWithin = 30 * time.Millisecond })
		began := time.Now()
		r, err := (&api{s: s}).Recommend(t.Context(), &recommendationv1.RecommendRequest{Id: "user_id:1"})
		if took := time.Since(began); err != nil || took != 30*time.Millisecond || len(r.GetRecommendations()) == 0 {
			t.Errorf("after %s: %v, %v", took, r, err)
		}
		// A caller who waits no longer gets no list.
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := (&api{s: s}).Recommend(ctx, &recommendationv1.RecommendRequest{Id: "user_id:1"}); err == nil {
			t.Error("a list for nobody")
		}
	})
}

func TestAMergedCustomer(t *testing.T) {
	w := newWorld(t, 300)
	w.sources["session"] = next{candidate.Session}
	survivor := w.customer("user_id:1", true, viewed("i40", time.Minute))
	old := customer.ID("default", "anonymous_id", "x", 0)
	w.known[old], w.known["anonymous_id:x"] = survivor, survivor
	for _, ref := range []string{old, "anonymous_id:x", "user_id:1"} {
		r, err := (&api{s: w.service(nil)}).Recommend(t.Context(), &recommendationv1.RecommendRequest{Id: ref})
		if err != nil || r.GetCustomerId() != survivor || products(r) != "i41" {
			t.Errorf("%s: %v, %v", ref, r, err)
		}
	}
	// Identity is behind: the record was handed over already.
	w.known[old], w.views[old] = old, w.views[survivor]
	if r, err := (&api{s: w.service(nil)}).Recommend(t.Context(), &recommendationv1.RecommendRequest{Id: old}); err != nil || r.GetCustomerId() != survivor {
		t.Errorf("handed over: %v, %v", r, err)
	}
}

func TestWithoutConsent(t *testing.T) {
	w := newWorld(t, 300)
	w.sources["session"], w.sources["taste"], w.sources["popular"] = next{candidate.Session}, tasted{}, most(300)
	who := w.customer("user_id:1", false, viewed("i40", time.Minute))
	w.views[who].Segments = nil
	r, err := (&api{s: w.service(nil)}).Recommend(t.Context(), &recommendationv1.RecommendRequest{Id: "user_id:1", Limit: 2})
	if err != nil || r.GetPersonal() || products(r) != "i41 i0" {
		t.Errorf("%v, %v", r, err)
	}
	if told := w.answers[0].GetCustomerId(); told == who || !customer.IsID(told) || !strings.Contains(r.GetRequestId(), told) {
		t.Errorf("told under %s", told)
	}
	w.views[who].Personal = true
	if r, err = (&api{s: w.service(nil)}).Recommend(t.Context(), &recommendationv1.RecommendRequest{Id: "user_id:1", Limit: 2}); err != nil || products(r) != "i41 i40" {
		t.Errorf("with consent: %v, %v", r, err)
	}
}

func TestVariantsStay(t *testing.T) {
	path := t.TempDir() + "/scenes.yaml"
	writeFile(t, path, "scenes: [{name: home, description: Two ways., limit: 3, fallback: [popular], variants: [{name: control, share: 1}, {name: bold, share: 3, with: {limit: 1}}]}]")
	w := newWorld(t, 10)
	w.sources["popular"] = most(10)
	known := w.customer("user_id:1", true)
	w.known["anonymous_id:merged"] = known
	moved := customer.ID("default", "anonymous_id", "moved", 0) // identity is behind its record
	w.known[moved], w.views[moved] = moved, w.views[known]
	var drawn []string
	s := w.service(func(c *Config, d *Deps) {
		c.Scenes = path
		d.Assign = func(salt, workspace, customerID string, shares []float64) int {
			drawn = append(drawn, fmt.Sprint(salt, " ", workspace, " ", customerID, " ", shares))
			return 1
		}
	})
	for _, ref := range []string{"user_id:1", known, "anonymous_id:merged", moved, "anonymous_id:new", "anonymous_id:new"} {
		r, err := (&api{s: s}).Recommend(t.Context(), &recommendationv1.RecommendRequest{Id: ref})
		if err != nil || r.GetVariant() != "bold" || len(r.GetRecommendations()) != 1 {
			t.Errorf("%v, %v", r, err)
		}
	}
	fresh := "home default " + customer.ID("default", "anonymous_id", "new", 0) + " [1 3]"
	if same := "home default " + known + " [1 3]"; !slices.Equal(drawn, []string{same, same, same, same, fresh, fresh}) {
		t.Errorf("drawn by %q", drawn)
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

// What others do is said to be missing where they are.
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

func TestMetrics(t *testing.T) {
	w := newWorld(t, 10)
	w.sources["popular"] = most(10)
	w.away = status.Error(codes.Unavailable, "down")
	reg := prometheus.NewRegistry()
	s := w.service(func(_ *Config, d *Deps) { d.Metrics = reg })
	if _, err := (&api{s: s}).Recommend(t.Context(), &recommendationv1.RecommendRequest{Id: "user_id:1", Scene: "cart"}); err != nil {
		t.Fatal(err)
	}
	if err := testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP freshet_recommendation_answers_total Lists given, by scene.
# TYPE freshet_recommendation_answers_total counter
freshet_recommendation_answers_total{scene="cart"} 1
# HELP freshet_recommendation_degraded_total Lists that something was missing for, by what: identity or record, which did not answer in time; model, none is trained; list, a source, a quota or candidates.
# TYPE freshet_recommendation_degraded_total counter
freshet_recommendation_degraded_total{missing="identity"} 1
freshet_recommendation_degraded_total{missing="list"} 1
freshet_recommendation_degraded_total{missing="model"} 1
`), "freshet_recommendation_answers_total", "freshet_recommendation_degraded_total"); err != nil {
		t.Error(err)
	}
	if n := testutil.CollectAndCount(s.metrics.took); n != 1 {
		t.Errorf("%d histograms", n)
	}
}

func TestConfig(t *testing.T) {
	for what, test := range map[string]struct {
		cfg  Config
		want string
	}{
		"never waits":      {Config{}, "read_within: 0s is not within 1ms and 10s"},
		"too many workers": {Config{ReadWithin: time.Second, BatchWorkers: 65}, "batch_workers: 65"},
		"no file":          {Config{ReadWithin: time.Second, Scenes: "/nowhere"}, "read the scenes"},
	} {
		if _, err := New(test.cfg, Deps{}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Filters that were read once are kept, and not without bound.
func TestFiltersAreKept(t *testing.T) {
	read := 0
	f := filters{parse: func(string) (scene.Filter, error) { read++; return brandIs("x"), nil }}
	for range 3 {
		for i := range 5 {
			if _, err := f.get(fmt.Sprint("brand == ", i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if read != 5 {
		t.Errorf("read %d times", read)
	}
	for i := range 10 * mostFilters {
		if _, err := f.get(fmt.Sprint("brand == ", i)); err != nil || len(f.known) > mostFilters {
			t.Fatal(err, len(f.known))
		}
	}
	if _, err := f.get(strings.Repeat("x", longestFilter+1)); err == nil {
		t.Error("a condition without end")
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
