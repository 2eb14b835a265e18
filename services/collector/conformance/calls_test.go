package conformance

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// client is a published client and what is particular to it.
type client struct {
	pkg, driver string
	// library is the name it gives itself in context.library, prefix what it puts before its version there.
	library, prefix string
	// channel is the channel it names, "" when it names none.
	channel string
	// stampsOriginal says that it sends its own clock as originalTimestamp beside the caller's timestamp.
	stampsOriginal bool
	// dropsNulls says that it leaves out properties that are null.
	dropsNulls bool
}

// checkLibrary: the event says which client made it.
func (c client) checkLibrary(t *testing.T, e *eventv1.Event) {
	t.Helper()
	var context struct {
		Library struct{ Name, Version string }
		Channel string
	}
	if err := json.Unmarshal(e.ContextJson, &context); err != nil {
		t.Fatal(err)
	}
	if want := c.prefix + version(t, c.pkg); context.Library.Name != c.library || context.Library.Version != want || context.Channel != c.channel {
		t.Errorf("context %+v, want library %s %s, channel %q", context, c.library, want, c.channel)
	}
}

// a shop's day: the calls as their writer makes them, in the words of Segment's specification.
const (
	orderProperties = `{"order_id":"50314","total":59.97,"currency":"EUR","gift":false,"note":null,"tags":[],
		"affiliation":"Zürich – Bahnhof 🚉","weight_kg":1.25e-1,"loyalty":{"level":"gold","points":12345678901},
		"products":[{"product_id":"22633","name":"HAND WARMER \"UNION\"","quantity":3,"price":19.99}]}`
	personTraits = `{"email":"Ada.Lovelace@Example.com","phone":"+44 20 7946 0958","plan":"premium","age":36,"address":{"city":"London"}}`
	groupTraits  = `{"name":"Analytical Engines Ltd","employees":12,"email":"office@example.com"}`
	pageContext  = `{"ip":"203.0.113.7","userAgent":"Mozilla/5.0 (X11; Linux x86_64)","locale":"en-GB","timezone":"Europe/London",
		"campaign":{"name":"spring","source":"newsletter","medium":"email"},"page":{"path":"/cart","url":"https://shop.example/cart?x=1&y=2"}}`
	pageProperties = `{"url":"https://shop.example/cart","title":"Cart","referrer":""}`
)

// wanted is a call and what has to be in Kafka for it.
type wanted struct {
	call
	typ                         eventv1.EventType
	name                        string
	identifiers                 [][2]string
	properties, traits, context string
}

// day is one call of every type.
func day(happened time.Time) []wanted {
	at := happened.UTC().Format("2006-01-02T15:04:05.000Z07:00")
	message := func(format string, args ...any) json.RawMessage { return json.RawMessage(fmt.Sprintf(format, args...)) }
	user, visitor := [2]string{"user_id", "customer-1001"}, [2]string{"anonymous_id", "507f191e810c19729de860ea"}
	return []wanted{{
		call: call{"identify", message(`{"userId":"customer-1001","anonymousId":"507f191e810c19729de860ea","traits":%s,"timestamp":%q}`, personTraits, at)},
		typ:  eventv1.EventType_EVENT_TYPE_IDENTIFY, traits: personTraits,
		identifiers: [][2]string{user, {"email", "ada.lovelace@example.com"}, {"phone", "+442079460958"}, visitor},
	}, {
		call: call{"track", message(`{"userId":"customer-1001","event":"Order Completed","properties":%s,"context":%s,"integrations":{"All":true,"Salesforce":false},"timestamp":%q}`, orderProperties, pageContext, at)},
		typ:  eventv1.EventType_EVENT_TYPE_TRACK, name: "Order Completed", properties: orderProperties,
		context:     strings.Replace(pageContext, "203.0.113.7", "203.0.113.0", 1), // addresses are masked
		identifiers: [][2]string{user},
	}, {
		call: call{"page", message(`{"anonymousId":"507f191e810c19729de860ea","category":"Shop","name":"Cart","properties":%s,"timestamp":%q}`, pageProperties, at)},
		typ:  eventv1.EventType_EVENT_TYPE_PAGE, name: "Cart",
		properties:  strings.Replace(pageProperties, "{", `{"category":"Shop",`, 1),
		identifiers: [][2]string{visitor},
	}, {
		call: call{"screen", message(`{"userId":"customer-1001","name":"Checkout","properties":{"step":2},"timestamp":%q}`, at)},
		typ:  eventv1.EventType_EVENT_TYPE_SCREEN, name: "Checkout", properties: `{"step":2}`,
		identifiers: [][2]string{user},
	}, {
		call: call{"group", message(`{"userId":"customer-1001","groupId":"company-7","traits":%s,"timestamp":%q}`, groupTraits, at)},
		typ:  eventv1.EventType_EVENT_TYPE_GROUP, traits: groupTraits, context: `{"groupId":"company-7"}`,
		identifiers: [][2]string{user},
	}, {
		call: call{"alias", message(`{"userId":"customer-1001","previousId":"507f191e810c19729de860ea","timestamp":%q}`, at)},
		typ:  eventv1.EventType_EVENT_TYPE_ALIAS, identifiers: [][2]string{user, visitor},
	}}
}

