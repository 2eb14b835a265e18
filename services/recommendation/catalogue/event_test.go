package catalogue

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// track is an event of workspace w at 1000.
func track(name, properties string) *eventv1.ResolvedEvent {
	return &eventv1.ResolvedEvent{Event: &eventv1.Event{
		EventId: "e", Workspace: "w", Source: "shop", Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: name, OccurredMs: 1000, PropertiesJson: []byte(properties),
	}}
}

// told is a change as text: kind, item, and each field with its value; "-" for one that is taken away.
func told(c *recommendationv1.ItemChange) string {
	out := []string{strings.TrimPrefix(c.Kind.String(), "ITEM_CHANGE_KIND_"), c.ItemId}
	for _, field := range slices.Sorted(slices.Values(c.Fields)) {
		value := "-"
		if name, ok := attribute(field); ok {
			if v, there := c.Item.Attributes[name]; there {
				value = v
			}
		} else if field != fieldAttributes && holds(c.Item, field) {
			v := c.Item.ProtoReflect().Get(descriptors[field])
			if value = fmt.Sprint(v.Interface()); descriptors[field].IsList() {
				var list []string
				for n := range v.List().Len() {
					list = append(list, v.List().Get(n).String())
				}
				value = strings.Join(list, "|")
			}
		}
		out = append(out, field+"="+value)
	}
	return strings.Join(out, " ")
}

func allTold(changes []*recommendationv1.ItemChange) []string {
	var out []string
	for _, c := range changes {
		out = append(out, told(c))
	}
	return out
}

