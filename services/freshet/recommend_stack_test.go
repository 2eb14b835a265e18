package freshet

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/freshet/freshet/pkg/testkit"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// TestRecommendOnARealStack follows what a shop's developer tries first: things are bought together, somebody looks at one, gets a list, chooses from it and buys, and the
// report says what that brought.
func TestRecommendOnARealStack(t *testing.T) {
	file := up(t)
	cli := func(args ...string) string { t.Helper(); return must(t, append(args, "--addresses-file", file)...) }
	order := func(user, id string, items ...string) string {
		line := fmt.Sprintf(`{"type":"track","event":"Order Completed","userId":%q,"properties":{"order_id":%q,"currency":"USD","products":[`, user, id)
		for i, item := range items {
			line += fmt.Sprintf(`%.*s{"product_id":%q,"quantity":1,"price":12.5}`, min(i, 1), ",", item)
		}
		return line + "]}}"
	}
	var orders []string
	for n := range 5 {
		orders = append(orders, order(fmt.Sprint("buyer-", n), fmt.Sprint("o", n), "boots", "socks"))
	}
	sendLines(t, file, orders...)
	cli("send", "--user", "42", "--event", "Product Viewed", "--property", "product_id=boots")
	testkit.Eventually(t, time.Minute, func() error {
		return contains(cells(cli("recommend", "for", "user_id:42")), "1 socks also_bought Those who bought boots also bought this")
	})
	var list recommendationv1.RecommendResponse
	if err := protojson.Unmarshal([]byte(cli("recommend", "for", "user_id:42", "--limit", "1", "--count", "--json")), &list); err != nil || list.GetRequestId() == "" {
		t.Fatal(err, &list)
	}
	cli("send", "--user", "42", "--event", "Product Clicked", "--property", "product_id=socks", "--property", "recommendation_id="+list.GetRequestId())
	sendLines(t, file, order("42", "mine", "socks", "boots")) // the boots stood in no list
	testkit.Eventually(t, time.Minute, func() error {
		return contains(cells(cli("recommend", "report")), "SCENE VARIANT LISTS VISITORS", "home - 1 1 1 1 100.00 % 1 100.00 % 12.50 12.50")
	})
	if err := contains(cells(cli("recommend", "report", "--by", "source,position")), "also_bought 1 1 1 1 1 100.00 %"); err != nil {
		t.Error(err)
	}
}
