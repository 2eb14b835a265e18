package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/simulator"
	"github.com/freshet/freshet/services/simulator/send"
)

const (
	// shopper is somebody whom nobody knows until the first look.
	shopper = "demo-shopper"
	// page is how many places the shopper's page has.
	page = 5
	// within bounds the wait for a list that knows of a look; it takes milliseconds.
	within = 30 * time.Second
)

// shopper shows the page of a new visitor before and after one look, and how long the list took to change.
func (o Options) shopper(ctx context.Context, l *look, goods []simulator.Good, popular []string) error {
	before, err := l.page(ctx)
	if err != nil {
		return err
	}
	seen := elsewhere(before.GetRecommendations(), goods, popular)
	accepted, err := l.view(ctx, seen)
	if err != nil {
		return err
	}
	after, took, err := l.changed(ctx, before, accepted)
	if err != nil {
		return err
	}
	name := seen
	if got, err := l.api.Recommendations.GetItem(ctx, &recommendationv1.GetItemRequest{ItemId: seen}); err == nil {
		name = named(got.GetItem(), seen)
	}
	fmt.Fprintf(o.Out, "\nWhat to show? A new visitor looks at %s: the home page has changed %d ms after the look was accepted\n", name, took.Milliseconds())
	w := tabwriter.NewWriter(o.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  before\tafter\twhy")
	for i := range max(len(before.GetRecommendations()), len(after.GetRecommendations())) {
		was, is := at(before.GetRecommendations(), i), at(after.GetRecommendations(), i)
		fmt.Fprintf(w, "  %s\t%s\t%s\n", named(was.GetItem(), was.GetProductId()), named(is.GetItem(), is.GetProductId()), is.GetReason())
	}
	return w.Flush()
}

func at(list []*recommendationv1.Recommendation, i int) *recommendationv1.Recommendation {
	if i < len(list) {
		return list[i]
	}
	return nil
}

func named(item *recommendationv1.Item, id string) string {
	if item.GetName() != "" {
		return item.GetName()
	}
	return id
}

// page asks for the shopper's home page and leaves no trace.
func (l *look) page(ctx context.Context) (*recommendationv1.RecommendResponse, error) {
	got, err := l.api.Recommendations.Recommend(ctx, &recommendationv1.RecommendRequest{Id: "anonymous_id:" + shopper, Scene: "home", Limit: page, Items: true, DryRun: true})
	if err != nil {
		return nil, fmt.Errorf("ask for a new visitor's list: %w", err)
	}
	return got, nil
}

// elsewhere is the most popular product of a category that a list does not have, so that a look at it is news.
func elsewhere(list []*recommendationv1.Recommendation, goods []simulator.Good, popular []string) string {
	category := make(map[string]string, len(goods))
	for _, g := range goods {
		category[g.ProductID] = g.Category
	}
	for _, id := range popular {
		if !slices.ContainsFunc(list, func(r *recommendationv1.Recommendation) bool { return category[r.GetProductId()] == category[id] }) {
			return id
		}
	}
	return popular[len(popular)-1]
}

// view tells the collector that the shopper looked at a product, and gives the time at which that was accepted.
func (l *look) view(ctx context.Context, product string) (time.Time, error) {
	body, err := json.Marshal(map[string]any{
		"type": "track", "messageId": shopper + "-1", "anonymousId": shopper, "event": "Product Viewed", "properties": map[string]any{"product_id": product},
	})
	if err != nil {
		return time.Time{}, err
	}
	c, err := send.NewClient(l.sends())
	if err != nil {
		return time.Time{}, err
	}
	defer c.Close()
	if _, err := c.Deliver(ctx, [][]byte{body}); err != nil {
		return time.Time{}, fmt.Errorf("send a look: %w", err)
	}
	return time.Now(), nil
}

// sends is how the demo's own events go to the collector.
func (l *look) sends() send.Config {
	return send.Config{URL: "http://" + l.addresses.CollectorHTTP, WriteKey: writeKey, RetryFor: retryFor}
}

// changed waits until the shopper's page knows of the look and is another.
func (l *look) changed(ctx context.Context, before *recommendationv1.RecommendResponse, accepted time.Time) (*recommendationv1.RecommendResponse, time.Duration, error) {
	for time.Since(accepted) < within {
		got, err := l.page(ctx)
		if err != nil {
			return nil, 0, err
		}
		if got.GetVisitorKnownMs() > 0 && ids(got) != ids(before) {
			return got, time.Since(accepted), nil
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return nil, 0, errors.Join(errors.New("stopped while a list was awaited"), context.Cause(ctx))
		}
	}
	return nil, 0, fmt.Errorf("a new visitor's list is the same %s after a look was accepted", within)
}

func ids(list *recommendationv1.RecommendResponse) string {
	return strings.Join(products(list.GetRecommendations()), " ")
}

func products(list []*recommendationv1.Recommendation) []string {
	var out []string
	for _, r := range list {
		out = append(out, r.GetProductId())
	}
	return out
}
