package collector

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
)

const (
	oneCloudEvent   = "application/cloudevents+json; charset=utf-8"
	manyCloudEvents = "application/cloudevents-batch+json"
)

// cloud is a CloudEvent with some attributes set, changed or (null) left out.
func cloud(t testing.TB, changes string) string {
	t.Helper()
	e := map[string]any{"specversion": "1.0", "id": "A-1", "source": "/shop/orders", "type": "Product Viewed", "data": map[string]any{"userId": "42"}}
	if err := json.Unmarshal([]byte(changes), &e); err != nil {
		t.Fatal(err)
	}
	for name, value := range e {
		if value == nil {
			delete(e, name)
		}
	}
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// Every attribute has its place.
func TestCloudEventBecomesATrackCall(t *testing.T) {
	r := start(t, atNoon)
	body := cloud(t, `{"type":"Order Completed","time":"2026-03-01T11:59:00Z","subject":"order-7","userid":"42","anonymousid":"a-1","traceparent":"00-1-2-01",
		"sequence":17,"dataschema":"https://shop.example/order.json","datacontenttype":"application/json",
		"data":{"order_id":"7","total":19.99,"currency":"EUR","userId":"not this one"}}`)
	if g := r.post("/v1/cloudevents", body, "Content-Type", oneCloudEvent); g.Status != 200 || g.Accepted != 1 {
		t.Fatalf("%+v", g)
	}
	e := r.only()
	if e.Type != eventv1.EventType_EVENT_TYPE_TRACK || e.Name != "Order Completed" || e.OriginalMs != ms(t, "2026-03-01T11:59:00Z") ||
		e.OccurredMs != e.OriginalMs || e.Order.GetTotalMicros() != 19_990_000 {
		t.Errorf("%v", e)
	}
	if !slices.EqualFunc(e.Identifiers, []string{"42", "a-1"}, func(i *eventv1.Identifier, v string) bool { return i.Value == v }) {
		t.Errorf("identifiers %v", e.Identifiers)
	}
	sameJSON(t, string(e.PropertiesJson), `{"order_id":"7","total":19.99,"currency":"EUR","userId":"not this one"}`)
	sameJSON(t, string(e.ContextJson), `{"cloudevent":{"specversion":"1.0","id":"A-1","source":"/shop/orders","subject":"order-7","traceparent":"00-1-2-01",
		"sequence":17,"dataschema":"https://shop.example/order.json","datacontenttype":"application/json"}}`)
}

// Who an event is about: extensions, else the data, else the subject.
func TestCloudEventNamesThePerson(t *testing.T) {
	for name, c := range map[string]struct{ changes, typ, value string }{
		"the extension":                      {`{"userid":"e","data":{"userId":"d"},"subject":"s"}`, "user_id", "e"},
		"an anonymous extension":             {`{"anonymousid":"e","data":{},"subject":"s"}`, "anonymous_id", "e"},
		"the data":                           {`{"data":{"userId":"d"},"subject":"s"}`, "user_id", "d"},
		"a number in the data":               {`{"data":{"userId":42}}`, "user_id", "42"},
		"an anonymous one in the data":       {`{"data":{"anonymousId":"d"},"subject":"s"}`, "anonymous_id", "d"},
		"the subject when nothing else does": {`{"data":{},"subject":"s"}`, "user_id", "s"},
		"without data":                       {`{"data":null,"subject":"s"}`, "user_id", "s"},
		"data in base64":                     {`{"data":null,"data_base64":"eyJ1c2VySWQiOiJkIn0="}`, "user_id", "d"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t)
			if g := r.post("/v1/cloudevents", cloud(t, c.changes), "Content-Type", oneCloudEvent); g.Status != 200 {
				t.Fatalf("%+v", g)
			}
			if first := r.only().Identifiers[0]; first.Type != c.typ || first.Value != c.value {
				t.Errorf("%v, want %s %s", first, c.typ, c.value)
			}
		})
	}
}

