package freshet

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/stack"
)

// watchLine is an answer of a watch over HTTP.
type watchLine struct {
	Result struct {
		Resume  string
		Changes []struct {
			Features []struct {
				Name     string
				Old, New *struct{ Count string }
			}
			Tags []struct{ Name string }
		}
	}
}

// openWatch watches over HTTP, through the gateway.
func openWatch(ctx context.Context, t *testing.T, file, query string) *json.Decoder {
	t.Helper()
	a, err := stack.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.APIHTTP+"/v1/features:watch?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+a.APIToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("watch: %s", resp.Status)
	}
	return json.NewDecoder(bufio.NewReader(resp.Body))
}

// A watch through the gateway tells over HTTP and on the command line what is sent, each upon what was; and an explanation shows what it
// came of.
func TestExplainAndWatchOnARealStack(t *testing.T) {
	file := up(t)
	cli := func(args ...string) string { t.Helper(); return must(t, append(args, "--addresses-file", file)...) }
	view := []string{"send", "--user", "42", "--event", "Product Viewed", "--property", "category=Shoes", "--property", "brand=Acme"}
	cli(view...)
	settled(t, file)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lines := openWatch(ctx, t, file, "names=product_views_1h&ids=user_id:42")
	var first watchLine
	if err := lines.Decode(&first); err != nil || first.Result.Resume == "" || len(first.Result.Changes) > 0 {
		t.Fatalf("the first line: %+v, %v", first, err)
	}
	cli(view...)
	var next watchLine
	for len(next.Result.Changes) == 0 {
		next = watchLine{}
		if err := lines.Decode(&next); err != nil {
			t.Fatal(err)
		}
	}
	if f := next.Result.Changes[0].Features; len(f) != 1 || f[0].Name != "product_views_1h" || f[0].Old == nil || f[0].Old.Count != "1" || f[0].New.Count != "2" {
		t.Errorf("told over HTTP: %+v", next)
	}
	code, out, fault := run(t, "", "features", "watch", "--customer", "user_id:42", "--feature", "product_views_1h", "--feature", "favourite_brand",
		"--resume", first.Result.Resume, "--max", "1", "--addresses-file", file)
	if err := contains(out, "product_views_1h ? -> 2", "favourite_brand ? -> Acme", "(event)"); code != 0 || err != nil || !strings.Contains(fault, "go on with --resume ") {
		t.Errorf("%d: %v\n%s%s", code, err, out, fault)
	}
	out = cli("features", "watch", "--json", "--resume", first.Result.Resume, "--max", "1")
	if err := contains(out, `"customer_id"`, `"product_views_1h"`); err != nil {
		t.Error(err)
	}
	explains(t, file, cli)
	if code, _, fault := run(t, "", "features", "watch", "--feature", "gender", "--addresses-file", file); code != 1 || !strings.Contains(fault, "gender is personal") {
		t.Errorf("a personal feature is watched: %d, %s", code, fault)
	}
}

// explains looks at explanations, of now and of the past, with and without the right to what is personal.
func explains(t *testing.T, file string, cli func(args ...string) string) {
	t.Helper()
	settled(t, file)
	out := cells(cli("features", "explain", "user_id:42", "product_views_24h"))
	if err := contains(out, "product_views_24h is 2 events", "It counts what happened from", "value 2 events", "in steps of 1h", "changes ", "the sum of ", " = 2",
		"█", "the last that count:", "Product Viewed"); err != nil {
		t.Error(err)
	}
	out = cells(cli("features", "explain", "user_id:42", "last_order"))
	if err := contains(out, "last_order has no value: no order yet."); err != nil {
		t.Error(err)
	}
	out = cells(cli("features", "explain", "user_id:42", "views_per_order_90d"))
	if err := contains(out, "orders_90d is 0 orders: there is nothing to divide by", "product_views_90d is 2"); err != nil {
		t.Error(err)
	}
	out = cells(cli("features", "explain", "user_id:42", "categories_viewed"))
	if err := contains(out, "Shoes", " 1 "); err != nil {
		t.Error(err)
	}
	out = cells(cli("features", "explain", "user_id:42", "gender"))
	if err := contains(out, "gender is not told: it is personal"); err != nil {
		t.Error(err)
	}
	out = cells(cli("features", "explain", "user_id:42", "gender", "--reveal"))
	if err := contains(out, "gender has no value: no event yet that counts: it takes traits.gender"); err != nil {
		t.Error(err)
	}
	out = cells(cli("features", "explain", "user_id:42", "big_spender"))
	if err := contains(out, "The tag big_spender does not hold; not so: ", " no spend_"); err != nil {
		t.Error(err)
	}
	out = cells(cli("features", "explain", "user_id:42", "product_views_24h", "--at", "2026-01-01"))
	if err := contains(out, "product_views_24h is 0 events", "2026-01-01 00:00:00Z"); err != nil {
		t.Error(err)
	}
	if out := cli("features", "explain", "user_id:42", "product_views_24h", "--json"); !json.Valid([]byte(out)) {
		t.Errorf("no JSON: %s", out)
	}
	if out := cli("get", "/v1/customers/user_id:42/features/product_views_24h/explain"); !strings.Contains(out, `"sentence"`) {
		t.Errorf("over HTTP: %s", out)
	}
	if code, _, fault := run(t, "", "features", "explain", "user_id:42", "nothing", "--addresses-file", file); code != 1 || !strings.Contains(fault, `no feature or tag "nothing"`) {
		t.Error(code, fault)
	}
}
