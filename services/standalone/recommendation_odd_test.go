package standalone

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/testkit"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// web asks the gateway over HTTP, and gives the status and the body; a body makes it a POST.
func (s *shop) web(path, body string) (int, string) {
	s.Helper()
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(s.Context(), method, "http://"+s.rig.addr.APIHTTP+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.rig.addr.APIToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		s.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// scenes are the names of all there are.
func (s *shop) scenes() []string {
	s.Helper()
	got, err := s.api.ListScenes(s.Context(), &recommendationv1.ListScenesRequest{Workspace: s.name})
	if err != nil {
		s.Fatal(err)
	}
	var out []string
	for _, x := range got.GetScenes() {
		out = append(out, x.GetName())
	}
	return out
}

// odd: what no page asks for gets an answer, or an error that says what to change.
func odd(s *shop) {
	s.nothing()
	for from := 0; from < 150; from += 50 {
		var some []*recommendationv1.Item
		for n := from; n < from+50; n++ {
			some = append(some, thing(fmt.Sprint("item-", n), fmt.Sprint("category-", n%30)))
		}
		s.stock(some...)
	}
	s.stock(thing("kettle", "kitchen"))
	var lines []string
	for n := range 150 {
		lines = append(lines, fmt.Sprint("item-", n))
	}
	s.tell(s.buys("user:wholesaler", "all", lines...))
	s.sizes()
	s.unknownScene()
	s.filtered()
	s.many()
}

// nothing: a workspace of which nobody knows anything gets empty lists in every scene, and why.
func (s *shop) nothing() {
	const empty = "the catalogue is empty"
	for _, scene := range s.scenes() {
		for _, ask := range [][2]string{
			{"/v1/customers/user_id:1/recommendations?workspace=" + s.name + "&scene=" + scene, ""},
			{"/v1/recommendations", fmt.Sprintf(`{"workspace": %q, "scene": %q, "session_items": ["x"], "context_items": ["y"]}`, s.name, scene)},
		} {
			code, body := s.web(ask[0], ask[1])
			var list struct {
				RequestID       string `json:"request_id"`
				Recommendations []any
				Degraded        []string
			}
			if err := json.Unmarshal([]byte(body), &list); err != nil || code != http.StatusOK || len(list.Recommendations) != 0 || list.RequestID == "" || !strings.Contains(strings.Join(list.Degraded, "\n"), empty) {
				s.Errorf("%s of an empty catalogue: %d, %s", scene, code, body)
			}
		}
	}
	for _, l := range s.batch("user_id:1", "user_id:2") {
		if len(l.GetRecommendations()) != 0 || !strings.Contains(strings.Join(l.GetDegraded(), "\n"), empty) {
			s.Errorf("ahead: %v", l)
		}
	}
	if code, body := s.web("/v1/items/kettle/similar?workspace="+s.name, ""); code != http.StatusNotFound || !strings.Contains(body, "items are known when they are upserted") {
		s.Errorf("what goes with nothing: %d, %s", code, body)
	}
}

// sizes: no number is the scene's, a million is refused by name, and a hundred are a hundred.
func (s *shop) sizes() {
	sized := func(limit int32) (lists []int, faults []error) {
		list, err := s.api.Recommend(s.Context(), &recommendationv1.RecommendRequest{Workspace: s.name, Scene: "window", Limit: limit, DryRun: true})
		lists, faults = append(lists, len(list.GetRecommendations())), append(faults, err)
		similar, err := s.api.SimilarItems(s.Context(), &recommendationv1.SimilarItemsRequest{Workspace: s.name, ItemId: "item-1", Limit: limit})
		lists, faults = append(lists, len(similar.GetItems())), append(faults, err)
		stream, err := s.api.BatchRecommend(s.Context(), &recommendationv1.BatchRecommendRequest{Workspace: s.name, Ids: []string{"user_id:1"}, Ask: &recommendationv1.RecommendRequest{Scene: "window", Limit: limit, DryRun: true}})
		if err != nil {
			s.Fatal(err)
		}
		one, err := stream.Recv()
		return append(lists, len(one.GetAnswer().GetRecommendations())), append(faults, err)
	}
	testkit.Eventually(s.T, soon, func() error {
		if got, _ := sized(100); !slices.Equal(got, []int{100, 100, 100}) {
			return fmt.Errorf("of 151 items a hundred were asked for: %v", got)
		}
		return nil
	})
	if got, faults := sized(0); !slices.Equal(got, []int{4, 10, 4}) {
		s.Errorf("none was asked for: %v, %v", got, faults)
	}
	for _, limit := range []int32{-1, 101, 1_000_000} {
		_, faults := sized(limit)
		for i, err := range faults {
			if status.Code(err) != codes.InvalidArgument || !strings.HasPrefix(status.Convert(err).Message(), fmt.Sprintf("limit: %d is not within 0", limit)) {
				s.Errorf("%d asked for, call %d: %v", limit, i, err)
			}
		}
	}
	if code, body := s.web("/v1/customers/user_id:1/recommendations?limit=1000000&workspace="+s.name, ""); code != http.StatusBadRequest || !strings.Contains(body, "limit: 1000000 is not within 0") {
		s.Errorf("%d, %s", code, body)
	}
}

// unknownScene: who names one that is not there is told which there are.
func (s *shop) unknownScene() {
	for _, ask := range [][2]string{
		{"/v1/customers/user_id:1/recommendations?scene=hom&workspace=" + s.name, ""}, {"/v1/recommendations", `{"scene": "hom"}`},
		{"/v1/recommendations:batch", `{"ids": ["user_id:1"], "ask": {"scene": "hom"}}`}, {"/v1/customers/user_id:1/recommendations/kettle/explain?scene=hom&workspace=" + s.name, ""},
	} {
		code, body := s.web(ask[0], ask[1])
		if want := `there is no \"hom\"; there are ` + strings.Join(s.scenes(), ", "); code != http.StatusNotFound || !strings.Contains(body, want) {
			s.Errorf("%s: %d, %s, want %s", ask[0], code, body, want)
		}
	}
}

// filtered: a condition that nothing fulfils holds for fallbacks, pins and lists too; one that cannot be read is an error.
func (s *shop) filtered() {
	for _, scene := range s.scenes() {
		l := s.list(&recommendationv1.RecommendRequest{Id: "user_id:wholesaler", Scene: scene, Filter: "price > 1000000", DryRun: true})
		if len(l.GetRecommendations()) != 0 || !strings.Contains(strings.Join(l.GetDegraded(), "\n"), "no more that passes the request's filter") {
			s.Errorf("%s: %v, %q", scene, shown(l), l.GetDegraded())
		}
	}
	l := s.list(&recommendationv1.RecommendRequest{Scene: "window", Filter: `id in ["item-7", "item-8"]`, DryRun: true})
	if got := slices.Sorted(slices.Values(items(l))); !slices.Equal(got, []string{"item-7", "item-8"}) {
		s.Errorf("%v, %q", shown(l), l.GetDegraded())
	}
	if code, body := s.web("/v1/recommendations", `{"filter": "price >"}`); code != http.StatusBadRequest || !strings.Contains(body, "filter: ") {
		s.Errorf("%d, %s", code, body)
	}
}

// many: an item of 10,000 attributes keeps 200, and the others are counted; as an event it is refused, kept among the rejected with the reason, and its neighbours are taken.
func (s *shop) many() {
	attributes, properties := map[string]string{}, map[string]any{"product_id": "heavy"}
	for n := range 10_000 {
		attributes[fmt.Sprintf("a%05d", n)], properties[fmt.Sprintf("a%05d", n)] = "x", 1
	}
	item := thing("rich", "kitchen")
	item.Attributes = attributes
	before := s.counted("freshet_catalogue_attributes_left_out_total")
	s.stock(item)
	got, err := s.api.GetItem(s.Context(), &recommendationv1.GetItemRequest{Workspace: s.name, ItemId: "rich"})
	if err != nil || len(got.GetItem().GetAttributes()) != 200 || got.GetItem().GetAttributes()["a00199"] != "x" || got.GetItem().GetName() != "The rich" {
		s.Errorf("%d attributes, %v", len(got.GetItem().GetAttributes()), err)
	}
	if left := s.counted("freshet_catalogue_attributes_left_out_total") - before; left != 9800 {
		s.Errorf("%v attributes were left out, want 9800", left)
	}
	heavy := s.deed("anonymous:catalogue", "Product Upserted", properties)
	s.tell(s.deed("anonymous:catalogue", "Product Upserted", map[string]any{"product_id": "light", "name": "Light"}), heavy, s.looks("anonymous:laptop", "light"))
	s.finds("SELECT concat(event_id, ' ', reason) FROM ods.rejected WHERE workspace = @workspace", fmt.Sprint(heavy["messageId"], " too_many_keys"))
	s.until(&recommendationv1.RecommendRequest{Id: "anonymous_id:laptop", Scene: "window", Filter: `name == "Light"`, DryRun: true}, func(l *recommendationv1.RecommendResponse) error {
		if in(l.GetRecommendations(), "light") == nil || l.GetVisitorKnownMs() == 0 {
			return fmt.Errorf("a neighbour was lost")
		}
		return nil
	})
}

// counted is the value of a counter of the stack.
func (s *shop) counted(name string) float64 {
	s.Helper()
	resp, err := http.Get("http://" + s.rig.addr.Metrics + "/metrics")
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(bytes.TrimSpace(body))
	if found == nil {
		s.Fatalf("no counter %s", name)
	}
	n, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		s.Fatal(err)
	}
	return n
}
