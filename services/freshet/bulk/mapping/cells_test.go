package mapping

import (
	"strings"
	"testing"
)

// TestCells maps one row with the columns v and w.
func TestCells(t *testing.T) {
	for name, c := range map[string]struct{ format, field, v, w, want string }{
		"money with a currency":                   {``, `{column: v, type: decimal}`, `-$12.96`, ``, `-12.96`},
		"in brackets":                             {``, `{column: v, type: decimal}`, `($4.00)`, ``, `-4.00`},
		"with groups":                             {`thousands: ","`, `{column: v, type: decimal}`, `$1,234.50`, ``, `1234.50`},
		"Indian groups":                           {`thousands: ","`, `{column: v, type: decimal}`, `1,00,000.00`, ``, `100000.00`},
		"percent":                                 {``, `{column: v, type: decimal}`, `12.5%`, ``, `12.5`},
		"a whole number with a currency":          {`thousands: ","`, `{column: v, type: integer}`, `¥1,980`, ``, `1980`},
		"the signs of the field":                  {``, `{column: v, type: decimal, decimal: ",", thousands: "."}`, `1.234,50`, ``, `1234.50`},
		"count more than those of the format":     {`decimal: ",", thousands: "."`, `{column: v, type: decimal, decimal: "."}`, `1,234.50`, ``, `1234.50`},
		"of the field only groups":                {`decimal: ","`, `{column: v, type: decimal, thousands: ","}`, `1,234.50`, ``, `1234.50`},
		"a comma that could be both":              {``, `{column: v, type: decimal}`, `1,234`, ``, `!bad_value: properties.p: column v "1,234" is no number with the decimal sign ".": format.decimal and format.thousands say how numbers are written`},
		"a code":                                  {``, `{column: v, type: currency}`, `12.00 EUR`, ``, `"EUR"`},
		"a sign of one currency":                  {``, `{column: v, type: currency}`, `1 234,56 €`, ``, `"EUR"`},
		"a code alone":                            {``, `{column: v, type: currency}`, `chf`, ``, `"CHF"`},
		"a sign of several":                       {``, `{column: v, type: currency}`, `$12.00`, ``, ``},
		"a sign of several, with a default":       {``, `{column: v, type: currency, default: USD}`, `$12.00`, ``, `"USD"`},
		"a sign of several, in the map":           {``, `{column: v, type: currency, map: {$: CAD, kr: SEK}}`, `$12.00`, ``, `"CAD"`},
		"a sign with letters, in the map":         {``, `{column: v, type: currency, map: {$: CAD, kr: SEK}}`, `12 Kr.`, ``, `"SEK"`},
		"a code that is not in the map":           {``, `{column: v, type: currency, map: {$: CAD}}`, `12 EUR`, ``, `"EUR"`},
		"no currency":                             {``, `{column: v, type: currency}`, `12.00`, ``, ``},
		"no currency, with a default":             {``, `{column: v, type: currency, default: USD}`, `12.00`, ``, `"USD"`},
		"no amount":                               {``, `{column: v, type: currency}`, `free`, ``, ``},
		"no currency where one has to be":         {``, `{column: v, type: currency, required: true}`, `12.00`, ``, `!missing_value: properties.p: column v is empty`},
		"a zone in another column":                {``, `{column: v, type: timestamp, layouts: ["%m/%d/%Y %H:%M:%S"], zone_column: w}`, `07/01/2026 10:00:00`, `PDT`, `"2026-07-01T17:00:00.000Z"`},
		"a zone as Square writes it":              {``, `{column: v, type: timestamp, zone_column: w}`, `2026-07-01 10:00:00`, `Pacific Time (US & Canada)`, `"2026-07-01T17:00:00.000Z"`},
		"no zone there":                           {``, `{column: v, type: timestamp, zone_column: w, zone: Europe/Berlin}`, `2026-07-01 10:00:00`, ``, `"2026-07-01T08:00:00.000Z"`},
		"a zone that several countries have":      {``, `{column: v, type: timestamp, zone_column: w, zone: Europe/London}`, `2026-07-01 10:00:00`, `BST`, `"2026-07-01T09:00:00.000Z"`},
		"a date and a time":                       {``, `{template: "{v} {w}", type: timestamp, layouts: ["%m/%d/%Y %I:%M %p"]}`, `01/05/2026`, `10:00 PM`, `"2026-01-05T22:00:00.000Z"`},
		"a date and no time":                      {``, `{template: "{v} {w}", type: timestamp, layouts: ["%m/%d/%Y %I:%M %p"]}`, `01/05/2026`, ``, `"2026-01-05T00:00:00.000Z"`},
		"a date and no time, parted by a T":       {``, `{template: "{v}T{w}", type: timestamp}`, `2026-01-05`, ``, `"2026-01-05T00:00:00.000Z"`},
		"a time and no date":                      {``, `{template: "{v} {w}", type: timestamp}`, ``, `10:00`, ``},
		"microseconds":                            {``, `{column: v, type: timestamp, layouts: [unix_us]}`, `1612069510766593`, ``, `"2021-01-31T05:05:10.766Z"`},
		"the day of a time with an offset":        {``, `{column: v, type: date}`, `2026-07-01T00:30:00+02:00`, ``, `"2026-07-01"`},
		"p.m.":                                    {``, `{column: v, type: timestamp, layouts: ["%d/%m/%Y %I:%M %p"]}`, `5/1/2026 10:00 p.m.`, ``, `"2026-01-05T22:00:00.000Z"`},
		"a French month":                          {``, `{column: v, type: date, layouts: ["%d %B %Y"]}`, `5 août 2026`, ``, `"2026-08-05"`},
		"a template of texts is whole or nothing": {``, `{template: "{v} {w}"}`, `a`, ``, ``},
	} {
		t.Run(name, func(t *testing.T) {
			spec := whose + "format: {" + c.format + "}\nproperties: {p: " + c.field + "}"
			got, err := units(t, spec, "id,v,w\n1,\""+c.v+"\",\""+c.w+"\"\n")
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

func TestAnUnknownZoneIsAFault(t *testing.T) {
	got, err := units(t, whose+"timestamp: {column: v, zone_column: w}", "id,v,w\n1,2026-07-01 10:00,Moon\n2,2026-07-01 10:00,CST\n")
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	for i, zone := range []string{"Moon", "CST"} {
		if want := `!bad_timestamp: timestamp: column v "2026-07-01 10:00" stands beside a zone that cannot be told: "` + zone + `" is no zone that is known: `; !strings.HasPrefix(got[i], want) {
			t.Errorf("%s", got[i])
		}
	}
}

func TestKeysOfCellsNeedTheirTypes(t *testing.T) {
	for field, want := range map[string]string{
		`{column: v, zone_column: w}`:                      "properties.p.zone_column: needs type: date or timestamp",
		`{column: v, decimal: ","}`:                        "properties.p.decimal and thousands: need type: integer or decimal",
		`{column: v, type: decimal, decimal: "x"}`:         `properties.p.decimal: "x" is neither "." nor ","`,
		`{column: v, type: decimal, thousands: "."}`:       `properties.p.thousands: "." is not one sign other than the decimal one`,
		`{column: v, type: date, layouts: ["%d.%m"]}`:      `properties.p.layouts[0]: "%d.%m" has no year`,
		`{column: v, type: timestamp, zone_column: gone}`:  `properties.p.zone_column: there is no column "gone"`,
		`{column: v, type: currency, layouts: [iso]}`:      "properties.p.layouts: need type: date or timestamp",
		`{column: v, type: timestamp, zone: Europe/Belin}`: `properties.p.zone: "Europe/Belin" is no time zone`,
	} {
		if _, err := units(t, whose+"properties: {p: "+field+"}", "id,v,w\n1,,\n"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
