package standalone

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/pkg/testkit"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

const (
	sawIt  = recommendationv1.FeedbackKind_FEEDBACK_KIND_IMPRESSION
	chose  = recommendationv1.FeedbackKind_FEEDBACK_KIND_CLICK
	refuse = recommendationv1.FeedbackKind_FEEDBACK_KIND_DISMISS
)

// brought: lists are given, seen, clicked, bought from, given back; the rows in ClickHouse say so, each once, and the report counts them.
func brought(s *shop) {
	for _, item := range []string{"kettle", "cup", "pot", "jug", "spoon"} {
		s.stock(thing(item, "kitchen"))
	}
	s.known("user:ada", "user:bob", "user:cyd")
	fixed := func(who string, unseen bool) *recommendationv1.RecommendResponse {
		return s.list(&recommendationv1.RecommendRequest{Id: "user_id:" + who, Scene: "fixed", Unseen: unseen})
	}
	ada, bob, cyd := fixed("ada", false), fixed("bob", true), fixed("cyd", false)
	for _, l := range []*recommendationv1.RecommendResponse{ada, bob, cyd} {
		if got := items(l); !slices.Equal(got, []string{"kettle", "cup", "pot", "jug"}) || l.GetRequestId() == "" {
			s.Fatalf("%v, id %q", got, l.GetRequestId())
		}
	}
	click := s.deed("user:ada", "Product Clicked", map[string]any{"product_id": "cup", "recommendation_id": ada.GetRequestId()})
	s.tell(click, click) // a client's retry
	mail := []*recommendationv1.FeedbackWord{
		{RequestId: bob.GetRequestId(), Kind: sawIt, ItemIds: []string{"kettle"}}, {RequestId: bob.GetRequestId(), Kind: chose, ItemIds: []string{"pot"}}}
	for range 2 {
		if got := s.feedback(mail...); got.GetTaken() != 2 {
			s.Fatal(got)
		}
	}
	seen := []string{"ada click cup +1 at 2 by listed", "bob click pot +1 at 3 by listed", "bob impression kettle +1 at 1 by listed", "bob impression pot +1 at 3 by listed"}
	for _, who := range []string{"ada", "cyd"} {
		for i, item := range items(ada) {
			seen = append(seen, fmt.Sprintf("%s impression %s +1 at %d by listed", who, item, i+1))
		}
	}
	who := map[string]string{ada.GetCustomerId(): "ada", bob.GetCustomerId(): "bob", cyd.GetCustomerId(): "cyd"}
	s.outcomes(who, seen)

	s.tell(s.buys("user:ada", "o1", "cup", "jug", "spoon"), s.buys("user:bob", "o2", "pot"))
	bought := append(seen, "ada purchase cup +1 at 2 by listed, o1 for 10", "ada purchase jug +1 at 4 by listed, o1 for 10", "bob purchase pot +1 at 3 by listed, o2 for 10")
	s.outcomes(who, bought)
	s.reports(&recommendationv1.ReportRow{By: map[string]string{"scene": "fixed", "variant": ""}, Lists: 3, Visitors: 3, Impressions: 10, Clicks: 2, Purchases: 2, Revenue: 30, Ctr: .2, Conversion: 2. / 3, RevenuePerVisitor: 10})

	s.tell(s.deed("user:bob", "Order Refunded", map[string]any{"order_id": "o2", "currency": "USD", "total": 10, "products": []any{map[string]any{"product_id": "pot", "quantity": 1, "price": 10}}}))
	s.outcomes(who, append(bought, "bob purchase pot -1 at 3 by listed, o2 for 10"))
	s.reports(&recommendationv1.ReportRow{By: map[string]string{"scene": "fixed", "variant": ""}, Lists: 3, Visitors: 3, Impressions: 10, Clicks: 2, Purchases: 1, Revenue: 20, Ctr: .2, Conversion: 1. / 3, RevenuePerVisitor: 20. / 3})
}

// known waits until identity knows people, who come by a page that is about no item.
func (s *shop) known(people ...string) {
	s.Helper()
	for _, who := range people {
		s.tell(s.deed(who, "Shop Entered", nil))
	}
	for _, who := range people {
		s.until(&recommendationv1.RecommendRequest{Id: strings.NewReplacer("user:", "user_id:", "anonymous:", "anonymous_id:").Replace(who), DryRun: true}, func(l *recommendationv1.RecommendResponse) error {
			if l.GetCustomerId() == "" {
				return fmt.Errorf("nobody knows %s", who)
			}
			return nil
		})
	}
}

func items(l *recommendationv1.RecommendResponse) []string {
	var out []string
	for _, r := range l.GetRecommendations() {
		out = append(out, r.GetProductId())
	}
	return out
}

func (s *shop) feedback(words ...*recommendationv1.FeedbackWord) *recommendationv1.RecordFeedbackResponse {
	s.Helper()
	got, err := s.api.RecordFeedback(s.Context(), &recommendationv1.RecordFeedbackRequest{Workspace: s.name, Feedback: words})
	if err != nil {
		s.Fatal(err)
	}
	return got
}