// calls are the calls of a day alone.
func calls(day []wanted) []call {
	out := make([]call, len(day))
	for i, w := range day {
		out[i] = w.call
	}
	return out
}

// span is when a client ran.
type span struct{ from, to time.Time }

func (s span) covers(ms int64) bool { return ms >= s.from.UnixMilli() && ms <= s.to.UnixMilli() }

// check compares an event in Kafka with the call that made it, field by field.
func (w wanted) check(t *testing.T, c client, e *eventv1.Event, happened time.Time, ran span) {
	t.Helper()
	if e.Type != w.typ || e.Name != w.name || e.Workspace != "default" || e.Source != "app" || e.History {
		t.Errorf("type %s name %q workspace %q source %q history %v", e.Type, e.Name, e.Workspace, e.Source, e.History)
	}
	var identifiers [][2]string
	for _, i := range e.Identifiers {
		identifiers = append(identifiers, [2]string{i.Type, i.Value})
	}
	if previous := e.GetAlias().GetPreviousId(); previous != "" { // which of the two kinds it is, identity will know
		identifiers = append(identifiers, [2]string{"anonymous_id", previous})
	}
	if diff := cmp.Diff(w.identifiers, identifiers); diff != "" {
		t.Errorf("identifiers (-want +got):\n%s", diff)
	}
	w.checkTimes(t, c, e, happened, ran)
	contains(t, "properties", e.PropertiesJson, w.properties)
	contains(t, "traits", e.TraitsJson, w.traits)
	contains(t, "context", e.ContextJson, w.context)
	c.checkLibrary(t, e)
	w.checkOrder(t, e)
}

// checkTimes: the caller's time decides; the client's clock and the collector's are kept beside it.
func (w wanted) checkTimes(t *testing.T, c client, e *eventv1.Event, happened time.Time, ran span) {
	t.Helper()
	if e.OccurredMs != happened.UnixMilli() {
		t.Errorf("occurred at %d, the caller said %d", e.OccurredMs, happened.UnixMilli())
	}
	if !c.stampsOriginal && e.OriginalMs != happened.UnixMilli() {
		t.Errorf("originally at %d, the caller said %d", e.OriginalMs, happened.UnixMilli())
	}
	if c.stampsOriginal && !ran.covers(e.OriginalMs) {
		t.Errorf("originally at %d, the client ran %v", e.OriginalMs, ran)
	}
	if !ran.covers(e.SentMs) || !ran.covers(e.ReceivedMs) {
		t.Errorf("sent at %d, received at %d, the client ran %v", e.SentMs, e.ReceivedMs, ran)
	}
}

func (w wanted) checkOrder(t *testing.T, e *eventv1.Event) {
	t.Helper()
	if w.name != "Order Completed" {
		return
	}
	o := e.Order
	if o == nil || o.OrderId != "50314" || o.GetTotalMicros() != 59_970_000 || o.Currency != "EUR" || len(o.Items) != 1 || o.Items[0].GetUnitPriceMicros() != 19_990_000 {
		t.Errorf("order %v", o)
	}
}

// contains fails unless an object has every member of want with the same meaning. ""
// wants nothing.
func contains(t *testing.T, what string, got []byte, want string) {
	t.Helper()
	if want == "" {
		return
	}
	has, wants := object(t, what, got), object(t, what, []byte(want))
	for key, value := range wants {
		if diff := cmp.Diff(value, has[key]); diff != "" {
			t.Errorf("%s.%s (-want +got):\n%s", what, key, diff)
		}
	}
}

func object(t *testing.T, what string, raw []byte) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatalf("%s %q: %v", what, raw, err)
	}
	return out
}

// numbered is a track call that can be found again by its number.
func numbered(n int) call {
	return call{"track", json.RawMessage(fmt.Sprintf(`{"userId":"customer-%d","event":"Product Viewed","properties":{"n":%d,"product_id":"22633"}}`, n, n))}
}

func numberedUpTo(n int) []call {
	out := make([]call, n)
	for i := range out {
		out[i] = numbered(i)
	}
	return out
}
