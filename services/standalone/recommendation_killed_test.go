package standalone

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

const (
	regulars = 10 // customers with a list each
	kills    = 3
	rounds   = 40 // in each of which every one of them looks at, chooses, takes and buys one item of his list
)

// regular is a customer and his list.
type regular struct{ who, customer, list string }

// TestRecommendationKilled kills the process that runs the three tasks, with all that is behind them, at random moments of their work. Who sends repeats what was not
// acknowledged. In the end visitors, items and outcomes are as if nothing had happened: nothing is lost, nothing counts twice.
func TestRecommendationKilled(t *testing.T) {
	dir := t.TempDir()
	addr, kill := startProcess(t, dir)
	s := openShop(t, &rig{t: t, addr: addr}, "default")
	s.key = writeKey
	people := s.regulars()
	next := 0
	for n := range kills {
		from := n*rounds/kills + rand.IntN(rounds/kills/2)
		for ; next < from; next++ {
			testkit.Eventually(t, soon, func() error { return s.round(next, people) })
		}
		fate := time.AfterFunc(time.Duration(rand.IntN(60_000))*time.Microsecond, kill)
		for next < rounds && s.round(next, people) == nil {
			next++
		}
		fate.Stop()
		kill()
		t.Logf("killed in round %d", next)
		addr, kill = startProcess(t, dir)
		s.move(addr)
		if next > 1 { // of what was acknowledged last nothing is told again: it must be there
			again := rand.IntN(next - 1)
			testkit.Eventually(t, soon, func() error { return s.round(again, people) })
		}
	}
	for ; next < rounds; next++ {
		testkit.Eventually(t, soon, func() error { return s.round(next, people) })
	}
	s.nothingLost(people)
}

// move goes on with a stack that was started anew.
func (s *shop) move(addr stack.Addresses) {
	s.Helper()
	moved := openShop(s.T, &rig{t: s.T, addr: addr}, s.name)
	s.rig, s.api = moved.rig, moved.api
}

// regulars are given a list of every item, made ahead: nothing of it was seen yet. It waits until the lists are told, since those that were not would be lost.
func (s *shop) regulars() (people []regular) {
	s.Helper()
	var all []*recommendationv1.Item
	var ids []string
	for n := range rounds {
		all = append(all, thing(itemOf(n), fmt.Sprint("category-", n)))
		ids = append(ids, itemOf(n))
	}
	s.stock(all...)
	s.tell(s.buys("user:wholesaler", "everything", ids...))
	for n := range regulars {
		who := fmt.Sprint("user:c", n)
		s.known(who)
		ask := &recommendationv1.RecommendRequest{Id: fmt.Sprint("user_id:c", n), Limit: rounds, DryRun: true}
		s.until(ask, func(l *recommendationv1.RecommendResponse) error {
			if len(l.GetRecommendations()) != rounds {
				return fmt.Errorf("%d items", len(l.GetRecommendations()))
			}
			return nil
		})
		ask.DryRun, ask.Unseen = false, true
		l := s.list(ask)
		people = append(people, regular{who, l.GetCustomerId(), l.GetRequestId()})
	}
	s.began = time.Now()
	s.finds("SELECT toString(uniqExact(request_id)) FROM dm.recommendations WHERE workspace = @workspace", fmt.Sprint(regulars))
	return people
}

func itemOf(n int) string { return fmt.Sprintf("item-%02d.", n) }

// round has every regular do all there is with one item of his list, and the shop change its price. A repeat is the same to the byte.
func (s *shop) round(n int, people []regular) error {
	item := itemOf(n)
	s.sent = 10_000 * (n + 1) // the same message ids, whenever it is told
	at := s.began.Add(time.Duration(n) * time.Millisecond).UTC().Format(time.RFC3339Nano)
	price := s.deed("anonymous:catalogue", "Product Upserted", map[string]any{"product_id": item, "price": 100 + n, "currency": "USD"})
	last := s.deed("anonymous:catalogue", "Product Upserted", map[string]any{"product_id": itemOf(0), "stock": 1000 + n})
	events := []map[string]any{price, last}
	var words []*recommendationv1.FeedbackWord
	for _, p := range people {
		click := s.deed(p.who, "Product Clicked", map[string]any{"product_id": item, "recommendation_id": p.list})
		buy := s.buys(p.who, fmt.Sprint(p.who, "/", n), item)
		buy["properties"].(map[string]any)["recommendation_id"] = p.list
		events = append(events, s.looks(p.who, item), click, buy)
		words = append(words, &recommendationv1.FeedbackWord{RequestId: p.list, Kind: recommendationv1.FeedbackKind_FEEDBACK_KIND_CART, ItemIds: []string{item}})
	}
	for _, e := range events {
		e["timestamp"] = at
	}
	if err := postAs(s.rig.addr, s.key, "/v1/batch", events...); err != nil {
		return err
	}
	got, err := s.api.RecordFeedback(s.Context(), &recommendationv1.RecordFeedbackRequest{Workspace: s.name, Feedback: words})
	if err == nil && len(got.GetFaults()) > 0 {
		s.Errorf("%v", got.GetFaults())
	}
	return err
}

