package catalog

import (
	"strings"
	"testing"
)

const live = `
features:
  - {name: a, description: A., level: value, aggregate: sum, value: properties.total, windows: [1h, 24h]}
  - {name: b, description: B., level: value, aggregate: count, windows: [1h, 24h]}
  - {name: r, description: R., level: value, aggregate: ratio, of: [a, b], windows: [1h]}
  - {name: top, description: T., level: value, aggregate: top, by: properties.category, half_life: 8d}
  - {name: age, description: Age., level: value, aggregate: since_last, unit: hours}
`

func parse(t *testing.T, text string) *Catalog {
	t.Helper()
	c, err := Parse([]byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestALiveDefinitionIsImmutable(t *testing.T) {
	for name, tc := range map[string]struct{ old, new, want string }{
		"nothing changed":                   {"", "", ""},
		"another description":               {"description: A.", "description: Another., owner: somebody", ""},
		"another level":                     {"level: value, aggregate: sum", "level: service, aggregate: sum", ""},
		"another window added":              {"value: properties.total, windows: [1h, 24h]", "value: properties.total, windows: [1h, 24h, 30d]", ""},
		"a window left out":                 {"aggregate: count, windows: [1h, 24h]", "aggregate: count, windows: [1h]", ""},
		"a feature left out":                {"  - {name: top, description: T., level: value, aggregate: top, by: properties.category, half_life: 8d}\n", "", ""},
		"spaces in an expression":           {"by: properties.category", "by: ' properties.category '", ""},
		"another value":                     {"properties.total", "properties.revenue", `feature "a": a_1h is live and its meaning is not to change (what it is made of): give the new one another name, such as a_v2`},
		"a condition added":                 {"aggregate: count", "aggregate: count, where: event == \"X\"", "b_1h is live and its meaning is not to change (what it is made of)"},
		"another aggregate":                 {"aggregate: count", "aggregate: sum, value: properties.x", "b_1h is live and its meaning is not to change (aggregate)"},
		"another mode":                      {"aggregate: count", "aggregate: count, mode: exact", "(windows)"},
		"another default":                   {"of: [a, b]", "of: [a, b], default: 1", "r_1h is live and its meaning is not to change (default)"},
		"a complement":                      {"of: [a, b]", "of: [a, b], complement: true", "(complement)"},
		"other features that it is made of": {"of: [a, b]", "of: [b, a]", "(what it is made of)"},
		"another half-life":                 {"half_life: 8d", "half_life: 16h", "(what it is made of)"},
		"another keep":                      {"half_life: 8d", "half_life: 8d, keep: 4", "(keep)"},
		"another unit of time":              {"unit: hours", "unit: days", "(unit)"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(live, tc.old, tc.new, 1)
			err := Changed(parse(t, live), parse(t, text))
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("%v", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}
