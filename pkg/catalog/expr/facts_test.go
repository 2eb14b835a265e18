package expr

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/testkit"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
)

// table has the columns of dw.events that an expression can name.
const table = `CREATE TABLE f
(
    id UInt32, identifier_type LowCardinality(String), type LowCardinality(String), name LowCardinality(String), source LowCardinality(String), occurred_at DateTime64(3, 'UTC'), history Bool,
    context String, properties String, traits String, country LowCardinality(String), region LowCardinality(String), city LowCardinality(String),
    browser LowCardinality(String), os LowCardinality(String), device_type LowCardinality(String), device_model LowCardinality(String), is_bot Bool,
    channel LowCardinality(String), campaign_source LowCardinality(String), campaign_medium LowCardinality(String), campaign_name LowCardinality(String),
    referrer_host LowCardinality(String), session_id String
) ENGINE = Memory`

// store writes events into a table of the test's own.
func store(t *testing.T, events []*eventv1.Event) driver.Conn {
	t.Helper()
	conn, err := clickhouse.Open(t.Context(), testkit.ClickHouse(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.Exec(t.Context(), table); err != nil {
		t.Fatal(err)
	}
	b, err := conn.PrepareBatch(t.Context(), "INSERT INTO f")
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range events {
		n := e.GetEnrichment()
		err := b.Append(uint32(i), identifierOf(e), typeOf(e), e.Name, e.Source, time.UnixMilli(e.OccurredMs), e.History, string(e.ContextJson), string(e.PropertiesJson),
			string(e.TraitsJson), n.GetCountry(), n.GetRegion(), n.GetCity(), n.GetBrowser(), n.GetOs(), n.GetDeviceType(), n.GetDeviceModel(), n.GetBot(),
			channelOf(e), n.GetCampaignSource(), n.GetCampaignMedium(), n.GetCampaignName(), n.GetReferrerHost(), n.GetSessionId())
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Send(); err != nil {
		t.Fatal(err)
	}
	return conn
}

var (
	keys   = []string{"a", "b", "price", "a b", "in", "ä", `q"'\`, "", "{x:String}"}
	tokens = []string{"0", "-0", "1", "12.50", "1e3", "1E-3", "-7", "0.1", "499.99", "1.0000005", "2.5e-7", "9007199254740991", "9007199254740992",
		"9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "1e18", "1e19", "9e12", "9.1e12",
		"123456789012345678901234567890", "1e308", "1e400", "-1e400", "1e-400", "0.0000005", "1.5", "100", "3.0", "true", "false", "null",
		`""`, `"a"`, `"ab"`, `"shoes"`, `"12.50"`, `"1980"`, `"1,980"`, `" 5"`, `"+5"`, `"5."`, `".5"`, `"1e3"`, `"0x10"`, `"-3.25"`, `"5\n"`,
		`"\u00e4"`, `"ä"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ude00"`, `"\ud83dx"`, `"a\u0000b"`, `"\\"`, `"\""`, `"true"`, `"` + strings.Repeat("x", 255) + `"`,
		`"` + strings.Repeat("x", 256) + `"`, "\"\xff\"", `"0.1234567"`, `"99999999999999999999999999999999999999999"`, "[]", "{}"}
)

// document draws JSON as the collector lets it through: an object that Go's parser takes.
func document(t *rapid.T, depth int) string {
	if rapid.IntRange(0, 9).Draw(t, "none") == 0 {
		return ""
	}
	for {
		if d := object(t, depth); json.Valid([]byte(d)) {
			return d
		}
	}
}

func object(t *rapid.T, depth int) string {
	var parts []string
	for range rapid.IntRange(0, 4).Draw(t, "members") {
		key := rapid.SampledFrom(keys).Draw(t, "key")
		quoted, err := json.Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, string(quoted)+rapid.SampledFrom([]string{":", " : "}).Draw(t, "colon")+element(t, depth))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func element(t *rapid.T, depth int) string {
	switch n := rapid.IntRange(0, 9).Draw(t, "form"); {
	case n == 0 && depth > 0:
		return object(t, depth-1)
	case n == 1 && depth > 0:
		var parts []string
		for range rapid.IntRange(0, 3).Draw(t, "elements") {
			parts = append(parts, element(t, depth-1))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return rapid.SampledFrom(tokens).Draw(t, "token")
}

func drawEvent(t *rapid.T) *eventv1.Event {
	word := rapid.SampledFrom([]string{"", "a", "ab", "shoes", "5", "12.5"})
	return &eventv1.Event{
		Type: eventv1.EventType(rapid.IntRange(1, 6).Draw(t, "type")), Name: word.Draw(t, "name"), Source: word.Draw(t, "source"),
		Identifiers: []*eventv1.Identifier{{Type: rapid.SampledFrom([]string{"user_id", "anonymous_id", "a"}).Draw(t, "identifier"), Value: "x"}},
		OccurredMs:  rapid.Int64Range(0, 4e12).Draw(t, "at"), History: rapid.Bool().Draw(t, "history"),
		PropertiesJson: []byte(document(t, 2)), TraitsJson: []byte(document(t, 1)), ContextJson: []byte(document(t, 1)),
		Enrichment: &eventv1.Enrichment{Channel: eventv1.Channel(rapid.IntRange(0, 8).Draw(t, "channel")), Os: word.Draw(t, "os"), Bot: rapid.Bool().Draw(t, "bot"),
			CampaignName: word.Draw(t, "campaign"), Country: word.Draw(t, "country")},
	}
}

// drawPath writes a path.
func drawPath(t *rapid.T, each bool) string {
	roots := []string{"properties", "properties", "traits", "context"}
	if each {
		roots = append(roots, "item", "item", "item")
	}
	if rapid.IntRange(0, 3).Draw(t, "column") == 0 {
		return rapid.SampledFrom([]string{"type", "name", "event", "source", "identifier", "channel", "os", "country", "campaign_name", "hour", "weekday", "history", "bot"}).Draw(t, "name")
	}
	out := rapid.SampledFrom(roots).Draw(t, "root")
	for range rapid.IntRange(1, 2).Draw(t, "deep") {
		out += fmt.Sprintf("[%q]", rapid.SampledFrom(keys).Draw(t, "key"))
	}
	return out
}

func drawBool(t *rapid.T, depth int, each bool) string {
	if depth > 0 && rapid.IntRange(0, 2).Draw(t, "join") > 0 {
		a, b := drawBool(t, depth-1, each), drawBool(t, depth-1, each)
		return rapid.SampledFrom([]string{"(" + a + " && " + b + ")", "(" + a + " || " + b + ")", "!(" + a + ")"}).Draw(t, "joined")
	}
	p := drawPath(t, each)
	text := fmt.Sprintf("%q", rapid.SampledFrom([]string{"", "a", "ab", "shoes", "5", "3", "track", "true", "ä", "{a:String}", `'\`, "advertising", "12"}).Draw(t, "text"))
	number := rapid.SampledFrom([]string{"0", "1", "12.5", "-7", "0.1", "499.99", "100", "3", "0.000001"}).Draw(t, "number")
	switch rapid.IntRange(0, 6).Draw(t, "leaf") {
	case 0:
		return p
	case 1:
		return "has(" + p + ")"
	case 2:
		return p + rapid.SampledFrom([]string{" == true", " == false", " != true"}).Draw(t, "truth")
	case 3:
		return p + " in [" + text + ", " + number + "]"
	case 4:
		return p + rapid.SampledFrom([]string{" == ", " != "}).Draw(t, "op") + text
	case 5:
		return p + rapid.SampledFrom([]string{".startsWith(", ".endsWith(", ".contains("}).Draw(t, "op") + text + ")"
	default:
		return p + rapid.SampledFrom([]string{" == ", " != ", " < ", " <= ", " > ", " >= "}).Draw(t, "op") + number
	}
}

// one is an expression of each kind, drawn.
type one struct {
	b *Bool
	n *Number
	t *Text
}

func drawOne(t *rapid.T, each bool) (o one) {
	scope := Scope{Each: each}
	var faults []error
	check := func(text string) {
		if len(faults) > 0 {
			t.Fatalf("%s: %v", text, faults)
		}
	}
	text := drawBool(t, 2, each)
	o.b, faults = ParseBool(text, scope)
	check(text)
	text = drawPath(t, each)
	if rapid.Bool().Draw(t, "product") {
		text += " * " + drawPath(t, each)
	}
	o.n, faults = ParseNumber(text, scope)
	check(text)
	text = drawPath(t, each)
	o.t, faults = ParseText(text, scope)
	check(text)
	return o
}

// said is what an expression says of an event, as Go and ClickHouse write it.
func (o one) said(x *Event) string {
	out := "0"
	if o.b.Holds(x) {
		out = "1"
	}
	out += "|"
	if n, ok := o.n.Of(x); ok {
		out += fmt.Sprint(n)
	}
	out += "|"
	if s, ok := o.t.Of(x); ok {
		out += fmt.Sprintf("%x", s)
	}
	return out
}

// sql is the same as columns, of which said is the last.
func (o one) sql() string {
	var q Query
	said := fmt.Sprintf("concat(toString(%s), '|', ifNull(toString(%s), ''), '|', lower(hex(ifNull(%s, '')))) AS said", o.b.SQL(&q), o.n.SQL(&q), o.t.SQL(&q))
	return strings.Join(append(q.Columns(), said), ", ")
}

// Whatever is sent and whatever is asked, the stream and ClickHouse give one answer.
func TestGoAndClickHouseGiveOneAnswer(t *testing.T) {
	var events []*eventv1.Event
	draw := rapid.Custom(drawEvent)
	for i := range 3000 {
		events = append(events, draw.Example(i))
	}
	conn := store(t, events)
	for seed := range 120 {
		o := rapid.Custom(func(t *rapid.T) one { return drawOne(t, false) }).Example(seed)
		rows, err := conn.Query(t.Context(), "SELECT id, said FROM (SELECT id, "+o.sql()+" FROM f) ORDER BY id")
		if err != nil {
			t.Fatalf("%s, %s, %s:\n%s\n%v", o.b, o.n, o.t, o.sql(), err)
		}
		var x Event
		for rows.Next() {
			var id uint32
			var got string
			if err := rows.Scan(&id, &got); err != nil {
				t.Fatal(err)
			}
			x.Reset(events[id])
			if want := o.said(&x); got != want {
				t.Fatalf("%s, %s, %s:\nClickHouse %s\nGo         %s\nof %q", o.b, o.n, o.t, got, want, events[id].String())
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatalf("%s: %v", o.sql(), err)
		}
		rows.Close()
	}
}

// The same for what is asked of the elements of an array.
func TestElementsAreTheSame(t *testing.T) {
	var events []*eventv1.Event
	draw := rapid.Custom(func(t *rapid.T) *eventv1.Event {
		e := drawEvent(t)
		var parts []string
		for range rapid.IntRange(0, 4).Draw(t, "items") {
			parts = append(parts, element(t, 2))
		}
		doc := `{"a":` + element(t, 1) + `,"items":[` + strings.Join(parts, ",") + `]}`
		if json.Valid([]byte(doc)) {
			e.PropertiesJson = []byte(doc)
		}
		return e
	})
	for i := range 2000 {
		events = append(events, draw.Example(i))
	}
	events = append(events, &eventv1.Event{Type: 1, PropertiesJson: []byte(`{"items":[` + strings.Repeat("1,", 600) + `2]}`)})
	conn := store(t, events)
	path, faults := ParsePath("properties.items")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for seed := range 40 {
		o := rapid.Custom(func(t *rapid.T) one { return drawOne(t, true) }).Example(seed)
		query := "SELECT id, arrayStringConcat(groupArray(said), ',') FROM (SELECT f.id AS id, " + o.sql() + " FROM f ARRAY JOIN " + path.SQL() + " AS item) GROUP BY id ORDER BY id"
		rows, err := conn.Query(t.Context(), query)
		if err != nil {
			t.Fatalf("%s\n%v", query, err)
		}
		got := map[uint32]string{}
		for rows.Next() {
			var id uint32
			var said string
			if err := rows.Scan(&id, &said); err != nil {
				t.Fatal(err)
			}
			got[id] = said
		}
		rows.Close()
		var x Event
		for i, e := range events {
			x.Reset(e)
			var want []string
			path.Each(&x, func() { want = append(want, o.said(&x)) })
			if got[uint32(i)] != strings.Join(want, ",") {
				t.Fatalf("%s, %s, %s:\nClickHouse %s\nGo         %s\nof %q", o.b, o.n, o.t, got[uint32(i)], want, e.String())
			}
		}
	}
}