// The specification makes source and id together unique, so a sender's retry is one event
// and two sources do not meet.
func TestCloudEventIDs(t *testing.T) {
	r := start(t)
	send := func(source, id string) {
		t.Helper()
		if g := r.post("/v1/cloudevents", cloud(t, `{"source":"`+source+`","id":"`+id+`"}`), "Content-Type", oneCloudEvent); g.Status != 200 {
			t.Fatalf("%+v", g)
		}
	}
	send("a", "b-c")
	send("a-b", "c")
	send("ab", "-c")
	send("a", "b-c")
	again := strings.Replace(cloud(t, `{"source":"a","id":"b-c"}`), `"source":"a"`, `"source":"\u0061"`, 1) // the same text, written otherwise
	if g := r.post("/v1/cloudevents", again, "Content-Type", oneCloudEvent); g.Status != 200 {
		t.Fatalf("%+v", g)
	}
	send(strings.Repeat("s", 4000), strings.Repeat("i", 4000))
	if n := len(r.events()); n != 4 {
		t.Errorf("%d message ids, want 4", n)
	}
	for id := range r.events() {
		if len(id) != 35 || !strings.HasPrefix(id, "ce-") {
			t.Errorf("message id %q", id)
		}
	}
}

// A bad event of a batch leaves its neighbours alone, and goes to quarantine whole.
func TestCloudEventsBatch(t *testing.T) {
	r := start(t)
	body := "[" + cloud(t, `{"id":"1"}`) + "," + cloud(t, `{"id":null}`) + `,7,{"a":NaN},` + cloud(t, `{"id":"2","specversion":"0.3"}`) + "," + cloud(t, `{"id":"3"}`) + "]"
	g := r.post("/v1/cloudevents", body, "Content-Type", manyCloudEvents)
	want := []string{decode.ReasonBadCloudEvent, decode.ReasonNotAnObject, decode.ReasonInvalidJSON, decode.ReasonBadCloudEvent}
	if g.Status != 200 || !g.Success || g.Accepted != 2 || !slices.Equal(g.reasons(), want) {
		t.Fatalf("%+v", g)
	}
	if g.Rejected[0].Index != 1 || g.Rejected[3].Index != 4 || !strings.HasPrefix(g.Rejected[3].MessageID, "ce-") {
		t.Errorf("%+v", g.Rejected)
	}
	if n := len(r.rejects()); n != 4 {
		t.Errorf("%d in quarantine", n)
	}
	if !strings.Contains(string(r.rejects()[0].Payload), `"specversion"`) {
		t.Errorf("payload %s", r.rejects()[0].Payload)
	}
	if g := r.post("/v1/cloudevents", " [ ] ", "Content-Type", manyCloudEvents); g.Status != 200 || !g.Success || g.Accepted != 0 {
		t.Errorf("an empty batch: %+v", g)
	}
}

