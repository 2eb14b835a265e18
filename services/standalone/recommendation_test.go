package standalone

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// TestRecommendation has all rooms of recommendation work together, on one stack with its real broker and ClickHouse. Each case has a workspace of its own.
func TestRecommendation(t *testing.T) {
	cases := map[string]func(*shop){
		"one event changes the next list":                       oneEvent,
		"what cannot be had is in no answer":                    takenOff,
		"a merged visitor's past counts under either id":        merged,
		"without consent the visit speaks, and nothing is kept": refused,
		"a merged visitor is one in the report":                 oneVisitor,
		"what lists brought is counted":                         brought,
		"models are trained, serve and go back":                 trained,
		"what no page asks for":                                 odd,
		"feedback of no list, and bots":                         foreign,
	}
	var workspaces []string
	of := map[string]string{}
	for name := range cases {
		of[name] = fmt.Sprintf("shop-%d", len(workspaces))
		workspaces = append(workspaces, of[name])
	}
	scenes := filepath.Join(t.TempDir(), "scenes.yaml")
	if err := os.WriteFile(scenes, []byte(ownScenes), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, func(c *Config) {
		c.Collector.Sources, c.Recommendation.Answers.Scenes = sourcesOf(workspaces...), scenes
	})
	for name, test := range cases {
		t.Run(name, func(t *testing.T) { test(openShop(t, r, of[name])) })
	}
}

// oneEvent: who looks at a thing is shown what others bought with it. The measured time is logged; what fails the test is far above.
func oneEvent(s *shop) {
	s.stock(thing("boots", "shoes"), thing("socks", "clothes"), thing("lamp", "home"), thing("bulb", "home"))
	for n := range 5 {
		s.tell(s.buys(fmt.Sprint("user:buyer-", n), fmt.Sprint("order-", n), "boots", "socks"), s.buys(fmt.Sprint("user:reader-", n), fmt.Sprint("order-r", n), "lamp", "bulb"))
	}
	ask := &recommendationv1.RecommendRequest{Id: "anonymous_id:laptop", Limit: 5, DryRun: true}
	before, _ := s.until(ask, func(l *recommendationv1.RecommendResponse) error {
		if len(l.GetRecommendations()) < 4 {
			return errors.New("not everything that was bought is known")
		}
		return nil
	})
	if before.GetPersonal() || before.GetVisitorKnownMs() != 0 {
		s.Errorf("something is known of nobody: %v", before)
	}
	s.tell(s.looks("anonymous:laptop", "boots"))
	_, took := s.until(ask, func(l *recommendationv1.RecommendResponse) error {
		if l.GetVisitorKnownMs() == 0 || !l.GetPersonal() {
			return errors.New("the look is not known")
		}
		// What others bought comes on another way than the look, so the look may be known first.
		if first := l.GetRecommendations()[0]; first.GetProductId() != "socks" || first.GetBecause() != "boots" || first.GetSource() != "also_bought" {
			return errors.New("what was bought with it is not first")
		}
		return nil
	})
	s.Logf("from the collector's answer to the changed list: %s", took)
	if code, body := s.web("/v1/customers/anonymous_id:laptop/recommendations?limit=1&dry_run=true&workspace="+s.name, ""); code != http.StatusOK || !strings.Contains(body, `"product_id":"socks"`) || !strings.Contains(body, `"because":"boots"`) {
		s.Errorf("over HTTP: %d, %s", code, body)
	}
}
