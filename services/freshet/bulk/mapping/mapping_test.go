package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/freshet/freshet/services/freshet/bulk/file"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// units maps a whole content, in one line each: the event, a fault as `!reason: detail`, or `skipped`.
func units(t testing.TB, spec, content string) (out []string, err error) {
	t.Helper()
	s, err := Load(strings.NewReader(spec))
	if err != nil {
		return nil, err
	}
	in, err := file.Open(file.Stdin, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	r, err := rows.Open(in, s.Format)
	if err != nil {
		return nil, err
	}
	columns, closed := r.Columns()
	m, _, err := s.Compile(File{Name: "x.csv", Sum: "sum"}, columns, closed)
	if err != nil {
		return nil, err
	}
	r.Bind(m.Columns(), m.Rest())
	emit := func(u Unit) error {
		switch {
		case u.Fault != nil:
			out = append(out, "!"+u.Fault.Error())
		case u.Event == nil:
			out = append(out, "skipped")
		default:
			if !json.Valid(u.Event) {
				t.Errorf("not JSON: %s", u.Event)
			}
			out = append(out, string(u.Event))
		}
		return nil
	}
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, m.End(emit)
		}
		if err != nil {
			return out, err
		}
		if err := m.Add(row, emit); err != nil {
			return out, err
		}
	}
}

const whose = "source_name: crm\nidentifiers: {user_id: id}\nevent: E\nmessage_id: [id]\n"

// head is how every event of a test mapping begins, up to its context.
func head(id string) string {
	return `{"type":"track","messageId":"crm-` + id + `","event":"E","userId":"` + id + `",`
}

func from(row int) string {
	return fmt.Sprintf(`"context":{"import":{"source":"crm","file":"x.csv","row":%d}}`, row)
}

