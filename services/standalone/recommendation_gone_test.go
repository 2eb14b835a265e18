package standalone

import (
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/testkit"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// ownScenes are laid over the shipped ones: lists that come from nothing but the file.
const ownScenes = `
scenes:
  - {name: fixed, description: The shop's own list., limit: 4, list: [kettle, cup, pot, jug]}
  - {name: window, description: What the shop wants to sell., limit: 4, pin: [{item: kettle, position: 1}], fallback: [popular]}
  - {name: quiet, description: Without consent not even the visit speaks., limit: 4, sources: [{of: also_bought}, {of: session}], fallback: [popular], without_consent: trend}
`

// takenOff: an item that cannot be had is gone from every answer, however that is told, and back when it can be had again.
func takenOff(s *shop) {
	for _, item := range []string{"kettle", "cup", "pot", "jug"} {
		s.stock(thing(item, "kitchen"))
	}
	for n := range 5 {
		s.tell(s.buys(fmt.Sprint("user:buyer-", n), fmt.Sprint("order-", n), "kettle", "cup", "pot"))
	}
	s.tell(s.looks("anonymous:laptop", "cup"), s.deed("anonymous:laptop", "Product Added", map[string]any{"product_id": "kettle"}))
	s.everywhere("kettle", true)
	upsert := func(item *recommendationv1.Item, clear ...string) func() {
		return func() {
			got, err := s.api.UpsertItems(s.Context(), &recommendationv1.UpsertItemsRequest{Workspace: s.name, Items: []*recommendationv1.ItemUpsert{{Item: item, Clear: clear}}})
			if err != nil || got.GetTaken() != 1 {
				s.Fatal(got, err)
			}
		}
	}
	says := func(name string, properties map[string]any) func() {
		properties["product_id"] = "kettle"
		return func() { s.tell(s.deed("anonymous:catalogue", name, properties)) }
	}
	for _, c := range []struct {
		name       string
		gone, back func()
	}{
		{"out of stock by request", upsert(&recommendationv1.Item{ItemId: "kettle", Stock: proto.Int64(0)}), upsert(&recommendationv1.Item{ItemId: "kettle", Stock: proto.Int64(3)})},
		{"sold out by event", says("Product Upserted", map[string]any{"availability": "out of stock"}), says("Product Upserted", map[string]any{"availability": "in stock"})},
		{"taken off by request", upsert(&recommendationv1.Item{ItemId: "kettle", Removed: true}), upsert(&recommendationv1.Item{ItemId: "kettle"})},
		{"taken off by event", says("Product Deleted", map[string]any{}), says("Product Upserted", map[string]any{"name": "The kettle is back"})},
		{"over", upsert(&recommendationv1.Item{ItemId: "kettle", ValidUntilMs: time.Now().Add(-time.Minute).UnixMilli()}), upsert(&recommendationv1.Item{ItemId: "kettle"}, "valid_until_ms")},
	} {
		c.gone()
		s.Logf("%s: gone from every answer after %s", c.name, s.everywhere("kettle", false))
		c.back()
		s.Logf("%s: back in every answer after %s", c.name, s.everywhere("kettle", true))
	}
}

// everywhere waits until an item is in every kind of answer, or in none, and gives the time that took.
func (s *shop) everywhere(item string, there bool) time.Duration {
	s.Helper()
	began := time.Now()
	testkit.Eventually(s.T, soon, func() error {
		for kind, list := range s.answers() {
			if got := in(list, item) != nil; got != there {
				return fmt.Errorf("%s in %s: %v, want %v", item, kind, got, there)
			}
		}
		return nil
	})
	return time.Since(began)
}

// answers are of every kind that there is, for a visitor who has the kettle in the cart and looked at the cup.
func (s *shop) answers() map[string][]*recommendationv1.Recommendation {
	s.Helper()
	out := map[string][]*recommendationv1.Recommendation{}
	for _, scene := range []string{"home", "product", "cart", "after_purchase", "win_back", "no_results", "feed", "fixed", "window"} {
		if scene == "feed" { // what was looked at does not come again
			out[scene] = s.list(&recommendationv1.RecommendRequest{Scene: scene, SessionItems: []string{"cup"}, DryRun: true}).GetRecommendations()
			continue
		}
		out[scene] = s.list(&recommendationv1.RecommendRequest{Id: "anonymous_id:laptop", Scene: scene, ContextItems: []string{"cup"}, DryRun: true}).GetRecommendations()
	}
	out["home of nobody"] = s.list(&recommendationv1.RecommendRequest{DryRun: true}).GetRecommendations()
	for _, by := range []string{"", "also_bought"} {
		got, err := s.api.SimilarItems(s.Context(), &recommendationv1.SimilarItemsRequest{Workspace: s.name, ItemId: "cup", By: by})
		if err != nil {
			s.Fatal(err)
		}
		out["similar by "+by] = got.GetItems()
	}
	for id, list := range s.batch("anonymous_id:laptop", "anonymous_id:stranger") {
		out["batch for "+id] = list.GetRecommendations()
	}
	return out
}

// batch asks for lists of many.
func (s *shop) batch(ids ...string) map[string]*recommendationv1.RecommendResponse {
	s.Helper()
	stream, err := s.api.BatchRecommend(s.Context(), &recommendationv1.BatchRecommendRequest{Workspace: s.name, Ids: ids, Ask: &recommendationv1.RecommendRequest{DryRun: true}})
	if err != nil {
		s.Fatal(err)
	}
	out := map[string]*recommendationv1.RecommendResponse{}
	for {
		got, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || got.GetError() != "" {
			s.Fatal(got.GetError(), err)
		}
		out[got.GetId()] = got.GetAnswer()
	}
	if len(out) != len(ids) {
		s.Fatalf("%d lists for %d visitors", len(out), len(ids))
	}
	return out
}