// nothingLost compares all three tasks with what was sent.
func (s *shop) nothingLost(people []regular) {
	s.Helper()
	const each = regulars * rounds
	s.finds(`SELECT concat(kind, ' ', toString(count()), ' of ', toString(uniqExact(customer_id)), ' in ', toString(uniqExact(customer_id, item_id))) FROM dw.touches
		WHERE workspace = @workspace AND order_id != 'everything' GROUP BY kind ORDER BY kind`,
		fmt.Sprintf("buy %d of %d in %d", each, regulars, each), fmt.Sprintf("click %d of %d in %d", each, regulars, each), fmt.Sprintf("view %d of %d in %d", each, regulars, each))
	s.finds(`SELECT concat(kind, ' ', toString(sum(sign)), ' of ', toString(uniqExact(request_id)), ' in ', toString(uniqExact(request_id, item_id)), if(kind = 'purchase', concat(' for ', toString(sum(sign * value_micros) / 1000000)), ''))
		FROM dm.recommendation_outcomes WHERE workspace = @workspace GROUP BY kind ORDER BY kind`,
		fmt.Sprintf("cart %d of %d in %d", each, regulars, each), fmt.Sprintf("click %d of %d in %d", each, regulars, each), fmt.Sprintf("impression %d of %d in %d", each, regulars, each),
		fmt.Sprintf("purchase %d of %d in %d for %d", each, regulars, each, 10*each))
	s.reports(&recommendationv1.ReportRow{By: map[string]string{"scene": "home", "variant": ""}, Lists: regulars, Visitors: regulars, Impressions: each, Clicks: each, Purchases: each,
		Revenue: 10 * each, Ctr: 1, Conversion: 1, RevenuePerVisitor: 10 * rounds})
	for n := range rounds {
		testkit.Eventually(s.T, soon, func() error {
			got, err := s.api.GetItem(s.Context(), &recommendationv1.GetItemRequest{Workspace: s.name, ItemId: itemOf(n)})
			if err == nil && got.GetItem().GetPriceMicros() != int64(100+n)*1_000_000 {
				err = fmt.Errorf("%s costs %d", itemOf(n), got.GetItem().GetPriceMicros())
			}
			if err == nil && n == 0 && got.GetItem().GetStock() != 1000+rounds-1 {
				err = fmt.Errorf("%d in stock", got.GetItem().GetStock())
			}
			return err
		})
	}
	state := s.records(topics.VisitorsChangelog)
	for _, p := range people {
		for n := range rounds {
			if !bytes.Contains(newest(state, p.customer), []byte(itemOf(n))) {
				s.Fatalf("the record of %s has no %s", p.who, itemOf(n))
			}
		}
	}
	for n := range 3 { // and models go on to learn: a touch behind the last kill is none that they know
		s.tell(s.buys(fmt.Sprint("user:new", n), fmt.Sprint("new", n), "new-lamp", "new-bulb"))
	}
	testkit.Eventually(s.T, soon, func() error {
		got, err := s.api.SimilarItems(s.Context(), &recommendationv1.SimilarItemsRequest{Workspace: s.name, ItemId: "new-lamp", By: "also_bought"})
		if err == nil && in(got.GetItems(), "new-bulb") == nil {
			err = fmt.Errorf("with the lamp goes %v", got.GetItems())
		}
		return err
	})
	for _, topic := range []topics.Topic{topics.EventsResolved, topics.ItemChanges, topics.Touches, topics.Recommendations, topics.RecommendationFeedback} {
		if bad := s.records(topics.DeadLetter(topic)); len(bad) > 0 {
			s.Errorf("%d records of %s were put aside: %v", len(bad), topic.Name, bad[0].Headers)
		}
	}
}
