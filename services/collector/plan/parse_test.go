package plan

import (
	"strings"
	"testing"
)

// shop is a plan with one entry, its schema as given.
func shop(mode, schema string) string {
	return "name: shop\nmode: " + mode + "\nevents:\n  - event: Order Completed\n    schema: " + schema + "\n"
}

func must(t testing.TB, text string) *Plan {
	t.Helper()
	p, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

func TestFaultsOfAPlanAreToldWithTheirPlace(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":                   {"", "the file is empty"},
		"no YAML":                 {"name: [", "not YAML"},
		"two documents":           {"name: a\nevents: []\n---\nname: b\n", "more than one YAML document"},
		"a list":                  {"- a", "the file (line 1): must be a mapping, not a list"},
		"unknown key":             {"name: a\nevents: []\nmodes: warn\n", "modes (line 3): is no key of a plan"},
		"a key twice":             {"name: a\nname: b\nevents: []\n", `"name" is there twice`},
		"no name":                 {"events: []\n", "name: the plan needs one"},
		"a bad name":              {"name: My Plan\nevents: []\n", `name (line 1): "My Plan" is not 1 to 64 of a-z 0-9 _ -`},
		"no events":               {"name: a\n", "events: the plan needs a list"},
		"events is no list":       {"name: a\nevents: {}\n", "events (line 2): must be a list, not a mapping"},
		"mode":                    {"name: a\nmode: drop\nevents: []\n", `mode (line 2): "drop" is none of warn, block, strip`},
		"unplanned is stripped":   {"name: a\nunplanned: strip\nevents: []\n", "none of allow, warn, block"},
		"event without a name":    {"name: a\nevents: [{schema: {}}]\n", "events[0] (line 2): needs `event`"},
		"event without schema":    {"name: a\nevents: [{event: A}]\n", "events[0] (line 2): has no schema"},
		"unknown key of an event": {"name: a\nevents: [{event: A, schemas: {}}]\n", "events[0].schemas (line 2): is no key of an event"},
		"unknown type":            {"name: a\nevents: [{type: alias, schema: {}}]\n", `type "alias" is none of track`},
		"track with name":         {"name: a\nevents: [{type: track, name: A, schema: {}}]\n", "named by `event`"},
		"track without event":     {"name: a\nevents: [{type: track, schema: {}}]\n", "needs its name in `event`"},
		"identify with name":      {"name: a\nevents: [{type: identify, name: A, schema: {}}]\n", "identify calls have no name"},
		"page with event":         {"name: a\nevents: [{type: page, event: A, schema: {}}]\n", "use `name` for pages"},
		"version":                 {"name: a\nevents: [{event: A, version: 1.2.0, schema: {}}]\n", `"1.2.0" is no whole number`},
		"the same event twice":    {"name: a\nevents: [{event: A, schema: {}}, {event: A, version: 1, schema: {}}]\n", `events[1] (line 2): track "A" is there twice with version 1`},
		"a schema that is text":   {shop("warn", "text"), "a schema is a mapping, true or false"},
		"an unknown keyword":      {shop("warn", "{properties: {a: {typ: string}}}"), "events[0].schema.properties.a.typ (line 5): is no keyword"},
		"an unknown type":         {shop("warn", "{type: objekt}"), "events[0].schema.type"},
		"a keyword's wrong value": {shop("warn", "{required: total}"), "events[0].schema.required (line 5): is a string, and must be an array"},
		"an unknown format":       {shop("warn", "{properties: {a: {format: datetime}}}"), `format (line 5): "datetime" is not checked`},
		"an unknown draft":        {shop("warn", `{$schema: "http://json-schema.org/draft-04/schema#"}`), "only JSON Schema 2020-12 and draft-07"},
		"a keyword of 07":         {shop("warn", "{dependencies: {a: [b]}}"), "does not exist in this schema's draft"},
		"a remote reference":      {shop("warn", `{$ref: "https://example.com/a.json"}`), "is elsewhere, nothing is fetched"},
		"a file":                  {shop("warn", `{properties: {a: {$ref: "other.json#/a"}}}`), "is elsewhere, nothing is fetched"},
		"an address of its own":   {shop("warn", `{$id: "https://example.com/a.json"}`), "$id (line 5): is not supported"},
		"a dead reference":        {shop("warn", `{$ref: "#/$defs/none"}`), "#/$defs/none"},
		"a reference to itself":   {shop("warn", `{$ref: "#"}`), "leads back to itself"},
		"a circle below":          {shop("warn", `{$defs: {a: {allOf: [{$ref: "#/$defs/a"}]}}, allOf: [{$ref: "#/$defs/a"}]}`), "leads back to itself"},
		"a pattern Go has not":    {shop("warn", `{properties: {a: {pattern: "(?!x)"}}}`), "(?!x)"},
		"minimum above maximum":   {shop("warn", "{properties: {a: {minimum: 5, maximum: 4.5}}}"), "minimum (line 5): 5 is above maximum, which is 4.5"},
		"required and forbidden":  {shop("block", "{additionalProperties: false, properties: {a: {}}, required: [b]}"), `"b" is required, and additionalProperties: false forbids it`},
		"required and stripped":   {shop("strip", "{properties: {a: {}}, required: [b]}"), `"b" is required, and mode strip takes it out`},
		"enum of another type":    {shop("warn", "{properties: {a: {type: string, enum: [a, 1]}}}"), "enum[1] (line 5): is a number, and the type beside it is string"},
		"empty enum":              {shop("warn", "{properties: {a: {enum: []}}}"), "enum (line 5): is empty"},
		"not a number of JSON":    {shop("warn", "{properties: {a: {const: .inf}}}"), "neither text nor a number"},
		"a number too long":       {shop("warn", "{properties: {a: {maximum: 1e999999999}}}"), "maximum (line 5): is a string, and must be a number"},
		"merging":                 {shop("warn", "{<<: {type: object}}"), "merging with << is not supported"},
		"JSON with a key twice":   {`{"name":"a","name":"b","events":[]}`, "holds a key twice"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestEveryFaultIsTold(t *testing.T) {
	_, err := Parse([]byte("name: A B\nmode: x\nevents:\n  - event: A\n    schema: {typ: a}\n  - event: B\n    schema: {format: b}\n"))
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("want four faults, got %v", err)
	}
}

// A few aliases within aliases are a billion nodes.
func TestAliasesAreCountedInFull(t *testing.T) {
	text := "name: a\nevents:\n  - event: A\n    schema:\n      x-a: &a [1,1,1,1,1,1,1,1,1,1]\n"
	for i := range 9 {
		prev, next := string(rune('a'+i)), string(rune('b'+i))
		text += "      x-" + next + ": &" + next + " [" + strings.Repeat("*"+prev+",", 9) + "*" + prev + "]\n"
	}
	if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), "aliases counted in full") {
		t.Errorf("got %v", err)
	}
}

func TestAPlanMayBeJSONWithTabs(t *testing.T) {
	p := must(t, "{\n\t\"name\": \"a\",\n\t\"events\": [\n\t\t{\"event\": \"\\ud83d\\ude00 a\\/b\", \"version\": 2, \"schema\": {\"properties\": {\"n\": {\"maximum\": 1e2}}}}\n\t]\n}")
	if e := p.Entries(); len(e) != 1 || e[0].Name != "😀 a/b" || e[0].Version != "2" || e[0].Mode != Warn {
		t.Errorf("got %+v", e)
	}
}

func TestAnAliasIsTheSchemaItNames(t *testing.T) {
	p := must(t, "name: a\nevents:\n  - event: A\n    schema: &s {required: [x]}\n  - event: B\n    version: 3\n    mode: block\n    schema: *s\n")
	if v := p.Check(track("B", `{}`)); v.Reason != ReasonViolation {
		t.Errorf("got %+v", v)
	}
}
