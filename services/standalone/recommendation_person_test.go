package standalone

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/changelog"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// merged: two visitors prove to be one. What either did counts in the next list, under the id that stays and under the one that went.
func merged(s *shop) {
	s.stock(thing("boots", "shoes"), thing("socks", "clothes"), thing("lamp", "home"), thing("bulb", "home"), thing("tent", "camping"), thing("stove", "camping"))
	for n := range 5 {
		for _, pair := range [][2]string{{"boots", "socks"}, {"lamp", "bulb"}, {"tent", "stove"}} {
			s.tell(s.buys(fmt.Sprint("user:", pair[0], n), fmt.Sprint(pair[0], n), pair[0], pair[1]))
		}
	}
	s.tell(s.looks("anonymous:laptop", "boots"), s.looks("anonymous:phone-7", "tent"), s.looks("user:ada", "lamp"))
	because := func(items ...string) func(*recommendationv1.RecommendResponse) error {
		return func(l *recommendationv1.RecommendResponse) error {
			for item, then := range map[string]string{"boots": "socks", "lamp": "bulb", "tent": "stove"} {
				if want, got := slices.Contains(items, item), in(l.GetRecommendations(), then); want != (got.GetBecause() == item) {
					return fmt.Errorf("%s because of %s: %v, want %v", then, item, !want, want)
				}
			}
			return nil
		}
	}
	ask := func(ref string) *recommendationv1.RecommendRequest {
		return &recommendationv1.RecommendRequest{Id: ref, Limit: 6, DryRun: true, Exclude: []string{"boots", "lamp", "tent"}}
	}
	laptop, _ := s.until(ask("anonymous_id:laptop"), because("boots"))
	phone, _ := s.until(ask("anonymous_id:phone-7"), because("tent"))
	ada, _ := s.until(ask("user_id:ada"), because("lamp"))
	if ids := []string{laptop.GetCustomerId(), phone.GetCustomerId(), ada.GetCustomerId()}; ids[0] == ids[1] || ids[0] == ids[2] || ids[1] == ids[2] {
		s.Fatalf("three visitors are %v", ids)
	}
	s.tell(s.kind("identify", map[string]any{"userId": "ada", "anonymousId": "laptop"}))
	_, took := s.until(ask("user_id:ada"), because("boots", "lamp"))
	s.Logf("from the identify to the list that knows both: %s", took)
	s.tell(s.kind("alias", map[string]any{"userId": "ada", "previousId": "phone-7"}))
	both, took := s.until(ask("user_id:ada"), because("boots", "lamp", "tent"))
	s.Logf("from the alias to the list that knows both: %s", took)
	for _, ref := range []string{"anonymous_id:laptop", "anonymous_id:phone-7", laptop.GetCustomerId(), phone.GetCustomerId(), ada.GetCustomerId(), both.GetCustomerId()} {
		s.until(ask(ref), func(got *recommendationv1.RecommendResponse) error {
			if got.GetCustomerId() != both.GetCustomerId() || !got.GetPersonal() {
				return fmt.Errorf("%s: customer %s of %s", ref, got.GetCustomerId(), both.GetCustomerId())
			}
			return because("boots", "lamp", "tent")(got)
		})
	}
}

// kind is an event that is no track.
func (s *shop) kind(kind string, members map[string]any) map[string]any {
	s.sent++
	e := event(fmt.Sprintf("%s-%d", s.name, s.sent), kind, "", nil)
	delete(e, "userId")
	for k, v := range members {
		e[k] = v
	}
	return e
}