func TestBadCloudEvents(t *testing.T) {
	for name, c := range map[string]struct{ body, reason, detail string }{
		"no id":                     {cloud(t, `{"id":null}`), decode.ReasonBadCloudEvent, "attribute id is missing"},
		"an empty source":           {cloud(t, `{"source":""}`), decode.ReasonBadCloudEvent, "attribute source is"},
		"a type that is a number":   {cloud(t, `{"type":7}`), decode.ReasonBadCloudEvent, "attribute type is"},
		"another version":           {cloud(t, `{"specversion":"2.0"}`), decode.ReasonBadCloudEvent, `specversion "2.0"`},
		"data that is a text":       {cloud(t, `{"data":"<xml/>"}`), decode.ReasonBadCloudEvent, "data must be a JSON object, not a string"},
		"data that is an array":     {cloud(t, `{"data":[1]}`), decode.ReasonBadCloudEvent, "not an array"},
		"data twice":                {cloud(t, `{"data_base64":"e30="}`), decode.ReasonBadCloudEvent, "both"},
		"base64 that is none":       {cloud(t, `{"data":null,"data_base64":"?"}`), decode.ReasonBadCloudEvent, "not base64"},
		"base64 of a picture":       {cloud(t, `{"data":null,"data_base64":"/9j/"}`), decode.ReasonBadCloudEvent, "does not hold JSON"},
		"base64 of two values":      {cloud(t, `{"data":null,"data_base64":"e30ge30="}`), decode.ReasonBadCloudEvent, "does not hold JSON"},
		"base64 of a number":        {cloud(t, `{"data":null,"data_base64":"Nw=="}`), decode.ReasonBadCloudEvent, "not a number"},
		"an extension of objects":   {cloud(t, `{"ext":{"a":1}}`), decode.ReasonBadCloudEvent, "attribute ext must be"},
		"nobody":                    {cloud(t, `{"data":{}}`), decode.ReasonNoIdentifier, ""},
		"a user id that is no id":   {cloud(t, `{"data":{"userId":{}}}`), decode.ReasonWrongType, "userId"},
		"a very long type":          {cloud(t, `{"type":"`+strings.Repeat("t", 300)+`"}`), decode.ReasonTooLong, ""},
		"no JSON":                   {`{"id":`, decode.ReasonInvalidJSON, ""},
		"deep":                      {cloud(t, `{"data":`+strings.Repeat(`{"a":`, 40)+"1"+strings.Repeat("}", 40)+`}`), decode.ReasonTooDeep, ""},
		"as large as is not taken":  {cloud(t, `{"data":{"userId":"1","x":"`+strings.Repeat("x", 33<<10)+`"}}`), decode.ReasonTooLarge, ""},
		"no UTF-8":                  {strings.Replace(cloud(t, `{}`), "A-1", "A-\xff", 1), decode.ReasonInvalidUTF8, ""},
		"deep, hidden in base64":    {cloud(t, `{"data":null,"data_base64":"`+strings.Repeat("W1tb", 20)+`"}`), decode.ReasonBadCloudEvent, "deep"},
		"a duplicate key: the last": {strings.Replace(cloud(t, `{}`), `"id":"A-1"`, `"id":"A-1","id":""`, 1), decode.ReasonBadCloudEvent, "attribute id"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t)
			g := r.post("/v1/cloudevents", c.body, "Content-Type", oneCloudEvent)
			if g.Status != 400 || g.Success || len(g.Rejected) != 1 || g.Rejected[0].Reason != c.reason || !strings.Contains(g.Rejected[0].Detail, c.detail) {
				t.Errorf("%+v", g)
			}
			if len(r.rejects()) != 1 || len(r.events()) != 0 {
				t.Errorf("%d in quarantine, %d stored", len(r.rejects()), len(r.events()))
			}
		})
	}
}