func TestValues(t *testing.T) {
	for name, c := range map[string]struct{ field, cell, want string }{
		"as it is":             {`v`, `a "b"`, `"a \"b\""`},
		"nothing":              {`v`, ``, ``},
		"integer":              {`{column: v, type: integer}`, `0017850.00`, `17850`},
		"no integer":           {`{column: v, type: integer}`, `1.5`, `!bad_value: properties.p: column v "1.5" is no whole number within 64 bits`},
		"an integer too large": {`{column: v, type: integer}`, `9223372036854775808`, `!bad_value: properties.p: column v "9223372036854775808" is no whole number within 64 bits`},
		"decimal":              {`{column: v, type: decimal}`, `+012345678901234567890.10`, `12345678901234567890.10`},
		"decimal below 1":      {`{column: v, type: decimal}`, `-.5`, `-0.5`},
		"minus behind":         {`{column: v, type: decimal}`, `12.50-`, `-12.50`},
		"decimal with e":       {`{column: v, type: decimal}`, `1.5e-3`, `1.5e-3`},
		"no decimal":           {`{column: v, type: decimal}`, `1.5.2`, `!bad_value: properties.p: column v "1.5.2" is no number with the decimal sign "."`},
		"not a number":         {`{column: v, type: decimal}`, `NaN`, `!bad_value: properties.p: column v "NaN" is no number with the decimal sign "."`},
		"boolean":              {`{column: v, type: boolean}`, `Yes`, `true`},
		"own words":            {`{column: v, type: boolean, true_words: [Ja], false_words: [Nein]}`, `NEIN`, `false`},
		"own words only":       {`{column: v, type: boolean, true_words: [Ja]}`, `no`, `!bad_value: properties.p: column v "no" is none of the words for true and false`},
		"date":                 {`{column: v, type: date, layouts: ["%d.%m.%Y"]}`, `1.2.2026`, `"2026-02-01"`},
		"compact date":         {`{column: v, type: date, layouts: ["%Y%m%d"]}`, `20260201`, `"2026-02-01"`},
		"a Go layout":          {`{column: v, type: timestamp, layouts: ["02/01/2006 15:04"]}`, `01/02/2026 03:04`, `"2026-02-01T03:04:00.000Z"`},
		"zone":                 {`{column: v, type: timestamp, zone: Europe/Berlin}`, `2026-07-01 12:00:00`, `"2026-07-01T10:00:00.000Z"`},
		"a zone of its own":    {`{column: v, type: timestamp, zone: Europe/Berlin}`, `2026-07-01T12:00:00.1239+09:00`, `"2026-07-01T03:00:00.123Z"`},
		"an hour that is not":  {`{column: v, type: timestamp, zone: Europe/Berlin}`, `2026-03-29 02:30`, `!bad_timestamp: properties.p: column v "2026-03-29 02:30" falls into the hour that is left out when the clocks go forward in Europe/Berlin`},
		"an hour that is twice": {`{column: v, type: timestamp, zone: Europe/Berlin}`, `2026-10-25 02:30`,
			`"2026-10-25T00:30:00.000Z"`},
		"twice, in New York": {`{column: v, type: timestamp, zone: America/New_York}`, `2026-11-01 01:30`, `"2026-11-01T05:30:00.000Z"`},
		"Excel's days":       {`{column: v, type: timestamp, layouts: [iso, excel], zone: Europe/Berlin}`, `46204.5`, `"2026-07-01T10:00:00.000Z"`},
		"Excel's seconds":    {`{column: v, type: timestamp, layouts: [excel]}`, `46024.127835648149`, `"2026-01-02T03:04:05.000Z"`},
		"a day of Excel":     {`{column: v, type: date, layouts: [excel]}`, `46024`, `"2026-01-02"`},
		"no day of Excel":    {`{column: v, type: date, layouts: [excel]}`, `20260102`, `!bad_timestamp: properties.p: column v "20260102" is no time written as excel`},
		"a comma":            {`{column: v, type: decimal}`, `1234,5`, `!bad_value: properties.p: column v "1234,5" is no number with the decimal sign ".": format.decimal and format.thousands say how numbers are written`},
		"unix":               {`{column: v, type: timestamp, layouts: [unix]}`, `1767225600.5`, `"2026-01-01T00:00:00.500Z"`},
		"unix_ms":            {`{column: v, type: timestamp, layouts: [unix_ms]}`, `-1500`, `"1969-12-31T23:59:58.500Z"`},
		"two layouts":        {`{column: v, type: date, layouts: [iso, "%m/%d/%y"]}`, `12/31/25`, `"2025-12-31"`},
		"no time":            {`{column: v, type: date, layouts: [iso, "%m/%d/%y"]}`, `soon`, `!bad_timestamp: properties.p: column v "soon" is no time written as iso or %m/%d/%y`},
		"json":               {`{column: v, type: json}`, `{"a": [1]}`, `{"a": [1]}`},
		"no json":            {`{column: v, type: json}`, `{a}`, `!bad_value: properties.p: column v "{a}" is no JSON`},
		"default":            {`{column: v, type: integer, default: 1}`, ``, `1`},
		"required":           {`{column: v, required: true}`, ``, `!missing_value: properties.p: column v is empty`},
		"map":                {`{column: v, map: {F: female, M: male}}`, `F`, `"female"`},
		"map by beginning":   {`{column: v, map: {"C*": cancel, "C1*": one, X: x}}`, `C12`, `"one"`},
		"unmapped":           {`{column: v, map: {F: female}}`, `D`, `!unmapped_value: properties.p: column v "D" has no entry in the map, and there is no default`},
		"unmapped, default":  {`{column: v, map: {F: female}, default: other}`, `D`, `"other"`},
		"constant":           {`{value: 1.10}`, ``, `1.10`},
		"constant object":    {`{value: {a: [true, null, "x"]}}`, ``, `{"a":[true,null,"x"]}`},
		"template":           {`{template: "{{{id}-{v}}}"}`, `x`, `"{1-x}"`},
		"template, a hole":   {`{template: "{id}-{v}"}`, ``, ``},
		"when":               {`{column: v, when: 'row.v != "0" && row["id"] == "1"'}`, `0`, ``},
		"when it holds":      {`{column: v, when: 'int(row.v) > 5'}`, `7`, `"7"`},
		"when it cannot":     {`{column: v, when: 'int(row.v) > 5'}`, `x`, `!bad_condition: properties.p.when: type conversion error from 'string' to 'int'`},
	} {
		t.Run(name, func(t *testing.T) {
			cell := strings.ReplaceAll(c.cell, `"`, `""`)
			got, err := units(t, whose+"properties: {p: "+c.field+"}", "id,v\n1,\""+cell+"\"\n")
			if err != nil {
				t.Fatal(err)
			}
			want := c.want
			if !strings.HasPrefix(want, "!") {
				if want != "" {
					want = `,"properties":{"p":` + want + `}`
				}
				want = head("1") + from(1) + want + "}"
			}
			if got[0] != want {
				t.Errorf("got  %s\nwant %s", got[0], want)
			}
		})
	}
}

