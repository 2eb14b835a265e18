package freshet

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/freshet/freshet/pkg/stack"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/freshet/verify"
)

const ownFeatures = `
remove: [night_owl]
features:
  - {name: margin, description: Margin by our own key., level: value, unit: currency, aggregate: sum, value: properties.gross, windows: [365d]}
  - {name: shoes_seen, description: Shoes looked at., level: preference, unit: events, aggregate: count, where: properties.category == "Shoes"}
tags:
  - {name: wants_shoes, description: Looks at shoes., level: preference, when: shoes_seen >= 2}
`

func TestFeaturesCheckTellsWhatAFileChanges(t *testing.T) {
	out := must(t, "features", "check", write(t, "features.yaml", ownFeatures))
	if err := contains(cells(out), "adds shoes_seen", "adds wants_shoes", "replaces margin_365d", "removes night_owl", `note feature "margin": margin_365d is live`, "unused margin", "ok: "); err != nil {
		t.Error(err)
	}
	if strings.Contains(out, "unused    shoes_seen") {
		t.Errorf("what a tag looks at is unused:\n%s", out)
	}
	rules := write(t, "segments.yaml", "segments: [{name: rich, description: Rich., when: margin_365d > 100}]")
	if out := must(t, "features", "check", write(t, "features.yaml", ownFeatures), "--rules", rules); strings.Contains(out, "unused") {
		t.Errorf("what a segment looks at is unused:\n%s", out)
	}
	rules = write(t, "segments.yaml", `segments: [{name: leaving, description: Leaving., when: 'margin_365d > 100 && buys_soon < 0.2 && churn_risk_90d_band == "high" && warning_order_overdue'}]`)
	forecasts := write(t, "forecasts.yaml", "targets: [{name: buys_soon, description: x, counts: orders_lifetime, outcome: any, within: 7d, among: shoes_seen > 1}]")
	if out := must(t, "features", "check", write(t, "features.yaml", ownFeatures), "--rules", rules, "--forecasts", forecasts); strings.Contains(out, "unused") {
		t.Errorf("what a segment or a forecast looks at is unused:\n%s", out)
	}
	if code, _, fault := run(t, "", "features", "check", write(t, "features.yaml", ownFeatures), "--rules", rules); code != 1 || !strings.Contains(fault, `"buys_soon" is no feature of the catalogue and no score`) {
		t.Errorf("a score of no forecast: %d, %s", code, fault)
	}
	taken := write(t, "features.yaml", "features: [{name: churn_risk_60d, description: x, level: value, aggregate: count}]")
	if code, _, fault := run(t, "", "features", "check", taken); code != 1 || !strings.Contains(fault, "the shipped forecasts beside the features of "+taken) {
		t.Errorf("a feature called as a score: %d, %s", code, fault)
	}
	if strings.Contains(out, "adds      spend") || strings.Count(out, "removes") != 1 || strings.Count(out, "replaces") != 1 {
		t.Errorf("more than the file changes:\n%s", out)
	}
	if out := must(t, "features", "check", write(t, "features.yaml", "")); !strings.HasPrefix(out, "ok: ") {
		t.Errorf("an empty file changes something:\n%s", out)
	}
}

func TestFeaturesCheckTellsEveryFault(t *testing.T) {
	code, out, fault := run(t, "", "features", "check", write(t, "features.yaml", `
remove: [nothing_there]
features:
  - {name: Bad Name, description: x, level: basic, aggregate: count}
  - {name: fine, description: x, level: nowhere, aggregate: cuont}
tags:
  - {name: t, description: x, level: basic, condition: fine > 1}
`))
	if code != 1 || strings.Contains(out, "ok:") {
		t.Errorf("%d, %s", code, out)
	}
	if err := contains(fault, `remove[0] "nothing_there"`, `features[0] "Bad Name": name`, `features[1] "fine": level`, `"cuont" is none`, `unknown key "condition"`); err != nil {
		t.Error(err)
	}
	code, _, fault = run(t, "", "features", "check", write(t, "features.yaml", `tags: [{name: t, description: x, level: basic, when: no_such > 1}]`))
	if code != 1 || !strings.Contains(fault, `"no_such" is no feature`) {
		t.Errorf("%d, %s", code, fault)
	}
}

func TestWrongFeaturesLinesAreExplained(t *testing.T) {
	for line, want := range map[string]string{
		"features frobnicate":                 "it is one of check, ",
		"features list --level high":          `--level "high" is none of basic, behaviour`,
		"features get":                        "requires at least 1 arg",
		"features verify --customers 0":       "--customers 0: give 1 or more, or --all",
		"features verify --all --customers 3": "give --customers or --all, not both",
		"features check no-such-file":         "no-such-file",
	} {
		if code, _, fault := run(t, "", strings.Fields(line)...); code != 1 || !strings.Contains(fault, want) {
			t.Errorf("%s: %d, %s", line, code, fault)
		}
	}
}

