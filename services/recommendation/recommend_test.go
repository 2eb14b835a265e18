package recommendation

import (
	"context"
	"fmt"
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
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/scene"
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

// What others do is said to be missing where they are.
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
