package mapping

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/freshet/bulk/number"
)

func TestFaultsOfAMappingAreNamedByTheirPath(t *testing.T) {
	const base = "source_name: crm\nevent: E\nidentifiers: {user_id: id}\n"
	for name, c := range map[string]struct{ spec, want string }{
		"empty":              {"", "the mapping is empty: `freshet import FILE --infer` drafts one"},
		"no YAML":            {"a: [", "the mapping is no YAML"},
		"two documents":      {base + "---\na: 1\n", "more than one YAML document"},
		"unknown key":        {base + "propertys: {}", "line 4: propertys: unknown key; the nearest known key is properties"},
		"unknown inside":     {base + "properties: {total: {colum: x}}", "line 4: properties.total.colum: unknown key; the nearest known key is column"},
		"unknown format key": {base + "format: {sep: x}", "format.sep: unknown key"},
		"unknown column":     {base + "properties: {total: totl}", `properties.total.column: there is no column "totl"; the nearest is "total"`},
		"column of template": {base + "properties: {x: {template: '{idd}'}}", `properties.x.template: there is no column "idd"; the nearest is "id"`},
		"column of when":     {base + "when: row.stat == ''", `when: there is no column "stat"`},
		"column of key":      {base + "message_id: [no]", `message_id[0]: there is no column "no"`},
		"source":             {"event: E\nidentifiers: {user_id: id}", `source_name: "" is not`},
		"type":               {base + "type: order", `type: "order" is none of track, identify`},
		"no event":           {"source_name: a\nidentifiers: {user_id: id}", "event: a track call needs"},
		"nobody":             {"source_name: a\nevent: E", "identifiers: name at least one"},
		"two sources":        {base + "properties: {x: {column: id, value: 1}}", "properties.x: give one of column, template, value and sum"},
		"unknown type":       {base + "properties: {x: {column: id, type: money}}", `properties.x.type: "money" is none of`},
		"layouts of text":    {base + "properties: {x: {column: id, layouts: [iso]}}", "properties.x.layouts: need type"},
		"bad layout":         {base + "properties: {x: {column: id, type: date, layouts: [DD.MM.YYYY]}}", `properties.x.layouts[0]: "DD.MM.YYYY" has no year`},
		"bad verb":           {base + "properties: {x: {column: id, type: date, layouts: ['%Q']}}", `properties.x.layouts[0]: "%Q": %Q is none of`},
		"bad zone":           {base + "timestamp: {column: id, zone: CET-ish}", `timestamp.zone: "CET-ish" is no time zone`},
		"value and object":   {base + "properties: {a: id, a.b: id}", "properties.a.b: a is a value and an object at once"},
		"condition":          {base + "when: row.id ==", "when: ERROR"},
		"condition, no bool": {base + "when: '1 + 1'", "when: the condition gives int"},
		"condition, dynamic": {base + "when: row[row.id] == ''", "row is read by a column's name only"},
		"lines alone":        {base + "lines: {fields: {a: id}}", "lines: needs group_by"},
		"group alone":        {base + "group_by: [id]", "group_by: needs lines"},
		"rest of a group":    {base + "group_by: [id]\nlines: {fields: {a: id}}\nrest: properties", "rest: does not go with group_by"},
		"into a property":    {base + "group_by: [id]\nlines: {fields: {a: id}}\nproperties: {products: id}", "properties.products: lines.into is the same"},
		"typed constant":     {base + "properties: {x: {value: 1, type: string}}", "a constant value has no type"},
		"encoding":           {base + "format: {encoding: utf-9}", `format.encoding: "utf-9" is none of`},
		"group without id":   {"source_name: a\ntype: group\nidentifiers: {user_id: id}", "identifiers.group_id"},
		"wrong shape":        {base + "message_id: {a: b}", "cannot unmarshal"},
		"a sum of a row":     {base + "properties: {x: {sum: total}}", "properties.x.sum: needs group_by"},
		"a sum of a line":    {base + "group_by: [id]\nlines: {fields: {a: {sum: total}}}", "lines.fields.a.sum: a sum is a property or a trait of the event"},
		"a sum of texts":     {base + "group_by: [id]\nproperties: {x: {sum: total, type: string}}", `properties.x.type: "string" is no sum's`},
		"a sum by a map":     {base + "group_by: [id]\nproperties: {x: {sum: total, map: {a: b}}}", "properties.x.map: does not go with sum"},
		"no column to sum":   {base + "group_by: [id]\nproperties: {x: {sum: totl}}", `properties.x.sum: there is no column "totl"; the nearest is "total"`},
		"absolute text":      {base + "properties: {x: {column: id, absolute: true}}", "properties.x.absolute: needs type: decimal or integer"},
		"hidden alternative": {"source_name: a\nidentifiers: {user_id: id}\nevent: [A, {value: B, when: 'row.id == \"\"'}]", "event[0]: has no when, so that event[1] is never taken"},
		"key of alternative": {"source_name: a\nidentifiers: {user_id: id}\nevent: [{valu: A}]", "line 3: event[0].valu: unknown key; the nearest known key is value"},
		"nested alternative": {"source_name: a\nidentifiers: {user_id: id}\nevent: [[A]]", "event: a list inside a list"},
		"no alternative":     {"source_name: a\nidentifiers: {user_id: id}\nevent: []", "event: give one of column, template, value and sum"},
		"also, no event":     {base + "also: [{when: 'row.id == \"\"'}]", "also[0].event: it needs a name"},
		"also, some names":   {base + "also: [{event: [A, B]}]", "also[0].event: give one name"},
		"also, unknown key":  {base + "also: [{event: A, properties: {a: {colum: x}}}]", "line 4: also[0].properties.a.colum: unknown key; the nearest known key is column"},
		"also, its column":   {base + "also: [{event: A}, {event: B, properties: {a: totl}}]", `also[1].properties.a.column: there is no column "totl"; the nearest is "total"`},
		"also, its id":       {base + "also: [{event: A, message_id: [id]}]", "also[0].message_id: needs message_id of the mapping itself"},
		"also, its time":     {base + "also: [{event: A, timestamp: {column: id, type: string}}]", `also[0].timestamp.type: "string" cannot be the time of an event`},
		"open brace":         {base + "properties: {x: {template: 'a{b'}}", "opens a brace and does not close it"},
		"long":               {base + "#" + strings.Repeat("x", MaxFile), "more than 1048576 bytes"},
		"bomb":               {"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n", "unknown key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := units(t, c.spec, "id,total\n1,2\n")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if _, err := units(t, base+"properties: {a: x, b: y, c: {column: id, type: z}}\nwhen: row.w == 1", "id\n1\n"); err == nil || strings.Count(err.Error(), "\n") != 0 {
		t.Errorf("a fault that needs no data comes before those that do: %v", err)
	}
}

func TestTheHashIsOfTheMeaning(t *testing.T) {
	hash := func(spec string) string {
		t.Helper()
		s, err := Load(strings.NewReader(spec))
		if err != nil {
			t.Fatal(err)
		}
		return s.Hash()
	}
	a := hash("source_name: a\nevent: E\nidentifiers: {user_id: id}\nproperties: {x: y, z: {column: w}}")
	if b := hash("# a comment\nidentifiers: {user_id: {column: id}}\nevent: E\ntype: track\nproperties:\n  z: w\n  x: y\nsource_name: a\ndescription: d"); a != b {
		t.Error("the same mapping written otherwise has another hash")
	}
	if golden := "22999ce6f64acec6e585ac81ed5a627986c5a39453780af549eda704dae2c317"; a != golden {
		t.Errorf("the hash of a mapping is %s: what was imported with it would be imported again", a)
	}
	if c := hash("source_name: a\nevent: E\nidentifiers: {user_id: id}\nproperties: {x: y, z: {column: w, type: integer}}"); a == c {
		t.Error("another mapping has the same hash")
	}
}

func TestMessageIDsOfDifferentColumnsDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.StringOf(rapid.SampledFrom([]rune("a/~-01")))
		a, b := [2]string{cell.Draw(t, "a0"), cell.Draw(t, "a1")}, [2]string{cell.Draw(t, "b0"), cell.Draw(t, "b1")}
		join := func(c [2]string) string { return escaped.Replace(c[0]) + "/" + escaped.Replace(c[1]) }
		if (a == b) != (join(a) == join(b)) {
			t.Fatalf("%q and %q both give %s", a, b, join(a))
		}
	})
}

func TestDecimalsKeepTheirValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[+-]?[0-9]{0,25}\.?[0-9]{0,25}([eE][+-]?[0-9]{1,3})?`).Draw(t, "number")
		n, ok := number.Plain(s, '.')
		if !ok {
			return
		}
		var back json.Number
		if err := json.Unmarshal([]byte(n), &back); err != nil {
			t.Fatalf("%q became %q: %v", s, n, err)
		}
		if again, ok := number.Plain(n, '.'); !ok || again != n {
			t.Fatalf("%q became %q and then %q", s, n, again)
		}
	})
}

// FuzzLoad reads anything as a mapping; what loads must compile or say why, and hash the same twice.
func FuzzLoad(f *testing.F) {
	f.Add(whose + "properties: {p: {column: v, type: decimal}}\nwhen: row.v != ''")
	f.Add(receipts)
	f.Add("a: &a {b: *a}")
	f.Add("source_name: a\nevent: {value: {a: [1, 2.50, 0x1f, .inf, 2026-01-01]}}\nidentifiers: {external_ids: {a.b: c}}")
	f.Fuzz(func(_ *testing.T, spec string) {
		s, err := Load(strings.NewReader(spec))
		if err != nil {
			return
		}
		_, _, _ = s.Compile(File{}, []string{"id", "v"}, false)
		if first, second := s.Hash(), s.Hash(); first != second || strings.HasPrefix(first, "unhashable") {
			panic(errors.New("no stable hash: " + first))
		}
	})
}

// FuzzCSV maps anything; every event must be JSON (units checks it).
func FuzzCSV(f *testing.F) {
	spec := `source_name: crm
event: {column: e, map: {a: A, "b*": B}, default: C}
identifiers: {user_id: {column: id, type: integer}, email: id}
timestamp: {column: t, layouts: [iso, unix, "%d.%m.%Y"], zone: Europe/Berlin}
properties: {a.b: {column: v, type: decimal}, c: {template: "{e}-{v}"}, j: {column: v, type: json, when: "row.v != ''"}}
`
	f.Add("id,e,t,v\n1,a,2026-01-01,1.5\n", false)
	f.Add("id,e,t,v\n\"1\n,b\x00,\"\"\n1,\xff,3,\n", true)
	f.Fuzz(func(t *testing.T, content string, group bool) {
		s := spec
		if group {
			s += "group_by: [id]\nlines: {fields: {v: {column: v}}}\n"
		}
		_, _ = units(t, s, content)
	})
}
