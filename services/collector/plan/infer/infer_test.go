package infer

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/plan"
)

const track = eventv1.EventType_EVENT_TYPE_TRACK

func inferred(t interface{ Fatal(...any) }, o Options, events ...plan.Event) string {
	in, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if err := in.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	var b strings.Builder
	if err := in.Write(&b); err != nil {
		t.Fatal(err, b.String())
	}
	return b.String()
}

func bodies(texts ...string) []plan.Event {
	var out []plan.Event
	for _, text := range texts {
		out = append(out, plan.Event{Type: track, Name: "Order Completed", Body: []byte(text)})
	}
	return out
}

func TestThePlanSaysWhatWasSeen(t *testing.T) {
	o := Default()
	o.EnumAfter, o.Name = 2, "shop"
	var events []plan.Event
	for i := range 20 {
		currency := []string{"EUR", "GBP"}[i%2]
		events = append(events, bodies(fmt.Sprintf(`{"order_id":"%d","currency":%q,"total":"%d.50","at":"2026-01-02T03:04:05Z","mail":"a%d@b.example","first":%t,
			"products":[{"product_id":"p%d","price":%d.25,"quantity":1},{"product_id":"q%d","price":2}]}`, i, currency, i, i, i > 3, i, i, i))...)
	}
	events = append(events, bodies(`{"order_id":7,"coupon":null,"currency":null,"products":[]}`)...)
	events = append(events, plan.Event{Type: eventv1.EventType_EVENT_TYPE_IDENTIFY, Body: []byte(`{"url":"https://a.example/x"}`)},
		plan.Event{Type: eventv1.EventType_EVENT_TYPE_PAGE, Name: "Home"}, plan.Event{Type: eventv1.EventType_EVENT_TYPE_ALIAS})
	want := `# Inferred from 23 events: read it, and make it say what you mean.
name: shop
mode: warn
unplanned: warn
events:
  - event: Order Completed # 21 times
    schema:
      type: object
      required: [currency, order_id, products]
      properties:
        at: # in 20 of 21
          type: string
          format: date-time
        coupon: # in 1 of 21
          {} # anything: null only, too deep, or numbers nobody can compare
        currency: # in 21 of 21
          type: [string, "null"]
          enum: ["EUR", "GBP", null]
        first: # in 20 of 21
          type: boolean
        mail: # in 20 of 21
          type: string
          format: email
        order_id: # in 21 of 21
          type: [string, integer]
        products: # in 21 of 21
          type: array
          items:
            type: object
            required: [price, product_id]
            properties:
              price: # in 40 of 40
                type: number
              product_id: # in 40 of 40
                type: string
              quantity: # in 20 of 40
                type: integer
        total: # in 20 of 21
          type: string
  - type: identify # 1 times
    schema:
      type: object
      required: [url]
      properties:
        url: # in 1 of 1
          type: string
          format: uri
  - type: page # 1 times
    schema:
      type: object
`
	if got := inferred(t, o, events...); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestRequiredAtAShareOfTheEvents(t *testing.T) {
	o := Default()
	o.RequiredAt = 0.75
	got := inferred(t, o, bodies(`{"a":1,"b":1}`, `{"a":1,"b":1}`, `{"a":1}`, `{}`)...)
	if !strings.Contains(got, "required: [a]\n") {
		t.Errorf("got\n%s", got)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]Options{"required-at: 0": {}, "required-at: 1.1": {RequiredAt: 1.1}, "enum: 101": {RequiredAt: 1, Enum: 101}} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestWhatIsNoEventIsAnErrorAndChangesNothing(t *testing.T) {
	in, err := New(Default())
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]plan.Event{
		"no name":     {Type: track},
		"a long name": {Type: track, Name: strings.Repeat("a", 256)},
		"no object":   {Type: track, Name: "A", Body: []byte(`[1]`)},
		"half":        {Type: track, Name: "A", Body: []byte(`{"a":`)},
		"two":         {Type: track, Name: "A", Body: []byte(`{} {}`)},
		"no UTF-8":    {Type: track, Name: "A", Body: []byte("{\"a\":\"\xff\"}")},
	} {
		if err := in.Add(e); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if in.Seen() != 0 {
		t.Errorf("%d seen", in.Seen())
	}
}

// Names that are data would fill the memory: they are left open, and the plan still takes the events.
func TestMemoryIsBoundedAndThePlanStaysOpenThere(t *testing.T) {
	in, err := New(Default())
	if err != nil {
		t.Fatal(err)
	}
	var last plan.Event
	for i := range 100 {
		var b strings.Builder
		for j := range 250 {
			fmt.Fprintf(&b, `,"k%d":{"x":%d}`, i*250+j, j)
		}
		last = plan.Event{Type: track, Name: fmt.Sprint("Event ", i), Body: []byte("{" + b.String()[1:] + "}")}
		if err := in.Add(last); err != nil {
			t.Fatal(err)
		}
		if err := in.Add(plan.Event{Type: track, Name: "All", Body: last.Body}); err != nil {
			t.Fatal(err)
		}
	}
	if in.nodes > maxNodes || len(in.events[key{track, "All"}].members) > maxMembers {
		t.Errorf("%d places, %d members", in.nodes, len(in.events[key{track, "All"}].members))
	}
	var b strings.Builder
	if err := in.Write(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "additionalProperties: true") || !strings.Contains(b.String(), "# ") || in.beyond == 0 || !strings.Contains(b.String(), "are not planned") {
		t.Error("the plan does not say what was left out")
	}
	fits(t, b.String(), plan.Event{Type: track, Name: "All", Body: last.Body})
}

func TestANameTooLongToPlanLeavesItsObjectOpen(t *testing.T) {
	events := bodies(`{"o":{"` + strings.Repeat("n", 300) + `":1,"a":1}}`)
	text := inferred(t, Default(), events...)
	if !strings.Contains(text, "additionalProperties: true") {
		t.Error(text)
	}
	fits(t, text, events...)
}

// fits checks that a plan takes events in every mode, and takes nothing out of them.
func fits(t interface {
	Fatal(...any)
	Errorf(string, ...any)
}, text string, events ...plan.Event) {
	for _, mode := range []string{"warn", "block", "strip"} {
		p, err := plan.Parse([]byte(strings.Replace(text, "mode: warn", "mode: "+mode, 1)))
		if err != nil {
			t.Fatal(err, text)
		}
		for _, e := range events {
			if v := p.Check(e); v.Reason != "" || v.Check != nil || string(v.Body) != string(e.Body) {
				t.Errorf("%s: %s %q %s: %s %v %s\n%s", mode, e.Type, e.Name, e.Body, v.Detail, v.Check, v.Body, text)
			}
		}
	}
}

// anything makes JSON of every kind.
func anything(depth int) *rapid.Generator[string] {
	word := rapid.Custom(func(t *rapid.T) string {
		b, _ := json.Marshal(rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "null", "yes", "a: b", "#c", "- d", "<<", "\u2028\x00\x7f\ufeff", "a@b.example",
			"https://a.example/", "2026-01-02T03:04:05Z", "01:02", "1.0", "~", "😀"}), rapid.String()).Draw(t, "word"))
		return string(b)
	})
	leaf := rapid.OneOf(word, rapid.SampledFrom([]string{"null", "true", "false", "0", "-0", "1", "1.0", "1e3", "1E-999999", "1e999999", "12345678901234567890.123", "{}", "[]"}))
	if depth == 0 {
		return leaf
	}
	sub := rapid.Deferred(func() *rapid.Generator[string] { return anything(depth - 1) })
	return rapid.Custom(func(t *rapid.T) string {
		if rapid.Bool().Draw(t, "leaf") {
			return leaf.Draw(t, "value")
		}
		parts := rapid.SliceOfN(sub, 0, 4).Draw(t, "parts")
		if rapid.Bool().Draw(t, "array") {
			return "[" + strings.Join(parts, ",") + "]"
		}
		for i := range parts {
			parts[i] = word.Draw(t, "name") + ":" + parts[i]
		}
		return "{" + strings.Join(parts, ",") + "}"
	})
}

// The round trip: a plan takes every event it was made of, as it is.
func TestThePlanTakesTheEventsItWasMadeOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Default()
		o.EnumAfter = rapid.IntRange(0, 5).Draw(t, "enum after")
		in, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		var events []plan.Event
		for range rapid.IntRange(0, 30).Draw(t, "events") {
			body := anything(3).Draw(t, "body")
			if body[0] != '{' {
				body = `{"a":` + body + `}`
			}
			e := plan.Event{Type: eventv1.EventType(rapid.IntRange(1, 5).Draw(t, "type")), Name: rapid.SampledFrom([]string{"A", "yes", "a: b", "\x01", "ä #"}).Draw(t, "name")}
			if e.Body, err = in.object([]byte(body)); err != nil { // as the collector makes it
				t.Fatal(err)
			}
			if err := in.Add(e); err != nil {
				t.Fatal(err)
			}
			events = append(events, e)
		}
		var b strings.Builder
		if err := in.Write(&b); err != nil {
			t.Fatal(err, b.String())
		}
		fits(t, b.String(), events...)
	})
}