func TestChanges(t *testing.T) {
	cases := map[string]struct {
		name, properties string
		feeder           bool
		want             []string
	}{
		"a product with everything": {eventUpserted, `{"product_id":"a","name":"Boot","description":"Warm.","category":"Clothing > Shoes>Boots","brand":"Acme","price":49.9,"currency":"eur",
			"stock":3,"valid_from":"2026-01-02T00:00:00Z","valid_until":1800000000,"languages":["en","zh-hans"],"adult":false,"url":"https://s/a","image_url":"https://s/a.jpg","item_group_id":"g",
			"attributes":{"colour":"red","size":42},"season":"winter","tags":["warm","new"],"sku":"S-1","nested":{"x":1}}`, false,
			[]string{"UPSERT a adult=- attributes.colour=red attributes.season=winter attributes.size=42 attributes.sku=S-1 attributes.tags=warm, new brand=Acme categories=Clothing > Shoes > Boots currency=EUR description=Warm. " +
				"group_id=g image_url=https://s/a.jpg languages=en|zh-Hans name=Boot price_micros=49900000 stock=3 url=https://s/a valid_from_ms=1767312000000 valid_until_ms=1800000000000"}},
		"other names of the same":     {eventUpserted, `{"sku":"a","title":"Boot","vendor":"Acme","link":"u","image_link":"i","inventory":"7","language":"en,de"}`, false, []string{"UPSERT a brand=Acme image_url=i languages=en|de name=Boot stock=7 url=u"}},
		"ids in their order":          {eventUpserted, `{"sku":"s","id":"i","item_id":"t","product_id":"p"}`, false, []string{"UPSERT p attributes.sku=s"}},
		"a number as id":              {eventUpserted, `{"product_id":12345678901234567890}`, false, []string{"UPSERT 12345678901234567890"}},
		"without an id":               {eventUpserted, `{"name":"Boot","product_id":" "}`, false, nil},
		"an id that is too long":      {eventUpserted, `{"product_id":"` + strings.Repeat("x", 256) + `"}`, false, nil},
		"what is null is taken away":  {eventUpserted, `{"id":"a","brand":null,"price":null,"stock":null,"colour":null,"categories":null}`, false, []string{"UPSERT a attributes.colour=- brand=- categories=- price_micros=- stock=-"}},
		"a price with its currency":   {eventUpserted, `{"id":"a","price":"1,980.50 USD"}`, false, []string{"UPSERT a currency=USD price_micros=1980500000"}},
		"a price that is none":        {eventUpserted, `{"id":"a","price":"on request","name":"n"}`, false, []string{"UPSERT a name=n"}},
		"a price below zero":          {eventUpserted, `{"id":"a","price":-5}`, false, []string{"UPSERT a"}},
		"categories by slashes":       {eventUpserted, `{"id":"a","categories":["Shoes/Boots","Sale",{"name":"New"}]}`, false, []string{"UPSERT a categories=Shoes > Boots|Sale|New"}},
		"in stock, number unknown":    {eventUpserted, `{"id":"a","availability":"https://schema.org/InStock"}`, false, []string{"UPSERT a stock=-"}},
		"out of stock in words":       {eventUpserted, `{"id":"a","availability":"out_of_stock","quantity":5}`, false, []string{"UPSERT a stock=0"}},
		"in stock with its number":    {eventUpserted, `{"id":"a","availability":"in stock","quantity":5}`, false, []string{"UPSERT a stock=5"}},
		"available: false":            {eventUpserted, `{"id":"a","available":false}`, false, []string{"UPSERT a stock=0"}},
		"half a piece is none":        {eventUpserted, `{"id":"a","stock":0.5}`, false, []string{"UPSERT a stock=0"}},
		"an unknown word":             {eventUpserted, `{"id":"a","availability":"perhaps"}`, false, []string{"UPSERT a"}},
		"attributes all taken away":   {eventUpserted, `{"id":"a","attributes":null,"colour":"red"}`, false, []string{"UPSERT a attributes=- attributes.colour=red"}},
		"a list of products":          {eventUpserted, `{"products":[{"id":"a","name":"A"},5,{"name":"none"},{"id":"b"}]}`, false, []string{"UPSERT a name=A", "UPSERT 5", "UPSERT b"}},
		"a deletion":                  {eventDeleted, `{"product_id":"a","name":"x"}`, false, []string{"REMOVE a"}},
		"deletions by id":             {eventDeleted, `{"items":["a","b"]}`, false, []string{"REMOVE a", "REMOVE b"}},
		"a feeder's removal":          {eventRemoved, `{"product_id":"a"}`, true, []string{"REMOVE a"}},
		"a removal of who feeds none": {eventRemoved, `{"product_id":"a"}`, false, nil},
		"a feeder's cart":             {eventRemoved, `{"product_id":"a","cart_id":"c"}`, true, nil},
		"a feeder's cart, by pieces":  {eventRemoved, `{"product_id":"a","quantity":1}`, true, nil},
		"another event":               {"Product Viewed", `{"product_id":"a"}`, true, nil},
		"no object":                   {eventUpserted, `["a"]`, false, nil},
		"no JSON":                     {eventUpserted, `{"product_id":`, false, nil},
		"nothing":                     {eventUpserted, ``, false, nil},
	}
	for name, c := range cases {
		if diff := cmp.Diff(c.want, allTold(Changes(track(c.name, c.properties), c.feeder))); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	page := track(eventUpserted, `{"product_id":"a"}`)
	page.Event.Type = eventv1.EventType_EVENT_TYPE_PAGE
	if Changes(page, true) != nil || Feeds(page) || !Feeds(track(eventUpserted, "")) {
		t.Error("a page of that name counts as the event")
	}
	c := Changes(track(eventUpserted, `{"products":[{"id":"a"},{"id":"a","name":"later"}]}`), false)
	if c[0].AtMs != 1000 || c[0].Workspace != "w" || compare(wordOf(c[0]), wordOf(c[1])) >= 0 {
		t.Errorf("of one product that is there twice the later place does not hold: %v", c)
	}
}

func TestSeen(t *testing.T) {
	cases := map[string]struct {
		name, properties string
		want             []string
	}{
		"a product viewed":      {"Product Viewed", `{"product_id":"a","name":"Boot","category":"Shoes","brand":"Acme","price":"49.90","currency":"EUR","url":"u","image_url":"i","quantity":2,"stock":0}`, []string{"SEEN a brand=Acme categories=Shoes currency=EUR image_url=i name=Boot price_micros=49900000 url=u"}},
		"empty says nothing":    {"Product Viewed", `{"product_id":"a","name":"","price":null}`, []string{"SEEN a"}},
		"an order's lines":      {"Order Completed", `{"currency":"EUR","total":30,"products":[{"product_id":"a","price":10},{"sku":"b"},{"product_id":"a","price":12},{"name":"?"}]}`, []string{"SEEN a currency=EUR price_micros=10000000", "SEEN b"}},
		"a refund has no price": {"Order Refunded", `{"products":[{"product_id":"a","price":10,"name":"Boot"}]}`, []string{"SEEN a name=Boot"}},
		"a cart's removal":      {"Product Removed", `{"product_id":"a"}`, []string{"SEEN a"}},
		"the catalogue's own":   {eventUpserted, `{"product_id":"a"}`, nil},
		"another event":         {"Signed Up", `{"id":"a"}`, nil},
	}
	for name, c := range cases {
		if diff := cmp.Diff(c.want, allTold(Seen(track(c.name, c.properties)))); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestSources(t *testing.T) {
	cases := map[string]struct {
		context, browser, source string
		anybody, named           bool
	}{
		"a browser's library":                    {`{"library":{"name":"analytics.js"}}`, "", "web", false, false},
		"a server's, that passes on a browser":   {`{"library":{"name":"analytics-python"},"userAgent":"Mozilla/5.0"}`, "Firefox", "web", true, false},
		"a browser's user agent":                 {`{"userAgent":"Mozilla/5.0 (X11)"}`, "", "web", false, false},
		"a browser that the collector has found": {`{}`, "Chrome", "web", false, false},
		"nothing to tell by":                     {``, "", "web", true, false},
		"the named one, though it is a browser":  {`{"library":{"name":"analytics.js"}}`, "", "shop", false, true},
	}
	for name, c := range cases {
		e := track(eventUpserted, `{}`)
		e.Event.ContextJson, e.Event.Source, e.Event.Enrichment = []byte(c.context), c.source, &eventv1.Enrichment{Browser: c.browser}
		if got := NewSources().Speak(e); got != c.anybody {
			t.Errorf("%s, without names: %v", name, got)
		}
		if s := NewSources("shop", "erp"); s.Speak(e) != c.named || s.Named(e) != c.named || NewSources().Named(e) {
			t.Errorf("%s, with names: %v", name, s.Speak(e))
		}
	}
}

// Whatever an event holds, what is made of it can be written and stored, and a fold of it stays within the bounds.
func FuzzChanges(f *testing.F) {
	for _, s := range []string{
		`{"product_id":"a","name":"x","price":"1e400","stock":1e300,"categories":[[1],{"name":[]}],"attributes":{"":1," a":2,"a":3},"languages":{},"valid_from":-1,"adult":[]}`,
		`{"product_id":"\ud800","name":"\u0000\ud800","\ud800":"\ud800"}`, "{\"id\":\"\xff\",\"name\":\"\xff\xfe\",\"\xff\":\"\xff\"}", `{"products":[null,true,[],{}]}`,
		`{"id":"a","price":"` + strings.Repeat("9", 400) + `","category":"` + strings.Repeat(">a", 300) + `"}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, properties string) {
		for _, name := range []string{eventUpserted, eventDeleted, eventRemoved, "Product Viewed", "Order Refunded"} {
			e := track(name, properties)
			all := append(Changes(e, true), Seen(e)...)
			again := append(Changes(e, true), Seen(e)...)
			for n, c := range all {
				data, err := proto.Marshal(c)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if err := check(c, topics.ItemKey("w", c.ItemId)); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if !proto.Equal(c, again[n]) {
					t.Fatalf("%s: the second time it is %v", name, again[n])
				}
				bounded(t, foldAll(c, proto.CloneOf(c)).Item, len(data))
			}
		}
	})
}

func bounded(t *testing.T, i *recommendationv1.Item, size int) {
	t.Helper()
	for _, l := range textLimits {
		if text := *l.of(i); len(text) > l.most || !utf8.ValidString(text) {
			t.Fatalf("%s has %d bytes", l.field, len(text))
		}
	}
	for _, c := range i.Categories {
		if c == "" || len(c) > 3*mostText || !utf8.ValidString(c) {
			t.Fatalf("category %q", c)
		}
	}
	if len(i.Attributes) > MostAttributes || len(i.Categories) > mostCategories || len(i.Languages) > mostLanguages || i.GetPriceMicros() < 0 || i.GetPriceMicros() > 0 && size == 0 {
		t.Fatalf("beyond the bounds: %v", i)
	}
	for name, value := range maps.All(i.Attributes) {
		if name == "" || len(name) > mostKey || len(value) > mostValue {
			t.Fatalf("attribute %q", name)
		}
	}
}

func TestATenThousandAttributeEvent(t *testing.T) {
	of := map[string]any{}
	for n := range 10_000 {
		of[fmt.Sprintf("n%05d", n)] = n
	}
	properties := must(json.Marshal(map[string]any{"product_id": "a", "attributes": of}))
	c := Changes(track(eventUpserted, string(properties)), false)
	s := &recommendationv1.ItemState{}
	if out := fold(s, c[0]); len(s.Item.Attributes) != MostAttributes || out.left != 9_800 || s.Item.Attributes["n00007"] != "7" {
		t.Errorf("%d attributes, %d left out", len(s.Item.Attributes), out.left)
	}
}
