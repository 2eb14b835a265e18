package collector

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/metadata"

	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/directory"
	"go.opentelemetry.io/otel/trace/noop"
)

const shopPlan = `
name: web-shop
mode: %s
unplanned: %s
events:
  - event: Order Completed
    schema:
      required: [order_id]
      properties:
        order_id: {type: string}
        currency: {enum: [EUR, GBP]}
        products: {type: array, items: {properties: {product_id: {type: string}, price: {type: number, minimum: 0}, quantity: {type: integer}}}}
  - event: Product Viewed
    schema: {properties: {product_id: {type: string}}}
  - event: Product Viewed
    version: 2
    schema: {properties: {product_id: {type: string}}, required: [product_id]}
  - type: identify
    schema: {properties: {plan: {enum: [free, paid]}}}
`

// withPlan gives the source web a tracking plan.
func withPlan(t testing.TB, text string, args ...any) (string, func(*setup)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plan.yaml")
	writePlan(t, path, fmt.Sprintf(text, args...))
	return path, func(s *setup) { s.cfg.Sources[0].Plan = path }
}

func writePlan(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// found are the counted violations of the source web, by rule.
func (r *rig) found(rule string) float64 {
	return r.metric("freshet_collector_plan_violations_total", "rule", rule)
}

func rules(c *eventv1.PlanCheck) []string {
	var out []string
	for _, v := range c.GetViolations() {
		out = append(out, v.Rule+" "+v.Path)
	}
	return out
}

const badOrder2 = `{"type":"track","event":"Order Completed","userId":"1","messageId":"bad","properties":{"total":"19.99","currency":"DEM","order_id":7,` +
	`"products":[{"product_id":"a","price":-1,"quantity":1.5}]}}`

func TestAPlanThatWarnsTakesTheEventAndNotesWhatDoesNotFit(t *testing.T) {
	_, edit := withPlan(t, shopPlan, "warn", "warn")
	r := start(t, edit)
	bad := `{"type":"track","event":"Order Completed","userId":"1","messageId":"bad","properties":{"total":"19.99","currency":"CHF","order_id":7,"products":[{"product_id":"a","price":-1}]}}`
	g := r.post("/v1/batch", `{"batch":[`+bad+`,{"type":"track","event":"Order Completed","userId":"1","messageId":"good","properties":{"order_id":"8"}},`+
		`{"type":"track","event":"Other","userId":"1","messageId":"other"},{"type":"page","userId":"1","messageId":"page"}]}`)
	if g.Accepted != 4 {
		t.Fatalf("%+v", g)
	}
	events := r.events()
	want := []string{"enum /properties/currency", "type /properties/order_id", "minimum /properties/products/0/price"}
	got := events["bad"]
	if d := cmp.Diff(want, rules(got.Plan)); d != "" || got.Plan.Plan != "web-shop" || got.Plan.Version != "1" {
		t.Errorf("%s %v", d, got.Plan)
	}
	if m := got.Plan.Violations[2].Message; m != "properties.products[0].price is -1: it must be at least 0" {
		t.Error(m)
	}
	if !strings.Contains(string(got.PropertiesJson), `"total":"19.99"`) || got.Order.GetTotalMicros() != 19_990_000 {
		t.Errorf("warn changed the event: %s %v", got.PropertiesJson, got.Order)
	}
	if events["good"].Plan != nil || events["page"].Plan != nil {
		t.Errorf("what fits is noted: %v, %v", events["good"].Plan, events["page"].Plan)
	}
	if p := events["other"].Plan; !slices.Equal(rules(p), []string{"unplanned_event /event"}) || p.Version != "" {
		t.Errorf("got %v", p)
	}
	for rule, want := range map[string]float64{"enum": 1, "type": 1, "minimum": 1, "unplanned_event": 1, "required": 0} {
		if got := r.found(rule); got != want {
			t.Errorf("%s counted %v times, want %v", rule, got, want)
		}
	}
}

func TestAPlanThatBlocksRefusesTheEventAndItsNeighboursSurvive(t *testing.T) {
	_, edit := withPlan(t, shopPlan, "block", "block")
	r := start(t, edit)
	good := `{"type":"track","event":"Order Completed","userId":"1","messageId":"good","properties":{"order_id":"8"}}`
	g := r.post("/v1/batch", `{"batch":[`+good+`,`+badOrder2+`,{"type":"track","event":"order completed","userId":"1","messageId":"case"},`+strings.Replace(good, "good", "last", 1)+`]}`)
	if g.Status != 200 || g.Accepted != 2 || !slices.Equal(g.reasons(), []string{"plan_violation", "unplanned_event"}) {
		t.Fatalf("%+v", g)
	}
	wantDetail := `plan web-shop, version 1: properties.currency is "DEM": send one of "EUR", "GBP"; properties.order_id is a number, and must be a string: ` +
		`send it in quotes; properties.products[0].price is -1: it must be at least 0; and 1 more`
	if g.Rejected[0].Detail != wantDetail || g.Rejected[0].Index != 1 {
		t.Errorf("%+v", g.Rejected[0])
	}
	if want := `plan web-shop: "order completed" is not in the plan: it is written "Order Completed"`; g.Rejected[1].Detail != want {
		t.Errorf("%+v", g.Rejected[1])
	}
	rejects := r.rejects()
	if len(rejects) != 2 || rejects[0].Reason != "plan_violation" || string(rejects[0].Payload) != badOrder2 || rejects[0].Detail != wantDetail {
		t.Errorf("%v", rejects)
	}
	if events := r.events(); len(events) != 2 || events["good"].Plan != nil || events["last"].Plan != nil {
		t.Errorf("%v", events)
	}
	if g := r.post("/v1/track", badOrder2); g.Status != 400 || g.Error != "plan_violation" || g.Message != wantDetail {
		t.Errorf("a single event: %+v", g)
	}
	if r.found("minimum") != 2 || r.found("unplanned_event") != 1 {
		t.Error("not counted")
	}
}

// What a plan takes out counts for nothing: no total in the order, no e-mail among the names.
func TestAPlanThatStripsCutsMembersAndNothingOfThemSurvives(t *testing.T) {
	_, edit := withPlan(t, shopPlan, "strip", "warn")
	r := start(t, edit)
	g := r.post("/v1/batch", `{"batch":[
		{"type":"track","event":"Order Completed","userId":"1","messageId":"order","properties":{ "total": 99.50 , "order_id":"8", "products":[{"product_id":"a","price":1.50,"secret":"x","quantity":2}] ,"x":1}},
		{"type":"identify","userId":"1","messageId":"someone-1","traits":{"email":"a@b.example","plan":"free"}},
		{"type":"identify","userId":"1","messageId":"empty-1","traits":{"email":"a@b.example"}},
		{"type":"identify","messageId":"nobody","traits":{"email":"a@b.example"}}]}`)
	if g.Accepted != 3 || !slices.Equal(g.reasons(), []string{"no_identifier"}) {
		t.Fatalf("%+v", g)
	}
	events := r.events()
	order := events["order"]
	if got := string(order.PropertiesJson); got != `{ "order_id":"8", "products":[{"product_id":"a","price":1.50,"quantity":2}]}` {
		t.Errorf("got %s", got)
	}
	if order.Order.GetTotalMicros() != 3_000_000 {
		t.Errorf("the stripped total half survived: %v", order.Order)
	}
	if d := cmp.Diff([]string{"/properties/total", "/properties/products/0/secret", "/properties/x"}, order.Plan.Stripped); d != "" || len(order.Plan.Violations) > 0 {
		t.Error(d, order.Plan)
	}
	person := events["someone-1"]
	if string(person.TraitsJson) != `{"plan":"free"}` || len(person.Identifiers) != 1 || person.Identifiers[0].Type != "user_id" {
		t.Errorf("the stripped e-mail half survived: %s %v", person.TraitsJson, person.Identifiers)
	}
	if events["empty-1"].TraitsJson != nil {
		t.Errorf("got %s", events["empty-1"].TraitsJson)
	}
	if r.found("stripped") != 6 {
		t.Errorf("stripped counted %v times", r.found("stripped"))
	}
}

func TestTheEnvelopesContextMaySayTheVersionAndHistoryIsJudgedToo(t *testing.T) {
	_, edit := withPlan(t, shopPlan, "block", "warn")
	r := start(t, edit)
	viewed := `{"type":"track","event":"Product Viewed","userId":"1","messageId":"%s"%s}`
	two := `"context":{"protocols":{"event_version":2}}`
	if g := r.post("/v1/batch", `{"batch":[`+fmt.Sprintf(viewed, "a", "")+`],`+two+`}`); !slices.Equal(g.reasons(), []string{"plan_violation"}) {
		t.Errorf("envelope: %+v", g)
	}
	if g := r.post("/v1/import", `{"batch":[`+fmt.Sprintf(viewed, "b", `,`+two)+`,`+fmt.Sprintf(viewed, "c", "")+`]}`); g.Accepted != 1 || len(g.Rejected) != 1 {
		t.Errorf("import: %+v", g)
	}
	if g := r.post("/v1/track", fmt.Sprintf(viewed, "d", "")); g.Status != 200 {
		t.Errorf("no version: %+v", g)
	}
	ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", "Basic d2ViLXdyaXRlLWtleTo="))
	resp, err := r.svc.rpc.Ingest(ctx, &collectorv1.IngestRequest{Events: [][]byte{[]byte(fmt.Sprintf(viewed, "e", `,`+two))}})
	if err != nil || len(resp.Rejected) != 1 || resp.Rejected[0].Reason != "plan_violation" {
		t.Errorf("gRPC: %v %v", resp, err)
	}
}

func TestCloudEventsAreHeldToThePlan(t *testing.T) {
	_, edit := withPlan(t, shopPlan, "block", "block")
	r := start(t, edit)
	g := r.post("/v1/cloudevents", `{"specversion":"1.0","id":"ce","source":"/shop","type":"Order Completed","subject":"user_id:1","data":{"userId":"1","order_id":7}}`,
		"Content-Type", "application/cloudevents+json")
	if g.Error != "plan_violation" || !strings.Contains(g.Message, "properties.order_id is a number, and must be a string") {
		t.Errorf("%+v", g)
	}
}

// The last of two equal keys counts for everybody, the plan included.
func TestAKeyThatComesTwiceIsJudgedByItsLastValue(t *testing.T) {
	_, edit := withPlan(t, shopPlan, "block", "warn")
	r := start(t, edit)
	body := `{"event":"Order Completed","userId":"1","properties":{"order_id":%s,"order_id":%s}}`
	if g := r.post("/v1/track", fmt.Sprintf(body, `"a"`, `1`)); g.Error != "plan_violation" {
		t.Errorf("%+v", g)
	}
	if g := r.post("/v1/track", fmt.Sprintf(body, `1`, `"a"`)); g.Status != 200 {
		t.Errorf("%+v", g)
	}
}

func TestOtherSourcesAreNotHeldToThePlan(t *testing.T) {
	_, edit := withPlan(t, shopPlan, "block", "block")
	r := start(t, edit)
	if g := r.post("/v1/track", `{"event":"Other","userId":"1"}`, "Authorization", "Basic cG9zLXdyaXRlLWtleTo="); g.Status != 200 {
		t.Errorf("%+v", g)
	}
	if e := r.only(); e.Plan != nil {
		t.Errorf("%v", e.Plan)
	}
}

func TestABadPlanAtTheStartIsAnError(t *testing.T) {
	path, edit := withPlan(t, "name: [")
	s := setup{cfg: Default()}
	s.cfg.Sources = []directory.Entry{{Name: "web", Workspace: "default", WriteKey: testKey}}
	edit(&s)
	r := start(t)
	_, err := New(s.cfg, Deps{Logger: r.svc.logger, Metrics: prometheus.NewRegistry(), Tracer: noop.NewTracerProvider().Tracer("test"), Broker: r.client})
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "not YAML") {
		t.Errorf("got %v", err)
	}
}