// refused: who takes back his consent has no past any more, neither in lists nor in what is stored; the visit goes on to speak.
func refused(s *shop) {
	s.stock(thing("boots", "shoes"), thing("socks", "clothes"), thing("lamp", "home"), thing("bulb", "home"))
	for n := range 5 {
		s.tell(s.buys(fmt.Sprint("user:buyer-", n), fmt.Sprint("order-", n), "boots", "socks"), s.buys(fmt.Sprint("user:reader-", n), fmt.Sprint("order-r", n), "lamp", "bulb"))
	}
	says := func(e map[string]any, allowed bool) map[string]any {
		e["context"] = map[string]any{"consent": map[string]any{"categoryPreferences": map[string]any{"Personalization": allowed, "Necessary": true}}}
		return e
	}
	ask := &recommendationv1.RecommendRequest{Id: "user_id:ada", Limit: 4, DryRun: true}
	s.tell(says(s.looks("user:ada", "boots"), true))
	before, _ := s.until(ask, func(l *recommendationv1.RecommendResponse) error {
		if !l.GetPersonal() || in(l.GetRecommendations(), "socks").GetBecause() != "boots" {
			return errors.New("the look does not count")
		}
		return nil
	})
	ada := before.GetCustomerId()
	if !s.kept(ada, "boots") {
		s.Fatal("the state has nothing of who agreed")
	}

	s.tell(says(s.looks("user:ada", "lamp"), false))
	after, _ := s.until(ask, func(l *recommendationv1.RecommendResponse) error {
		if l.GetPersonal() || in(l.GetRecommendations(), "bulb").GetBecause() != "lamp" {
			return errors.New("the visit does not speak, or the past does")
		}
		return nil
	})
	for _, r := range append(after.GetRecommendations(), s.batch("user_id:ada")["user_id:ada"].GetRecommendations()...) {
		if r.GetBecause() == "boots" {
			s.Errorf("the past speaks: %v", shown(after))
		}
	}
	quiet := s.list(&recommendationv1.RecommendRequest{Id: "user_id:ada", Scene: "quiet", DryRun: true})
	if len(quiet.GetRecommendations()) != 4 || slices.ContainsFunc(quiet.GetRecommendations(), func(r *recommendationv1.Recommendation) bool { return r.GetSource() != "popular" }) {
		s.Errorf("not the trend alone: %v", shown(quiet))
	}
	if s.kept(ada, "boots") {
		s.Error("the state still has the past of who refused")
	}
	var alone *recommendationv1.Touch
	testkit.Eventually(s.T, soon, func() error { // it leaves after the state that lists are made of
		for _, x := range s.touches() {
			if x.GetItemId() == "lamp" && x.GetKind() == recommendationv1.TouchKind_TOUCH_KIND_VIEW {
				alone = x
				return nil
			}
		}
		return errors.New("the look of who refused was not told")
	})
	if alone.GetCustomerId() == ada || strings.Contains(alone.GetEventId(), ada) || strings.Contains(alone.GetEventId(), s.name) {
		s.Errorf("the look of who refused can be told to be his: %v", alone)
	}

	given := s.list(&recommendationv1.RecommendRequest{Id: "user_id:ada", Limit: 4})
	testkit.Eventually(s.T, soon, func() error {
		for _, r := range s.records(topics.Recommendations) {
			var a recommendationv1.Answer
			if err := proto.Unmarshal(r.Value, &a); err != nil {
				return err
			}
			if a.GetRequestId() != given.GetRequestId() {
				continue
			}
			if a.GetCustomerId() == ada || string(r.Key) == ada {
				s.Errorf("the list of who refused is told as his: %v", &a)
			}
			return nil
		}
		return errors.New("the list was not told")
	})
	s.anonymously(says, given.GetRequestId())
}

// anonymously: clicks of who refused are counted, his purchases are no list's.
func (s *shop) anonymously(says func(map[string]any, bool) map[string]any, list string) {
	s.Helper()
	click := func(item string) map[string]any {
		return says(s.deed("user:ada", "Product Clicked", map[string]any{"product_id": item, "recommendation_id": list}), false)
	}
	s.tell(click("socks"), says(s.buys("user:ada", "ada's", "socks"), false), click("bulb")) // the second click is behind the purchase on every way
	s.finds("SELECT concat(kind, ' ', item_id) AS x FROM dm.recommendation_outcomes WHERE workspace = @workspace AND kind != 'impression' ORDER BY x", "click bulb", "click socks")
	s.finds("SELECT toString(count()) FROM dw.touches WHERE workspace = @workspace AND kind = 'buy' AND item_id = 'socks' AND customer_id NOT IN (SELECT customer_id FROM dw.events WHERE workspace = @workspace)", "1")
}

// kept says whether an item stands in the record of a visitor that the state has.
func (s *shop) kept(customer, item string) bool {
	s.Helper()
	record := newest(s.records(topics.VisitorsChangelog), customer)
	if record == nil {
		s.Fatalf("the state has no record of %s", customer)
	}
	return bytes.Contains(record, []byte(item))
}

// newest is the last value that a changelog has of a customer.
func newest(log []broker.Record, customer string) (value []byte) {
	for _, r := range log {
		if r.Key[0] == changelog.KindState && bytes.Contains(r.Key, []byte(customer)) {
			value = r.Value
		}
	}
	return value
}

// touches are those of the workspace.
func (s *shop) touches() []*recommendationv1.Touch {
	s.Helper()
	var out []*recommendationv1.Touch
	for _, r := range s.records(topics.Touches) {
		x := &recommendationv1.Touch{}
		if err := proto.Unmarshal(r.Value, x); err != nil {
			s.Fatal(err)
		}
		if x.GetWorkspace() == s.name {
			out = append(out, x)
		}
	}
	return out
}
