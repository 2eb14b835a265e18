package standalone

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/collector/directory"
)

// shop is one workspace of a running stack: visitors, items, lists and models of its own, so that tests of one stack do not see each other.
type shop struct {
	*testing.T
	rig *rig
	// name is the workspace's, key its server's write key.
	name, key string
	api       recommendationv1.RecommendationServiceClient
	sent      int
	// began is when events begin that must be the same however often they are told.
	began time.Time
}

// keyOf is the write key of a workspace's server.
func keyOf(workspace string) string { return "key-of-" + workspace }

// sourcesOf lets each workspace's server send.
func sourcesOf(workspaces ...string) []directory.Entry {
	var out []directory.Entry
	for _, w := range workspaces {
		out = append(out, directory.Entry{Name: "server-of-" + w, Workspace: w, WriteKey: keyOf(w), Trusted: true})
	}
	return out
}

func openShop(t *testing.T, r *rig, workspace string) *shop {
	t.Helper()
	api, err := r.addr.API(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = api.Close() })
	return &shop{T: t, rig: r, name: workspace, key: keyOf(workspace), api: api.Recommendations}
}

// tell sends events over HTTP to the collector, and wants them taken.
func (s *shop) tell(events ...map[string]any) {
	s.Helper()
	if err := postAs(s.rig.addr, s.key, "/v1/batch", events...); err != nil {
		s.Fatal(err)
	}
}

// deed is an event of somebody, "user:42" or "anonymous:laptop", of a moment ago.
func (s *shop) deed(who, name string, properties map[string]any) map[string]any {
	s.sent++
	e := event(fmt.Sprintf("%s-%d", s.name, s.sent), "track", "", map[string]any{"event": name, "properties": properties})
	delete(e, "userId")
	if user, ok := strings.CutPrefix(who, "user:"); ok {
		e["userId"] = user
	} else {
		e["anonymousId"] = strings.TrimPrefix(who, "anonymous:")
	}
	return e
}

func (s *shop) looks(who, item string) map[string]any {
	return s.deed(who, "Product Viewed", map[string]any{"product_id": item})
}

// buys is an order of a piece of each item, at 10 a piece.
func (s *shop) buys(who, order string, items ...string) map[string]any {
	var lines []any
	for _, item := range items {
		lines = append(lines, map[string]any{"product_id": item, "quantity": 1, "price": 10})
	}
	return s.deed(who, "Order Completed", map[string]any{"order_id": order, "currency": "USD", "total": 10 * len(items), "products": lines})
}

// stock puts items on the shelf by request, and waits until each is known.
func (s *shop) stock(items ...*recommendationv1.Item) {
	s.Helper()
	req := &recommendationv1.UpsertItemsRequest{Workspace: s.name}
	for _, item := range items {
		req.Items = append(req.Items, &recommendationv1.ItemUpsert{Item: item})
	}
	if got, err := s.api.UpsertItems(s.Context(), req); err != nil || len(got.GetFaults()) > 0 {
		s.Fatalf("%v %v", got.GetFaults(), err)
	}
	for _, item := range items {
		testkit.Eventually(s.T, soon, func() error {
			_, err := s.api.GetItem(s.Context(), &recommendationv1.GetItemRequest{Workspace: s.name, ItemId: item.GetItemId()})
			return err
		})
	}
}

// thing is an item of a category, at 10.
func thing(id, category string) *recommendationv1.Item {
	return &recommendationv1.Item{ItemId: id, Name: "The " + id, Categories: []string{category}, PriceMicros: proto.Int64(10_000_000), Currency: "USD"}
}

// list asks for one.
func (s *shop) list(req *recommendationv1.RecommendRequest) *recommendationv1.RecommendResponse {
	s.Helper()
	req.Workspace = s.name
	got, err := s.api.Recommend(s.Context(), req)
	if err != nil {
		s.Fatal(err)
	}
	return got
}

// home is somebody's first page, of five places: none of which explores.
func (s *shop) home(ref string) *recommendationv1.RecommendResponse {
	s.Helper()
	return s.list(&recommendationv1.RecommendRequest{Id: ref, Limit: 5, DryRun: true})
}

// until asks for a list until check likes it, and gives the time that took.
func (s *shop) until(req *recommendationv1.RecommendRequest, check func(*recommendationv1.RecommendResponse) error) (*recommendationv1.RecommendResponse, time.Duration) {
	s.Helper()
	var got *recommendationv1.RecommendResponse
	began := time.Now()
	testkit.Eventually(s.T, soon, func() error {
		got = s.list(req)
		if err := check(got); err != nil {
			return fmt.Errorf("%w: %v, %q", err, shown(got), got.GetDegraded())
		}
		return nil
	})
	return got, time.Since(began)
}

// shown is a list as it can be read: item, source, what led to it.
func shown(list *recommendationv1.RecommendResponse) []string {
	var out []string
	for _, r := range list.GetRecommendations() {
		out = append(out, fmt.Sprintf("%s by %s because of %q", r.GetProductId(), r.GetSource(), r.GetBecause()))
	}
	return out
}

// in is the place of an item in a list, nil where it has none.
func in(list []*recommendationv1.Recommendation, item string) *recommendationv1.Recommendation {
	if i := slices.IndexFunc(list, func(r *recommendationv1.Recommendation) bool { return r.GetProductId() == item }); i >= 0 {
		return list[i]
	}
	return nil
}

// records are all that a topic holds, of every workspace.
func (s *shop) records(topic topics.Topic) []broker.Record {
	s.Helper()
	c, err := s.rig.addr.Broker(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	defer c.Close()
	return testkit.Records(s.T, c, topic)
}