// A plan edited while requests run takes effect; a faulty one leaves the one before in place, and shows.
func TestAPlanIsReadAgainWhenItChanges(t *testing.T) {
	path, edit := withPlan(t, shopPlan, "warn", "allow")
	r := start(t, edit)
	stale := func() float64 { return r.metric("freshet_collector_plan_stale", "source", "web") }
	ctx, cancel := context.WithCancel(t.Context())
	var sent sync.WaitGroup
	sent.Go(func() {
		for ctx.Err() == nil {
			if g := r.post("/v1/batch", `{"batch":[{"type":"track","event":"Order Completed","userId":"1","properties":{"order_id":"8"}}]}`); g.Accepted != 1 {
				t.Errorf("a request under the changing plan: %+v", g)
				return
			}
		}
	})
	unplanned := func() string { return r.post("/v1/track", `{"event":"Other","userId":"1"}`).Error }
	if got := unplanned(); got != "" {
		t.Errorf("got %s", got)
	}
	writePlan(t, path, fmt.Sprintf(shopPlan, "warn", "block"))
	await(t, "the new plan", func() bool { return unplanned() == "unplanned_event" })
	writePlan(t, path, "name: [")
	await(t, "the faulty plan to show", func() bool { return stale() == 1 })
	if got := unplanned(); got != "unplanned_event" {
		t.Errorf("the plan before a faulty one does not count: %q", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	writePlan(t, path, fmt.Sprintf(shopPlan, "warn", "allow"))
	await(t, "the mended plan", func() bool { return unplanned() == "" })
	if stale() != 0 {
		t.Error("the mended plan still shows as stale")
	}
	cancel()
	sent.Wait()
}

// await polls until a condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline, tick := time.After(20*time.Second), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}

// An alarm on a stale plan ends with its source: nobody could mend the plan of one that is gone.
func TestTheStalePlanOfARemovedSourceShowsNoMore(t *testing.T) {
	dir := t.TempDir()
	path, sources := filepath.Join(dir, "plan.yaml"), filepath.Join(dir, "sources.yaml")
	writePlan(t, path, fmt.Sprintf(shopPlan, "warn", "block"))
	writePlan(t, sources, "sources: [{name: app, plan: plan.yaml}, {name: shop, plan: plan.yaml}]")
	r := start(t, func(s *setup) { s.cfg.SourcesFile = sources })
	stale := func(source string) float64 { return r.metric("freshet_collector_plan_stale", "source", source) }
	writePlan(t, path, "name: [")
	await(t, "the faulty plan to show", func() bool { return stale("app") == 1 && stale("shop") == 1 })
	writePlan(t, sources, "sources: [{name: shop, plan: plan.yaml}]")
	await(t, "the removed source to show no more", func() bool { return stale("app") == 0 })
	if stale("shop") != 1 {
		t.Error("the plan that is still stale shows no more")
	}
}

func TestAPlanBesideTheSourcesFile(t *testing.T) {
	dir := t.TempDir()
	writePlan(t, filepath.Join(dir, "plan.yaml"), fmt.Sprintf(shopPlan, "warn", "block"))
	sum := sha256.Sum256([]byte("app-write-key"))
	writePlan(t, filepath.Join(dir, "sources.yaml"), fmt.Sprintf("sources:\n  - name: app\n    plan: plan.yaml\n    keys:\n      - {id: a, sha256: %x}\n", sum))
	r := start(t, func(s *setup) { s.cfg.SourcesFile = filepath.Join(dir, "sources.yaml") })
	if g := r.post("/v1/track", `{"event":"Other","userId":"1"}`, "Authorization", "Basic YXBwLXdyaXRlLWtleTo="); g.Error != "unplanned_event" {
		t.Errorf("%+v", g)
	}
}
