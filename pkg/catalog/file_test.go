package catalog

import (
	"strings"
	"testing"
)

// one is a file with one definition.
func one(keys string) string {
	return "features:\n- {name: x, description: X., level: value, " + keys + "}\n"
}

func TestFaultsOfAFile(t *testing.T) {
	at := `line 2: features[0] "x": `
	for name, tc := range map[string]struct{ text, want string }{
		"no YAML":                        {"features: [", "not YAML: "},
		"an unknown key":                 {one("aggregate: count, agg: sum"), `line 2: unknown key "agg"`},
		"an unknown list":                {"feature: []", `line 1: unknown key "feature"`},
		"a list where a word belongs":    {one("aggregate: [count]"), "line 2: the value has not the form that belongs here"},
		"a word where a number belongs":  {one("aggregate: latest, by: event, keep: many"), "line 2: the value `many` has not the form that belongs here"},
		"two documents":                  {"features: []\n---\nfeatures: []", "more than one YAML document: put everything into the first"},
		"an aggregate that is none":      {one("aggregate: median"), at + `aggregate: "median" is none; there are average, breakdown, count, `},
		"no aggregate":                   {one("unit: x"), at + `aggregate: "" is none; there are average`},
		"no level":                       {"features:\n- {name: x, description: X., aggregate: count}", at + `level: "" is none of basic, behaviour, preference, value, service`},
		"no description":                 {"features:\n- {name: x, level: value, aggregate: count}", at + "description: say in a sentence what it means"},
		"a sensitivity that is none":     {one("aggregate: count, sensitivity: secret"), at + `sensitivity: "secret" is none of none, personal, sensitive`},
		"a source that is none":          {one("aggregate: count, from: pages"), at + `from: "pages" is neither events nor orders`},
		"a mode that is none":            {one("aggregate: count, mode: hopping"), at + `mode: "hopping" is none of sawtooth, exact`},
		"no value for a sum":             {one("aggregate: sum"), at + "value: sum needs one"},
		"a value for a count":            {one("aggregate: count, value: properties.x"), at + "value: count takes none"},
		"no key for top":                 {one("aggregate: top"), at + "by: top needs one"},
		"no half-life for a decayed sum": {one("aggregate: decayed_sum"), at + "half_life: decayed_sum needs one, such as 30d"},
		"windows and half-life":          {one("aggregate: top, by: event, half_life: 16h, windows: [7d]"), at + "windows: there is a half-life: give one of the two"},
		"a half-life of an hour":         {one("aggregate: decayed_sum, half_life: 1h"), at + "half_life: must be a multiple of 8 hours, at most 3650d"},
		"a half-life that is no span":    {one("aggregate: decayed_sum, half_life: week"), at + `half_life: "week" is no span of time, such as 24h or 30d`},
		"windows for a last value":       {one("aggregate: last, value: city, windows: [1h]"), at + "windows: last has none: it is over all time"},
		"no windows for sessions":        {one("aggregate: session_count"), at + "windows: session_count needs one, at most 90d"},
		"sessions of a year":             {one("aggregate: session_count, windows: [365d]"), at + `windows: "365d": session_count is kept for 90d at most`},
		"sessions of all time":           {one("aggregate: session_count, windows: [lifetime]"), at + `windows: "lifetime": session_count is kept for 90d at most`},
		"a window that is none":          {one("aggregate: count, windows: [1w]"), at + `windows: "1w" is no span of time, such as 24h or 30d, or lifetime`},
		"a window of no length":          {one("aggregate: count, windows: [0d]"), at + `windows: "0d" is no span`},
		"a window of eternity":           {one("aggregate: count, windows: [9999d]"), at + `windows: "9999d" is longer than 3650d: use lifetime`},
		"a window twice":                 {one("aggregate: count, windows: [1h, 1h]"), at + `windows: "1h" is there twice`},
		"a long exact window":            {one("aggregate: count, mode: exact, windows: [30d]"), at + `windows: "30d": mode exact keeps every moment apart, for 7d at most`},
		"keep for a count":               {one("aggregate: count, keep: 3"), at + "keep: count is no list"},
		"too much to keep":               {one("aggregate: latest, by: event, keep: 129"), at + "keep: 129 is not within 1 and 128"},
		"less than nothing to keep":      {one("aggregate: top, by: event, keep: -1"), at + "keep: -1 is not within 1 and 128"},
		"a distinct count of orders":     {one("aggregate: distinct, from: orders, value: orders"), at + "from: distinct cannot be made of orders, which may be taken back"},
		"a condition on orders":          {one(`aggregate: count, from: orders, where: event == "X"`), at + "where: orders have no members"},
		"a number that orders lack":      {one("aggregate: sum, from: orders, value: margin"), at + `value: "margin" is none of orders, quantity, spend, refunds, refund`},
		"a decayed count of orders":      {one("aggregate: decayed_sum, half_life: 8h, from: orders, value: orders"), at + "value: decayed_sum of orders or refunds: these are whole"},
		"an average of orders":           {one("aggregate: average, from: orders, value: refunds"), at + "value: average of orders or refunds: these are whole"},
		"each for sessions":              {one("aggregate: session_count, windows: [7d], each: properties.products"), at + "each: session_count takes none"},
		"a default for a list":           {one("aggregate: top, by: event, default: 3"), at + "default: only numbers have one"},
		"a default that is no number":    {one("aggregate: max, value: properties.x, default: much"), "line 2: the value `much` has not the form that belongs here"},
		"a default too fine":             {one("aggregate: max, value: properties.x, default: 0.1234567"), at + "default: 0.1234567 does not fit: counts are whole, other numbers have six decimals at most"},
		"a default that is none":         {one("aggregate: max, value: properties.x, default: .nan"), at + "default: NaN does not fit"},
		"complement for a count":         {one("aggregate: count, complement: true"), at + "complement: only a ratio can be taken from 1"},
		"a condition that is none":       {one("aggregate: count, where: event ="), at + "where: "},
		"item without each":              {one("aggregate: sum, value: item.price"), at + "value: "},
		"ratio of one":                   {one("aggregate: ratio, of: [a]"), at + "of: ratio is made of 2 features"},
		"a count of others":              {one("aggregate: count, of: [a, b]"), at + "of: count is made of events or orders, not of features"},
		"ratio of what is not there":     {one("aggregate: ratio, of: [a, b]"), `feature "x": of: there is no feature "a", with or without its window`},
		"a name in capitals":             {"features:\n- {name: Spend, description: X., level: value, aggregate: count}", `line 2: features[0] "Spend": name: must be lower snake case`},
		"a word of the rules":            {"features:\n- {name: in, description: X., level: value, aggregate: count}", "name: is a word of the rules' language"},
		"a name like a time":             {"features:\n- {name: days_since_x, description: X., level: value, aggregate: count}", "name: begins like the time since a moment"},
		"a name twice":                   {one("aggregate: count") + "- {name: x, description: X., level: value, aggregate: count}", `line 3: features[1] "x": name: is used twice`},
		"two features, one name":         {one("aggregate: count, windows: [1h]") + "- {name: x_1h, description: X., level: value, aggregate: count}", `x_1h`},
		"a tag with a feature's name": {one("aggregate: count") + "tags:\n- {name: x, description: X., level: value, when: x > 1}",
			`line 4: tags[0] "x": name: is taken by another tag or a feature`},
		"a tag of level service":  {"tags:\n- {name: t, description: T., level: service, when: x > 1}", `line 2: tags[0] "t": level: "service" is none of basic, behaviour, preference, value`},
		"a tag without condition": {"tags:\n- {name: t, description: T., level: value}", `line 2: tags[0] "t": when: is empty`},
		"a removal of nothing":    {"remove:\n- y", `line 2: remove[0] "y": there is no shipped feature or tag of this name`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(nil, []byte(tc.text))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
}

func TestAllFaultsAreToldAtOnceUnderTheirLines(t *testing.T) {
	const text = `
features:
  - name: a
    description: A.
    level: values
    aggregate: count
    windows: [1h, 61m]
    where: even == "X"
  - name: b
    level: value
    agg: count
    aggregate: sum
`
	_, err := Parse(nil, []byte(text))
	if err == nil {
		t.Fatal("it was taken")
	}
	want := []string{`line 11: unknown key "agg"`, `line 5: features[0] "a": level: "values"`, `line 8: features[0] "a": where: `,
		`line 7: features[0] "a": windows: "61m"`, `line 9: features[1] "b": description:`, `line 9: features[1] "b": value: sum needs one`}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d faults, want %d:\n%v", len(lines), len(want), err)
	}
	for i, w := range want {
		if !strings.HasPrefix(lines[i], w) {
			t.Errorf("fault %d is %s\nwant %s", i, lines[i], w)
		}
	}
}

// What is found in the shipped file has no line of the workspace's.
func TestWhatIsRemovedIsMissedWhereItIsUsed(t *testing.T) {
	_, err := Parse(Shipped(), []byte("remove: [spend]"))
	if err == nil || !strings.Contains(err.Error(), `"spend`) {
		t.Errorf("%v", err)
	}
}
