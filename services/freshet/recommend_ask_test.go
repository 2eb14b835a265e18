package freshet

import (
	"encoding/json"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/freshet/freshet/pkg/stack"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation"
	question "github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/associate"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
)

// inOrder proposes the items of the shelf as they stand, because of what the page is about.
type inOrder struct{}

func (inOrder) Candidates(dst []candidate.Candidate, a *question.Ask, k int) []candidate.Candidate {
	because := candidate.Nothing
	if len(a.Context) > 0 {
		because = a.Context[0]
	}
	for i := range int32(min(k, a.Shelf.Len())) { //nolint:gosec // A few.
		if !a.Skip(i) {
			dst = append(dst, candidate.Candidate{Item: i, Score: 1 / float64(i+1), Reason: candidate.Reason{Kind: candidate.AlsoBought, Because: because}})
		}
	}
	return dst
}

// recommendStack is an addresses file of the recommendation service itself, with five products.
func recommendStack(t *testing.T) string {
	t.Helper()
	shelf := catalogue.NewShelf("default", 10)
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		shelf.Put(&catalogue.Item{ID: id, Proto: &recommendationv1.Item{ItemId: id, Name: "Tea \x1b[31m" + strings.ToUpper(id)}})
	}
	s, err := recommendation.New(recommendation.Default(), recommendation.Deps{
		Shelf: func(string) *catalogue.Shelf { return shelf },
		Source: func(_, name string) question.Source {
			if name == "also_bought" {
				return inOrder{}
			}
			return nil
		},
		Rules: func(string) ([]associate.Rule, int) {
			return []associate.Rule{{If: []int32{0, 1}, Then: []int32{2}, Both: 7, Support: .07, Confidence: .7, Lift: 2}}, 100
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	s.Register(server)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	b, err := json.Marshal(stack.Addresses{APIGRPC: l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "addresses.json", string(b))
}

func TestRecommendAsks(t *testing.T) {
	file := recommendStack(t)
	cli := func(args ...string) string {
		return must(t, append(append([]string{"recommend"}, args...), "--addresses-file", file)...)
	}
	if err := contains(cells(cli("for", "user_id:42", "--scene", "cart", "--context", "a", "--limit", "2")), "cart for nobody", `1 b Tea \u001b[31mB also_bought Those who bought Tea [31mA also bought this`, "2 c",
		"note: identity did not answer within 50ms: the visitor counts as unknown", "note: no model is trained yet"); err != nil {
		t.Error(err)
	}
	var list recommendationv1.RecommendResponse
	if err := json.Unmarshal([]byte(cli("for", "--limit", "1", "--json")), &list); err != nil || list.GetRecommendations()[0].GetProductId() != "a" {
		t.Error(err, &list)
	}
	if err := contains(cells(cli("similar", "a", "--language", "zh", "--limit", "1")), "1 b", "的人也买了"); err != nil {
		t.Error(err)
	}
	if err := contains(cells(cli("explain", "user_id:42", "b", "--context", "b")), "Not in home: it may not be shown.", "source also_bought 0.5", "rule The page is about it."); err != nil {
		t.Error(err)
	}
	if err := contains(cells(cli("scenes")), "home 12 session, taste", "win_back 8"); err != nil {
		t.Error(err)
	}
	if err := contains(cells(cli("rules")), "100 baskets lift support baskets", "70 % of those who buy", "2.00 0.0700 7"); err != nil {
		t.Error(err)
	}
	if got := cli("rules", "--item", "a", "--export", "csv"); got != "when,then,confidence,lift,support,leverage,baskets\na b,c,0.7,2,0.07,0,7\n" {
		t.Error(got)
	}
	for args, want := range map[string]string{
		"recommend for 42":               "ask for a list: ",
		"recommend for --scene none":     "ask for a list: ",
		"recommend similar none":         "ask what goes with none: ",
		"recommend explain user_id:1 no": "explain no for user_id:1: ",
		"recommend rules --export xls":   "--export: csv is what there is",
		"recommend rules --order luck":   "ask for the rules: ",
		"recommend similar":              "accepts 1 arg(s)",
	} {
		if code, _, fault := run(t, "", append(strings.Fields(args), "--addresses-file", file)...); code != 1 || !strings.Contains(fault, want) {
			t.Errorf("%s: %d, %s", args, code, fault)
		}
	}
}

func TestScenesCheck(t *testing.T) {
	good := write(t, "scenes.yaml", "scenes:\n  - {name: search, description: Mine., limit: 3, fallback: [popular]}\n  - {name: cart, description: Mine., limit: 3, fallback: [popular]}\nremove: [feed]\n")
	if got := must(t, "scenes", "check", good); got != "replaces  cart\nadds      search\nremoves   feed\nok: 7 scenes\n" {
		t.Error(got)
	}
	bad := write(t, "scenes.yaml", "scenes:\n  - {name: search, limit: 300}\n  - {name: cart, description: Mine., limit: 3, fallback: [magic]}\n")
	code, _, fault := run(t, "", "scenes", "check", bad)
	if code != 1 || !strings.Contains(fault, `"search": description: must be set`) || !strings.Contains(fault, `"search": limit: must be set, from 1 to 100`) || !strings.Contains(fault, `"cart": fallback[0]: "magic" is no source`) {
		t.Errorf("%d, %s", code, fault)
	}
}