// query reads lines of the workspace from ClickHouse.
func (s *shop) query(sql string) ([]string, error) {
	conn, err := s.rig.addr.ClickHouse(s.Context(), stack.Login{})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	rows, err := conn.Query(s.Context(), strings.ReplaceAll(sql, "@workspace", "'"+s.name+"'"))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		out = append(out, line)
	}
	return out, rows.Err()
}

// finds waits until a query gives these lines.
func (s *shop) finds(sql string, want ...string) {
	s.Helper()
	testkit.Eventually(s.T, soon, func() error {
		got, err := s.query(sql)
		if err == nil && !slices.Equal(got, want) {
			err = fmt.Errorf("%s: %q, want %q", sql, got, want)
		}
		return err
	})
}

// outcomes waits until ClickHouse has these, and no others.
func (s *shop) outcomes(who map[string]string, want []string) {
	s.Helper()
	want = slices.Sorted(slices.Values(want))
	testkit.Eventually(s.T, soon, func() error {
		got, err := s.query(`SELECT concat(customer_id, ' ', kind, ' ', item_id, if(sign > 0, ' +', ' '), toString(sign), ' at ', toString(position), ' by ', source,
			if(order_id = '', '', concat(', ', order_id)), if(value_micros IS NULL, '', concat(' for ', toString(value_micros / 1000000))))
			FROM dm.recommendation_outcomes WHERE workspace = @workspace AND scene = 'fixed'`)
		for i := range got {
			id, rest, _ := strings.Cut(got[i], " ")
			got[i] = who[id] + " " + rest
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); err == nil && diff != "" {
			err = fmt.Errorf("outcomes, want -, got +: %s", diff)
		}
		return err
	})
}

// reports waits until the report says so.
func (s *shop) reports(want *recommendationv1.ReportRow) {
	s.Helper()
	testkit.Eventually(s.T, soon, func() error {
		got, err := s.api.GetReport(s.Context(), &recommendationv1.GetReportRequest{Workspace: s.name})
		if err != nil {
			return err
		}
		if len(got.GetRows()) != 1 {
			return fmt.Errorf("%d rows", len(got.GetRows()))
		}
		r := got.GetRows()[0]
		near := func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }
		if fmt.Sprint(r.GetBy()) != fmt.Sprint(want.GetBy()) || r.GetLists() != want.GetLists() || r.GetVisitors() != want.GetVisitors() || r.GetImpressions() != want.GetImpressions() ||
			r.GetClicks() != want.GetClicks() || r.GetPurchases() != want.GetPurchases() || !near(r.GetRevenue(), want.GetRevenue()) || !near(r.GetCtr(), want.GetCtr()) ||
			!near(r.GetConversion(), want.GetConversion()) || !near(r.GetRevenuePerVisitor(), want.GetRevenuePerVisitor()) {
			return fmt.Errorf("the report says %v, want %v", r, want)
		}
		return nil
	})
}

// oneVisitor: lists of either id of a merged visitor are one visitor's, and what he buys later is attributed to what he saw before he was known.
func oneVisitor(s *shop) {
	for _, item := range []string{"kettle", "cup", "pot", "jug"} {
		s.stock(thing(item, "kitchen"))
	}
	s.known("anonymous:laptop", "user:ada")
	device := s.list(&recommendationv1.RecommendRequest{Id: "anonymous_id:laptop", Scene: "fixed"})
	account := s.list(&recommendationv1.RecommendRequest{Id: "user_id:ada", Scene: "fixed"})
	if device.GetCustomerId() == account.GetCustomerId() {
		s.Fatal("they are one already")
	}
	s.tell(s.deed("anonymous:laptop", "Product Clicked", map[string]any{"product_id": "pot", "recommendation_id": device.GetRequestId()}),
		s.deed("user:ada", "Product Clicked", map[string]any{"product_id": "jug", "recommendation_id": account.GetRequestId()}))
	s.finds("SELECT item_id FROM dm.recommendation_outcomes WHERE workspace = @workspace AND kind = 'click' ORDER BY item_id", "jug", "pot")
	s.reports(&recommendationv1.ReportRow{By: map[string]string{"scene": "fixed", "variant": ""}, Lists: 2, Visitors: 2, Impressions: 8, Clicks: 2, Ctr: .25})
	s.tell(s.kind("identify", map[string]any{"userId": "ada", "anonymousId": "laptop"}))
	s.until(&recommendationv1.RecommendRequest{Id: device.GetCustomerId(), DryRun: true}, func(l *recommendationv1.RecommendResponse) error {
		if other := s.home(account.GetCustomerId()); l.GetCustomerId() != other.GetCustomerId() {
			return fmt.Errorf("%s is not %s", l.GetCustomerId(), other.GetCustomerId())
		}
		return nil
	})
	s.tell(s.buys("user:ada", "o1", "pot", "jug")) // each was chosen in a list of another id: whichever of them stays, the other's list was handed over
	// An order that is read before the other's record has come is told of the list that is there, and is then taken back: what counts is the sum of signs.
	s.finds("SELECT concat(item_id, ' ', request_id) FROM dm.recommendation_outcomes WHERE workspace = @workspace AND kind = 'purchase' GROUP BY item_id, request_id HAVING sum(sign) > 0 ORDER BY item_id",
		"jug "+account.GetRequestId(), "pot "+device.GetRequestId())
	s.reports(&recommendationv1.ReportRow{By: map[string]string{"scene": "fixed", "variant": ""}, Lists: 2, Visitors: 1, Impressions: 8, Clicks: 2, Purchases: 1, Revenue: 20, Ctr: .25, Conversion: 1, RevenuePerVisitor: 20})
}