// Binary mode: headers are attributes, the body is the data.
func TestBinaryCloudEvent(t *testing.T) {
	headers := []string{"ce-specversion", "1.0", "ce-id", "A-1", "ce-source", "/shop", "ce-type", "Product Viewed"}
	send := func(t *testing.T, body string, more ...string) (*rig, got) {
		r := start(t)
		return r, r.post("/v1/cloudevents", body, append(slices.Clone(headers), more...)...)
	}
	t.Run("values are decoded as the binding says", func(t *testing.T) {
		r, g := send(t, `{"price":1}`, "ce-userid", "J%C3%BCrgen%20%F0%9F%98%80", "ce-old", `"a \"quoted\" 100%"`, "Content-Type", "application/json; charset=utf-8")
		if g.Status != 200 {
			t.Fatalf("%+v", g)
		}
		e := r.only()
		if e.Identifiers[0].Value != "Jürgen 😀" || string(e.PropertiesJson) != `{"price":1}` {
			t.Errorf("%v", e)
		}
		sameJSON(t, string(e.ContextJson), `{"cloudevent":{"specversion":"1.0","id":"A-1","source":"/shop","old":"a \"quoted\" 100%","datacontenttype":"application/json"}}`)
	})
	t.Run("the same event as in structured mode", func(t *testing.T) {
		r, g := send(t, `{"userId":"42"}`, "ce-time", "2026-01-31T12:00:00Z")
		if g.Status == 200 {
			t.Fatal("a time of long ago was taken")
		}
		r.post("/v1/cloudevents", `{"userId":"42"}`, headers...)
		r.post("/v1/cloudevents", cloud(t, `{"source":"/shop"}`), "Content-Type", oneCloudEvent)
		r.only()
	})
	t.Run("no data", func(t *testing.T) {
		if r, g := send(t, "", "ce-subject", "42", "Content-Type", ""); g.Status != 200 || r.only().Identifiers[0].Value != "42" {
			t.Errorf("%+v", g)
		}
	})
	t.Run("no label: no type of the data", func(t *testing.T) {
		r, g := send(t, `{"userId":"42"}`, "Content-Type", "")
		if g.Status != 200 {
			t.Fatalf("%+v", g)
		}
		sameJSON(t, string(r.only().ContextJson), `{"cloudevent":{"specversion":"1.0","id":"A-1","source":"/shop"}}`)
	})
	for name, c := range map[string]struct {
		body   string
		more   []string
		reason string
	}{
		"an attribute is missing":   {`{"userId":"1"}`, []string{"ce-id", ""}, decode.ReasonBadCloudEvent},
		"data of another type":      {`<a/>`, []string{"Content-Type", "text/xml"}, decode.ReasonBadCloudEvent},
		"data that is no JSON":      {`{`, nil, decode.ReasonInvalidJSON},
		"data that closes the text": {`{}, "id":"other"`, nil, decode.ReasonInvalidJSON},
		"bytes that are not UTF-8":  {`{"userId":"1"}`, []string{"ce-subject", "%C0%A0"}, decode.ReasonBadCloudEvent},
	} {
		t.Run(name, func(t *testing.T) {
			r, g := send(t, c.body, c.more...)
			if g.Status != 400 || !slices.Equal(g.reasons(), []string{c.reason}) || len(r.rejects()) != 1 {
				t.Errorf("%+v", g)
			}
		})
	}
}

func TestCloudEventsRefusedWhole(t *testing.T) {
	r := start(t)
	for name, c := range map[string]struct {
		body, label string
		status      int
		code        string
	}{
		"neither label nor headers": {cloud(t, `{}`), "application/json", 400, "no_cloudevent"},
		"another format":            {"x", "application/cloudevents+avro", 415, "unsupported_format"},
		"a batch of another format": {"x", "application/cloudevents-batch+protobuf", 415, "unsupported_format"},
		"a batch that is one event": {cloud(t, `{}`), manyCloudEvents, 400, "batch_not_an_array"},
		"a batch without an end":    {"[" + cloud(t, `{}`), manyCloudEvents, 400, decode.ReasonInvalidJSON},
		"one that is an array":      {"[" + cloud(t, `{}`) + "]", oneCloudEvent, 400, decode.ReasonNotAnObject},
		"nothing":                   {"", oneCloudEvent, 400, "empty_body"},
	} {
		t.Run(name, func(t *testing.T) {
			if g := r.post("/v1/cloudevents", c.body, "Content-Type", c.label); g.Status != c.status || g.Error != c.code {
				t.Errorf("%+v", g)
			}
		})
	}
	if g := r.post("/v1/cloudevents", cloud(t, `{"writeKey":"`+testKey+`"}`), "Content-Type", oneCloudEvent, "Authorization", ""); g.Status != http.StatusUnauthorized {
		t.Errorf("a key in the body: %+v", g)
	}
	if n := len(r.events()); n != 0 {
		t.Errorf("%d events stored", n)
	}
}
