// Package catalogtest draws catalogues and events for tests that hold two ways of computing features against each other.
package catalogtest

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/catalog"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// Random draws a catalogue with every aggregate, over what Event draws.
func Random(t *rapid.T) *catalog.Catalog {
	var list []map[string]any
	add := func(name, aggregate string, with map[string]any) {
		d := map[string]any{"name": name, "description": "Drawn.", "level": "behaviour", "aggregate": aggregate}
		for k, v := range with {
			d[k] = v
		}
		list = append(list, d)
	}
	pick := func(label string, from ...string) string { return rapid.SampledFrom(from).Draw(t, label) }
	windows := func() []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"1h", "6h", "24h", "7d", "30d", "90d", "365d", "lifetime"}), 1, 3, rapid.ID).Draw(t, "windows")
	}
	some := func() map[string]any {
		m := map[string]any{}
		if rapid.Bool().Draw(t, "filtered") {
			m["where"] = pick("where", `event == "View"`, `event == "Buy"`, `event in ["Buy", "View"] && properties.n > 2`, `type == "page"`, `properties.k != "a" || has(properties.n)`)
		}
		return m
	}
	with := func(m map[string]any, more ...any) map[string]any {
		for i := 0; i < len(more); i += 2 {
			m[more[i].(string)] = more[i+1]
		}
		return m
	}
	number := func() string {
		return pick("number", "properties.n", "properties.n * properties.q", "properties.price", "2.5")
	}
	text := func() string { return pick("text", "properties.k", "event", "hour", "properties.n", "country") }
	half := func() string { return pick("half", "8h", "1d", "2d", "30d") }
	add("a_count", "count", with(some(), "windows", windows()))
	if rapid.Bool().Draw(t, "exact") {
		add("a_exact", "count", with(some(), "windows", []string{"1h", "24h"}, "mode", "exact"))
	}
	add("a_sum", "sum", with(some(), "value", number(), "windows", windows()))
	add("a_mean", "average", with(some(), "value", number(), "windows", windows(), "default", 0))
	add("a_min", "min", with(some(), "value", number(), "windows", windows()))
	add("a_max", "max", with(some(), "value", number(), "windows", windows()))
	add("a_first", "first", with(some(), "value", text()))
	add("a_last", "last", with(some(), "value", text()))
	add("a_first_n", "first_number", with(some(), "value", number()))
	add("a_last_n", "last_number", with(some(), "value", number()))
	add("a_begin", "first_time", some())
	add("a_end", "last_time", some())
	add("a_age", "since_last", some())
	add("a_distinct", "distinct", with(some(), "value", text(), "windows", windows()))
	add("a_top", "top", with(some(), "by", text(), "windows", windows(), "keep", 3))
	add("a_items", "top", map[string]any{"each": "properties.items", "by": "item.k", "value": "item.n", "half_life": half(), "keep": 4})
	add("a_key", "top_key", with(some(), "by", text(), "half_life", half()))
	add("a_share", "top_share", with(some(), "by", text(), "value", number(), "windows", windows()))
	add("a_parts", "breakdown", with(some(), "by", text(), "windows", windows(), "keep", 20))
	add("a_fading", "decayed_sum", with(some(), "value", number(), "half_life", half()))
	add("a_lively", "decayed_sum", with(some(), "half_life", half()))
	for _, g := range []string{"gap_mean", "gap_deviation", "gap_cv", "gap_longest"} {
		add("a_"+g, g, some())
		add("o_"+g, g, map[string]any{"from": "orders"})
	}
	for _, g := range []string{"session_count", "session_length", "session_depth", "session_bounce"} {
		add("a_"+g, g, with(some(), "windows", []string{pick("visits", "24h", "7d", "30d", "90d")}))
	}
	add("a_days", "streak_current", some())
	add("a_most_days", "streak_longest", some())
	add("a_names", "latest", map[string]any{"by": text(), "keep": 64})
	add("a_traits", "traits", map[string]any{"where": `type == "identify"`})
	for _, v := range []string{"orders", "quantity", "spend", "refunds", "refund"} {
		add("o_"+v, "sum", map[string]any{"from": "orders", "value": v, "windows": windows()})
	}
	add("o_mean", "average", map[string]any{"from": "orders", "value": "spend", "windows": windows()})
	add("o_first", "first_time", map[string]any{"from": "orders"})
	add("o_last", "last_time", map[string]any{"from": "orders"})
	add("o_fading", "decayed_sum", map[string]any{"from": "orders", "value": "spend", "half_life": half()})
	add("r_count", "count", map[string]any{"where": `event == "View"`, "windows": []string{"24h", "30d"}})
	add("r_base", "sum", map[string]any{"from": "orders", "value": "orders", "windows": []string{"24h", "30d"}})
	add("r_ratio", "ratio", map[string]any{"of": []string{"r_base", "r_count"}, "windows": []string{"24h", "30d"}})
	add("r_less", "ratio", map[string]any{"of": []string{"r_base", "r_count"}, "windows": []string{"30d"}, "complement": true})
	add("r_span", "elapsed", map[string]any{"of": []string{"a_begin", "o_first"}})
	file, err := yaml.Marshal(map[string]any{"features": list})
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Parse(nil, file)
	if err != nil {
		t.Fatalf("%s\n%v", file, err)
	}
	return c
}

// Event draws an event that happened at a moment (Unix milliseconds).
func Event(t *rapid.T, id string, at int64) *eventv1.Event {
	e := &eventv1.Event{EventId: id, Source: rapid.SampledFrom([]string{"web", "app"}).Draw(t, "source"), OccurredMs: at, ReceivedMs: at,
		Type: eventv1.EventType_EVENT_TYPE_TRACK, Enrichment: &eventv1.Enrichment{Country: rapid.SampledFrom([]string{"", "DE", "FR"}).Draw(t, "country")}}
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		e.Type = eventv1.EventType_EVENT_TYPE_PAGE
	case 1:
		e.Type = eventv1.EventType_EVENT_TYPE_IDENTIFY
		e.TraitsJson = []byte(fmt.Sprintf(`{"plan":%q,"n":%d,"x%d":true}`, rapid.SampledFrom([]string{"", "gold", "free"}).Draw(t, "plan"),
			rapid.IntRange(0, 5).Draw(t, "n"), rapid.IntRange(0, 90).Draw(t, "x")))
	case 2, 3, 4, 5:
		e.Name = "View"
	default:
		e.Name = rapid.SampledFrom([]string{"Buy", "Click", "Other"}).Draw(t, "name")
	}
	var items []string
	for range rapid.IntRange(0, 3).Draw(t, "items") {
		items = append(items, fmt.Sprintf(`{"k":"i%d","n":%d}`, rapid.IntRange(0, 300).Draw(t, "k"), rapid.IntRange(-2, 9).Draw(t, "n")))
	}
	e.PropertiesJson = []byte(fmt.Sprintf(`{"k":%q,"n":%s,"q":%d,"price":"%d.%02d","items":[%s]}`,
		rapid.SampledFrom([]string{"a", "b", "", "c", fmt.Sprint("k", rapid.IntRange(0, 300).Draw(t, "many"))}).Draw(t, "key"),
		rapid.SampledFrom([]string{"1", "2.5", "3", "-4", "null", `"7"`, "0.0000015"}).Draw(t, "n"), rapid.IntRange(0, 4).Draw(t, "q"),
		rapid.IntRange(0, 99).Draw(t, "units"), rapid.IntRange(0, 99).Draw(t, "cents"), strings.Join(items, ",")))
	return e
}