// TestFeaturesOnARealStack reads, lists and verifies on a stack with a features file of its own; a value that is served wrongly is found.
func TestFeaturesOnARealStack(t *testing.T) {
	file := up(t, "--features", write(t, "features.yaml", ownFeatures))
	cli := func(args ...string) string { t.Helper(); return must(t, append(args, "--addresses-file", file)...) }
	if code, _, fault := run(t, "", "features", "verify", "--addresses-file", file); code != 1 || !strings.Contains(fault, "no customer to verify") {
		t.Errorf("an empty stack verifies: %d, %s", code, fault)
	}
	cli("simulate", "--customers", "12", "--days", "20", "--rate", "100", "--duration", "1s", "--truth", filepath.Join(t.TempDir(), "truth"))
	for range 2 {
		cli("send", "--user", "42", "--event", "Product Viewed", "--property", "category=Shoes", "--property", "brand=Acme")
	}
	sendLines(t, file, `{"type":"track","event":"Seen","userId":"41"}`, `{"type":"alias","userId":"42","previousId":"41"}`)
	settled(t, file)
	if err := contains(cells(cli("features", "get", "user_id:42")), "product_views_1h 2", "shoes_seen 2", "favourite_brand Acme", "wants_shoes holds since"); err != nil {
		t.Error(err)
	}
	if got := cells(cli("features", "get", "user_id:42", "last_order", "spend_30d")); !strings.HasSuffix(got, "last_order - spend_30d 0") {
		t.Errorf("two were asked for:\n%s", got)
	}
	cli("features", "check", write(t, "features.yaml", ownFeatures), "--live")
	other := write(t, "features.yaml", strings.Replace(ownFeatures, `"Shoes"`, `"Boots"`, 1))
	if code, _, fault := run(t, "", "features", "check", other, "--live", "--addresses-file", file); code != 1 || !strings.Contains(fault, "shoes_seen_v2") {
		t.Errorf("another meaning of a live name is good: %d, %s", code, fault)
	}
	var answer struct {
		Values map[string]struct{ Count string } `json:"values"`
	}
	if err := json.Unmarshal([]byte(cli("features", "get", "user_id:42", "product_views_1h", "--json")), &answer); err != nil || answer.Values["product_views_1h"].Count != "2" {
		t.Errorf("%+v, %v", answer, err)
	}
	if code, _, fault := run(t, "", "features", "get", "user_id:42", "no_such", "--addresses-file", file); code != 1 || !strings.Contains(fault, `no feature or tag "no_such"`) {
		t.Error(code, fault)
	}
	if err := contains(cells(cli("features", "list")), "spend_30d decimal 30d currency Their value"); err != nil {
		t.Error(err)
	}
	if out := cli("features", "list", "--tags", "--level", "value"); !strings.Contains(out, "big_spender") || strings.Contains(out, "lapsed") {
		t.Errorf("tags of the level value:\n%s", out)
	}
	if err := contains(cli("features", "verify", "--all"), " 0 differ from what is served"); err != nil {
		t.Error(err)
	}
	if out := cli("features", "verify", "--customers", "3"); !strings.HasPrefix(out, "3 customers, ") {
		t.Errorf("three were asked for:\n%s", out)
	}
	verifyFindsWhatIsWrong(t, file)
}

// tampered serves what a stack serves, but for one answer in which a number is another, one is gone, and a tag holds that does not.
type tampered struct {
	featurev1.FeatureServiceClient
	id string
}

func (c tampered) GetFeatures(ctx context.Context, req *featurev1.GetFeaturesRequest, o ...grpc.CallOption) (*featurev1.GetFeaturesResponse, error) {
	got, err := c.FeatureServiceClient.GetFeatures(ctx, req, o...)
	if err == nil && got.GetCustomerId() == c.id {
		got.Values["shoes_seen"] = &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Count{Count: 3}}
		delete(got.Values, "events_lifetime")
		got.Tags["big_spender"] = &featurev1.TagValue{SinceMs: 1}
	}
	return got, err
}

func verifyFindsWhatIsWrong(t *testing.T, file string) {
	t.Helper()
	ctx := t.Context()
	a, err := stack.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	api, err := a.API(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	kafka, err := a.Broker(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer kafka.Close()
	db, err := a.ClickHouse(ctx, stack.Login{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	list, err := api.Features.ListFeatures(ctx, &featurev1.ListFeaturesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := verify.Catalog(ctx, kafka, list.GetSchema())
	if err != nil {
		t.Fatal(err)
	}
	id := customerOf(t, file, "user_id:42")
	ids, err := verify.Customers(ctx, db, "default", 2)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(ids, id) {
		ids = append(ids, id)
	}
	r, err := verify.Run(ctx, verify.Options{Catalog: c, Features: tampered{api.Features, id}, ClickHouse: db, Workspace: "default"}, ids)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := r.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	if err := contains(cells(out.String()), "big_spender 0 0 1 customer "+id, "events_lifetime 0 1 0 customer "+id,
		"shoes_seen 1 0 0 customer "+id+": served 3, computed 2", " 3 differ from what is served"); err != nil || r.Err() == nil {
		t.Error(err, r.Err())
	}
}