// foreign: feedback of lists that never were is told row by row, and its neighbours survive; a bot teaches nothing.
func foreign(s *shop) {
	for _, item := range []string{"kettle", "cup", "pot", "jug"} {
		s.stock(thing(item, "kitchen"))
	}
	s.known("user:ada")
	list := s.list(&recommendationv1.RecommendRequest{Id: "user_id:ada", Scene: "fixed", Unseen: true})
	id, ada := list.GetRequestId(), map[string]string{list.GetCustomerId(): "ada"}
	forged := []byte(id)
	forged[len(forged)/2] ^= 1 // another letter in its place
	elsewhere, err := s.api.Recommend(s.Context(), &recommendationv1.RecommendRequest{Scene: "fixed", Unseen: true})
	if err != nil {
		s.Fatal(err)
	}
	got := s.feedback(
		&recommendationv1.FeedbackWord{RequestId: id, Kind: chose, ItemIds: []string{"cup"}},
		&recommendationv1.FeedbackWord{RequestId: string(forged), Kind: chose, ItemIds: []string{"pot"}},
		&recommendationv1.FeedbackWord{RequestId: "no list", Kind: chose, ItemIds: []string{"pot"}},
		&recommendationv1.FeedbackWord{RequestId: elsewhere.GetRequestId(), Kind: chose, ItemIds: []string{"pot"}},
		&recommendationv1.FeedbackWord{RequestId: id, ItemIds: []string{"pot"}},
		&recommendationv1.FeedbackWord{RequestId: id, Kind: chose},
		&recommendationv1.FeedbackWord{RequestId: id, Kind: refuse, ItemIds: []string{"kettle"}},
	)
	faults := map[int32]string{}
	for _, f := range got.GetFaults() {
		faults[f.GetRow()] = f.GetError()
	}
	for row, want := range map[int32]string{1: "NOT_FOUND: there was no list", 2: "NOT_FOUND: there was no list", 3: "NOT_FOUND: there was no list", 4: "kind: give one of", 5: "item_ids: name the items"} {
		if !strings.HasPrefix(faults[row], want) {
			s.Errorf("row %d: %q, want %q", row, faults[row], want)
		}
	}
	if got.GetTaken() != 2 || len(faults) != 5 {
		s.Errorf("taken %d, faults %v", got.GetTaken(), faults)
	}
	if _, err := s.api.RecordFeedback(s.Context(), &recommendationv1.RecordFeedbackRequest{Workspace: s.name}); status.Code(err) != codes.InvalidArgument {
		s.Errorf("no feedback at all: %v", err)
	}
	s.until(&recommendationv1.RecommendRequest{Id: "user_id:ada", Scene: "fixed", DryRun: true}, func(l *recommendationv1.RecommendResponse) error {
		if in(l.GetRecommendations(), "kettle") != nil {
			return fmt.Errorf("what was refused is still shown")
		}
		return nil
	})
	bot := func(name, item string) map[string]any {
		e := s.deed("user:ada", name, map[string]any{"product_id": item, "recommendation_id": id})
		e["context"] = map[string]any{"userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
		return e
	}
	for range 20 {
		s.tell(bot("Product Viewed", "trap"), bot("Product Added", "jug"), bot("Product Clicked", "pot"))
	}
	// Two people's looks, behind the bot's under the same name and so behind them in every topic.
	s.tell(s.looks("user:ada", "cup"), s.deed("user:ada", "Product Added", map[string]any{"product_id": "cup", "recommendation_id": id}))
	chosen := []string{"ada click cup +1 at 2 by listed", "ada dismiss kettle +1 at 1 by listed", "ada impression cup +1 at 2 by listed", "ada impression kettle +1 at 1 by listed"}
	s.outcomes(ada, append(chosen, "ada cart cup +1 at 2 by listed"))
	s.finds("SELECT toString(countIf(is_bot)) FROM dw.events WHERE workspace = @workspace", "60")
	s.finds("SELECT DISTINCT item_id FROM dw.touches WHERE workspace = @workspace", "cup") // the bot's would be there before
	if _, err := s.api.GetItem(s.Context(), &recommendationv1.GetItemRequest{Workspace: s.name, ItemId: "trap"}); status.Code(err) != codes.NotFound {
		s.Errorf("an item that only a bot saw: %v", err)
	}
	for _, r := range s.list(&recommendationv1.RecommendRequest{Scene: "window", DryRun: true}).GetRecommendations() {
		if r.GetSource() == "popular" && r.GetProductId() != "cup" {
			s.Errorf("a bot made %s popular", r.GetProductId())
		}
	}
}
