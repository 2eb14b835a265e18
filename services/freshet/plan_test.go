package freshet

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

const observed = `{"type":"track","event":"Order Completed","userId":"1","properties":{"order_id":"a","total":"19.99"}}
{"batch":[{"type":"track","event":"Order Completed","userId":"1","properties":{"order_id":"b","coupon":"x"}},{"type":"identify","userId":"1","traits":{"email":"a@b.example"}}]}
{"type":"track"}
`

const inferredPlan = `# Inferred from 3 events: read it, and make it say what you mean.
name: shop
mode: warn
unplanned: warn
events:
  - event: Order Completed # 2 times
    schema:
      type: object
      required: [order_id]
      properties:
        coupon: # in 1 of 2
          type: string
        order_id: # in 2 of 2
          type: string
        total: # in 1 of 2
          type: string
  - type: identify # 1 times
    schema:
      type: object
      required: [email]
      properties:
        email: # in 1 of 1
          type: string
          format: email
`

func TestPlanInferWritesAPlanThatTheEventsFit(t *testing.T) {
	file := write(t, "events.ndjson", observed)
	code, out, fault := run(t, "", "plan", "infer", file, "--name", "shop")
	if code != 0 || out != inferredPlan || !strings.Contains(fault, "1 of 3 lines hold no event and are left out; line 3: no event") {
		t.Fatalf("%d, %s\n%s", code, fault, out)
	}
	if code, piped, _ := run(t, observed, "plan", "infer", "-", "--name", "shop"); code != 0 || piped != out {
		t.Errorf("from standard input: %d, %s", code, piped)
	}
	path := write(t, "plan.yaml", out)
	if code, out, fault := run(t, "", "plan", "check", path); code != 0 || out != "plan shop is good: 2 schemas\n" {
		t.Errorf("%d, %s%s", code, out, fault)
	}
	if code, out, fault := run(t, "", "plan", "check", path, file); code != 0 || out != "3 events fit plan shop\n" {
		t.Errorf("%d, %s%s", code, out, fault)
	}
}

func TestPlanCheckListsWhatDoesNotFitAndFails(t *testing.T) {
	path := write(t, "plan.yaml", strings.Replace(inferredPlan, "mode: warn", "mode: strip", 1))
	events := `{"type":"track","event":"Order Completed","properties":{"total":1}}
{"type":"track","event":"Order Completed","properties":{"order_id":"a","total":2,"x":1}}
{"type":"track","event":"Other"}
{"type":"page"}
`
	code, out, fault := run(t, events, "plan", "check", path, "-")
	want := `EVENT                    RULE             COUNT  FOR EXAMPLE
track "Order Completed"  type             2      properties.total is a number, and must be a string: send it in quotes
track "Order Completed"  required         1      properties.order_id is missing: send "order_id"
track "Order Completed"  stripped         1      /properties/x
track "Other"            unplanned_event  1      track "Other" is not in the plan: put it there, or do not send it
`
	if code != 1 || out != want || fault != "freshet: 3 of 4 events do not fit plan shop\n" {
		t.Errorf("%d, %s\n%s", code, fault, out)
	}
}

func TestPlanFaultsAreExplained(t *testing.T) {
	bad := write(t, "bad.yaml", "name: a\nevents: [{event: A, schema: {typ: x}}]\n")
	for line, want := range map[string]string{
		"plan infer":                   "give NDJSON files, - for standard input, or --from-stack",
		"plan infer x --from-stack":    "not both",
		"plan infer no-such-file":      "no-such-file",
		"plan infer - --required-at 2": "required-at: 2",
		"plan infer -":                 "no event was seen",
		"plan check " + bad:            "events[0].schema.typ (line 2): is no keyword",
		"plan check no-such-plan":      "no-such-plan",
		"plan infer - --mode x":        `mode: "x" is none of warn, block, strip`,
		"plan infer - --name Shop":     `name: "Shop" is not 1 to 64 of a-z 0-9 _ -`,
		"plan chek x":                  "unknown command \"chek\" for \"freshet plan\": it is one of check, infer",
		"plan check " + write(t, "e.yaml", "name: a\nevents: []\n") + " nothing": "open the events",
	} {
		code, _, fault := run(t, "", strings.Fields(line)...)
		if code != 1 || !strings.Contains(fault, want) {
			t.Errorf("%s: %d, %s", line, code, fault)
		}
	}
	if code, out, fault := run(t, "", "plan", "infer"); code != 1 || out != "" || !strings.Contains(fault, "Usage:") {
		t.Errorf("the usage belongs beside the fault, not into what is made: %d, %s%s", code, out, fault)
	}
	if code, out, fault := run(t, observed, "plan", "infer", "-", "--mode", "x"); code != 1 || out != "" || !strings.Contains(fault, "mode") {
		t.Errorf("an unknown mode: %d, %s%s", code, out, fault)
	}
}

func TestPlanInferReadsTheStack(t *testing.T) {
	kafka := testkit.Kafka(t)
	c, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{kafka}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.EnsureTopics(t.Context(), topics.EventsRaw); err != nil {
		t.Fatal(err)
	}
	p := c.NewProducer(broker.ProducerConfig{})
	now := time.Now()
	for i, e := range []*eventv1.Event{
		{Source: "web", Name: "Seen", PropertiesJson: []byte(`{"a":1}`), ReceivedMs: now.UnixMilli()},
		{Source: "pos", Name: "Of another source", ReceivedMs: now.UnixMilli()},
		{Source: "web", Name: "Long ago", ReceivedMs: now.Add(-48 * time.Hour).UnixMilli()},
	} {
		e.Type = eventv1.EventType_EVENT_TYPE_TRACK
		value, err := proto.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Produce(context.WithoutCancel(t.Context()), broker.Message{Topic: topics.EventsRaw.Name, Key: fmt.Append(nil, i), Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	file := write(t, "addresses.json", fmt.Sprintf(`{"kafka":%q}`, kafka))
	code, out, fault := run(t, "", "plan", "infer", "--from-stack", "--source", "web", "--addresses-file", file)
	if code != 0 || !strings.Contains(out, "- event: Seen # 1 times") || strings.Contains(out, "Of another") || strings.Contains(out, "Long ago") {
		t.Errorf("%d, %s%s", code, out, fault)
	}
	plan := write(t, "plan.yaml", out)
	if code, out, fault := run(t, "", "plan", "check", plan, "--from-stack", "--source", "pos", "--last", "1h", "--addresses-file", file); code != 1 || !strings.Contains(out, `track "Of another source"  unplanned_event  1`) {
		t.Errorf("%d, %s%s", code, out, fault)
	}
}

// What docs/tracking-plans.md shows as a plan is one, and its example is the file that ships.
func TestThePageOnPlansShowsPlans(t *testing.T) {
	page, err := os.ReadFile("../../docs/tracking-plans.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, block := range strings.Split(string(page), "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if !strings.HasPrefix(block, "name:") {
			continue
		}
		n++
		if code, _, fault := run(t, "", "plan", "check", write(t, "plan.yaml", block)); code != 0 {
			t.Errorf("%s\n%s", fault, block)
		}
	}
	if n == 0 || !strings.Contains(string(page), "(examples/ecommerce-plan.yaml)") {
		t.Errorf("%d plans on the page", n)
	}
	if code, _, fault := run(t, "", "plan", "check", "../../docs/examples/ecommerce-plan.yaml"); code != 0 {
		t.Error(fault)
	}
}