func TestNumbersOfOtherCountries(t *testing.T) {
	spec := whose + "format: {decimal: ',', thousands: '.', delimiter: ';'}\nproperties: {p: {column: v, type: decimal}}"
	for cell, want := range map[string]string{"1.234.567,80": "1234567.80", "12,5": "12.5", "1.5": "!", "1.2345": "!", "12.345": "12345"} {
		got, err := units(t, spec, "id;v\n1;"+cell+"\n")
		if err != nil || strings.HasPrefix(got[0], "!") != (want == "!") || want != "!" && !strings.HasSuffix(got[0], `{"p":`+want+`}}`) {
			t.Errorf("%s: %s, %v", cell, got, err)
		}
	}
}

func TestEventsOfEveryKind(t *testing.T) {
	for name, c := range map[string]struct{ spec, content, want string }{
		"identify": {"source_name: crm\ntype: identify\nidentifiers: {user_id: id, email: mail, phone: {column: tel}, external_ids: {loyalty: card}}\n" +
			"message_id: [id, mail]\ntraits: {name: name, address.city: city, address.zip: zip, vip: {column: vip, type: boolean}}",
			"id,mail,tel,card,name,city,zip,vip\n7,a/b@x.de,+4930,L1,Ann,Berlin,,1\n",
			`{"type":"identify","messageId":"crm-7/a~1b@x.de","userId":"7","context":{"externalIds":[{"id":"L1","type":"loyalty","collection":"users","encoding":"none"}],` +
				`"import":{"source":"crm","file":"x.csv","row":1}},"traits":{"address":{"city":"Berlin"},"name":"Ann","vip":true,"email":"a/b@x.de","phone":"+4930"}}`},
		"track": {"source_name: crm\nevent: {column: kind, map: {o: Ticket Opened, c: Ticket Closed}}\nidentifiers: {email: mail, device_id: dev}\n" +
			"message_id: [no]\ntimestamp: at\nrest: properties\nwhen: row.kind != 'x'",
			"no,kind,mail,dev,at,topic,empty\n1,o,a@x.de,D,2026-01-02 03:04:05,late,\n2,x,,,,,\n3,?,a@x.de,,2026-01-02,,\n",
			`{"type":"track","messageId":"crm-1","timestamp":"2026-01-02T03:04:05.000Z","event":"Ticket Opened","context":{"traits":{"email":"a@x.de"},"device":{"id":"D"},` +
				`"import":{"source":"crm","file":"x.csv","row":1}},"properties":{"topic":"late"}}` + "\nskipped\n" +
				`!unmapped_value: event: column kind "?" has no entry in the map, and there is no default`},
		"group, page and alias": {"source_name: crm\ntype: group\nidentifiers: {user_id: id, group_id: org, previous_id: old}\nmessage_id: [id]\ntraits: {name: name}",
			"id,org,old,name\n1,O,P,Acme\n", `{"type":"group","messageId":"crm-1","userId":"1","groupId":"O","previousId":"P",` + from(1) + `,"traits":{"name":"Acme"}}`},
		"page":     {"source_name: crm\ntype: page\nevent: Home\nidentifiers: {user_id: id}\nmessage_id: [id]", "id\n1\n", `{"type":"page","messageId":"crm-1","name":"Home","userId":"1",` + from(1) + `}`},
		"repeated": {whose, "id\n1\n1\n", head("1") + from(1) + "}\n!message_id_repeated: the message id crm-1 was there before in this file, so that only one of the two would be counted: message_id needs columns that tell rows apart"},
		"JSON keeps its types": {whose + "properties: {a: x.a, b: x.b, l: l, s: {column: n, type: string}}", `{"id":5,"x":{"a":1.50,"b":false},"l":[1],"n":1e2}`,
			head("5") + from(1) + `,"properties":{"a":1.50,"b":false,"l":[1],"s":"1e2"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := units(t, c.spec, c.content)
			if err != nil || strings.Join(got, "\n") != c.want {
				t.Errorf("%v\ngot\n%s\nwant\n%s", err, strings.Join(got, "\n"), c.want)
			}
		})
	}
}

// An event without a time counts as of its import: that has to be asked for.
func TestAnEmptyTimeIsNotToday(t *testing.T) {
	const fault = `!missing_value: timestamp: column at is empty, and the event would count as of its import: give a default, or a when that is false here if that is meant`
	for name, c := range map[string]struct{ timestamp, want string }{
		"a column":         {"at", fault},
		"meant":            {`{column: at, when: row.at != ""}`, head("1") + from(1) + "}"},
		"another is empty": {`{column: at, when: row.id != ""}`, fault},
		"a default":        {`{column: at, default: "2026-01-02T00:00:00.000Z"}`, strings.Replace(head("1"), `"event"`, `"timestamp":"2026-01-02T00:00:00.000Z","event"`, 1) + from(1) + "}"},
	} {
		got, err := units(t, whose+"timestamp: "+c.timestamp, "id,at\n1,\n")
		if err != nil || len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestAnObjectNamesNobody(t *testing.T) {
	for field, want := range map[string]string{
		"user_id: id":              `!bad_value: identifiers.user_id: column id "{\"$oid\":\"5\"}" is an object or a list: name the member that is meant by its dotted path`,
		"external_ids: {card: id}": `!bad_value: identifiers.external_ids.card: column id "{\"$oid\":\"5\"}" is an object or a list: name the member that is meant by its dotted path`,
		"user_id: id.$oid":         head("5") + from(1) + "}",
	} {
		got, err := units(t, "source_name: crm\nevent: E\nmessage_id: [id.$oid]\nidentifiers: {"+field+"}", `{"id":{"$oid":"5"}}`)
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s: %s, %v", field, got, err)
		}
	}
}

func TestTheRestDoesNotNameTwice(t *testing.T) {
	spec := "source_name: crm\ntype: identify\nidentifiers: {user_id: id, email: mail}\nmessage_id: [id]\nrest: traits\n"
	got, err := units(t, spec, "id,mail,email\n1,a@x.de,b@x.de\n2,,c@x.de\n")
	if err != nil || len(got) != 2 || !strings.HasSuffix(got[0], `"traits":{"email":"a@x.de"}}`) || !strings.HasSuffix(got[1], `"traits":{"email":"c@x.de"}}`) {
		t.Errorf("%s, %v", got, err)
	}
}

func TestIDsOfRowsDependOnTheContentTheSourceAndTheRow(t *testing.T) {
	spec := func(source string) string { return "source_name: " + source + "\nevent: E\nidentifiers: {user_id: id}" }
	id := func(event string) string {
		var e struct{ MessageID string }
		if err := json.Unmarshal([]byte(event), &e); err != nil {
			t.Fatal(err)
		}
		return e.MessageID
	}
	a, err := units(t, spec("a"), "id\n1\n1\n")
	if err != nil {
		t.Fatal(err)
	}
	again, _ := units(t, spec("a"), "id\n1\n1\n")
	b, _ := units(t, spec("b"), "id\n1\n1\n")
	if id(a[0]) != id(again[0]) || id(a[0]) == id(a[1]) || id(a[0]) == id(b[0]) || !strings.HasPrefix(id(a[0]), "import-") {
		t.Errorf("%s %s %s %s", id(a[0]), id(a[1]), id(again[0]), id(b[0]))
	}
}

const receipts = `source_name: crm
event: E
identifiers: {user_id: id}
message_id: [no]
group_by: [no]
properties: {order_id: no}
lines: {fields: {product_id: sku, quantity: {column: n, type: integer}}}
`

func receipt(no, row string, lines ...string) string {
	return `{"type":"track","messageId":"crm-` + no + `","event":"E","userId":"7","context":{"import":{"source":"crm","file":"x.csv","row":` + row + `}},"properties":{"order_id":"` +
		no + `","products":[` + strings.Join(lines, ",") + `]}}`
}

func TestRowsOfOneKeyBecomeOneEvent(t *testing.T) {
	const a, b, c = `{"product_id":"a","quantity":1}`, `{"product_id":"b","quantity":2}`, `{"product_id":"c","quantity":3}`
	for name, x := range map[string]struct{ spec, content, want string }{
		"sorted": {receipts, "no,id,sku,n\n1,7,a,1\n1,7,b,2\n2,7,c,3\n", receipt("1", "1", a, b) + "\n" + receipt("2", "3", c)},
		"a key that comes back": {receipts, "no,id,sku,n\n1,7,a,1\n2,7,b,2\n1,7,c,3\n1,7,c,3\n", receipt("1", "1", a) + "\n" + receipt("2", "2", b) + strings.Repeat("\n"+
			`!key_returned: no: the rows of "1" are not together; the event of the first ones was made without this row: sort the file by it, or set group_by_sorted: false`, 2)},
		"not sorted":                   {receipts + "group_by_sorted: false", "no,id,sku,n\n1,7,a,1\n2,7,b,2\n1,7,c,3\n", receipt("1", "1", a, c) + "\n" + receipt("2", "2", b)},
		"a bad line":                   {receipts, "no,id,sku,n\n1,7,a,1\n1,7,b,x\n2,7,c,3\n", `!bad_value: row 2: lines.fields.quantity: column n "x" is no whole number within 64 bits` + "\n" + receipt("2", "3", c)},
		"an unreadable row":            {receipts, "no,id,sku,n\n1,7,a,1\n1,7\n1,7,b,2\n2,7,c,3\n", "!ragged_row: the row has 2 fields, the header has 4\n!rejected_with_its_group: row 2, among the rows of this event, cannot be read\n" + receipt("2", "4", c)},
		"one between two":              {receipts, "no,id,sku,n\n1,7,a,1\n1,7\n2,7,c,3\n2,7,b,2\n", "!ragged_row: the row has 2 fields, the header has 4\n" + receipt("1", "1", a) + "\n" + receipt("2", "3", c, b)},
		"two people":                   {receipts, "no,id,sku,n\n1,7,a,1\n1,8,b,2\n", `!conflicting_rows: row 2: it names somebody else than the rows of the same event before it: identifiers.user_id is "8", and was "7"`},
		"a name in the first row only": {receipts, "no,id,sku,n\n1,7,a,1\n1,,b,2\n2,7,c,3\n", receipt("1", "1", a, b) + "\n" + receipt("2", "3", c)},
		"a name in the last row only":  {receipts, "no,id,sku,n\n1,,a,1\n1,7,b,2\n2,7,c,3\n", receipt("1", "1", a, b) + "\n" + receipt("2", "3", c)},
		"no key":                       {receipts, "no,id,sku,n\n,7,a,1\n2,7,c,3\n", "!missing_value: group_by: column no is empty\n" + receipt("2", "2", c)},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := units(t, x.spec, x.content)
			if err != nil || strings.Join(got, "\n") != x.want {
				t.Errorf("%v\ngot\n%s\nwant\n%s", err, strings.Join(got, "\n"), x.want)
			}
		})
	}
}

func TestAnEventOfTooManyRowsIsRefusedWithAllItsRows(t *testing.T) {
	n := 60_000
	got, err := units(t, receipts, "no,id,sku,n\n"+strings.Repeat("1,7,"+strings.Repeat("a", 40)+",1\n", n)+"2,7,c,3\n")
	if err != nil || len(got) != n+1 || !strings.HasPrefix(got[0], "!too_large") || !strings.HasPrefix(got[n-1], "!too_large") || got[n] != receipt("2", fmt.Sprint(n+1), `{"product_id":"c","quantity":3}`) {
		t.Errorf("%d units, %v: %s ... %s", len(got), err, got[0], got[len(got)-1])
	}
}
