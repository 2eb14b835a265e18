package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/rule"
)

// The page has a row for every definition, tag and aggregate, and a row is one line of a table.
func TestFeaturesPageHasEverything(t *testing.T) {
	page, err := featuresPage(nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Load("")
	if err != nil {
		t.Fatal(err)
	}
	row := func(cells int, name string, holds ...string) {
		t.Helper()
		for line := range strings.Lines(page) {
			if strings.HasPrefix(line, "| `"+name+"` | ") && columns(line) == cells {
				for _, h := range holds {
					if !strings.Contains(line, h) {
						t.Errorf("the row of %s has no %q: %s", name, h, line)
					}
				}
				return
			}
		}
		t.Errorf("no row of %d cells for %s", cells, name)
	}
	for _, d := range c.Definitions {
		row(7, d.Name, cell(d.Description), d.Sensitivity, d.Unit)
	}
	for _, tag := range c.Tags {
		row(4, tag.Name, cell(tag.Description), tag.Level, cell(tag.When))
	}
	for name, doc := range catalog.Aggregates() {
		row(2, name, cell(doc))
	}
}

// columns counts a row's cells; \| stands within one.
func columns(row string) int { return strings.Count(strings.ReplaceAll(row, `\|`, ""), "|") - 1 }

// Every key of the file's language has a row: the page names what the parser takes, and nothing else.
func TestFeaturesPageNamesTheKeysThatTheParserTakes(t *testing.T) {
	_, rest, _ := strings.Cut(featuresFrame, "| key of a feature | meaning |")
	table, _, _ := strings.Cut(rest, "\n\n")
	told := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(table, -1) {
		told[m[1]] = true
	}
	for key := range told {
		if _, err := catalog.Parse(nil, []byte("features: [{"+key+": }]")); err == nil || strings.Contains(err.Error(), "unknown key") {
			t.Errorf("%s is no key: %v", key, err)
		}
	}
	// The shipped file uses nearly all of them.
	for _, m := range regexp.MustCompile(`(?m)^(?:  - |    )([a-z_]+): `).FindAllStringSubmatch(string(catalog.Shipped()), -1) {
		if key := m[1]; key != "when" && !told[key] {
			t.Errorf("the page does not tell of %s", key)
		}
	}
}

// A reader may copy the examples.
func TestExamplesOfTheFeaturesPageLoad(t *testing.T) {
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(featuresFrame, -1)
	if len(examples) < 2 {
		t.Fatalf("%d examples", len(examples))
	}
	for _, m := range examples {
		c, err := catalog.Parse(catalog.Shipped(), []byte(m[1]))
		if err == nil {
			_, err = rule.Tags(c)
		}
		if err != nil {
			t.Errorf("%v\n%s", err, m[1])
		}
	}
	conditions := regexp.MustCompile("`([^`\n]*(?:[<>]=? [0-9]|== \"gold\"| in categories_viewed|^ever|^has)[^`\n]*)`").FindAllStringSubmatch(section(t, "## Conditions and tags"), -1)
	if len(conditions) < 8 {
		t.Fatalf("%d conditions: %v", len(conditions), conditions)
	}
	for _, m := range conditions {
		own := "tags: [{name: mine, description: Mine., level: basic, when: '" + m[1] + "'}]"
		c, err := catalog.Parse(catalog.Shipped(), []byte(own))
		if err == nil {
			_, err = rule.Tags(c)
		}
		if err != nil && !strings.Contains(m[1], "lapsed") { // a tag is a condition in rules only
			t.Errorf("%s: %v", m[1], err)
		}
	}
}

// section is the part of the frame below a heading.
func section(t *testing.T, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(featuresFrame, heading)
	if !ok {
		t.Fatalf("no %s", heading)
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	return text
}

// What a definition costs is measured: one that is made of others costs nothing, every other one something, and more events never less.
func TestFeaturesCostsAreMeasured(t *testing.T) {
	c, err := catalog.Load("")
	if err != nil {
		t.Fatal(err)
	}
	cost, err := costs(c)
	if err != nil {
		t.Fatal(err)
	}
	sum := make([]int, len(costSizes))
	for _, d := range c.Definitions {
		for i, n := range cost[d.Name] {
			sum[i] += n
			if n < 0 || len(d.Of) > 0 && n != 0 {
				t.Errorf("%s costs %d bytes with %d events", d.Name, n, costSizes[i])
			}
		}
	}
	if events := cost["events"]; events[0] <= 0 || events[1] <= events[0] {
		t.Errorf("counting all events costs %v", events)
	}
	for i, n := range costSizes {
		if whole := stateBytes(c, n); whole <= cost[""][i] || whole >= sum[i]+cost[""][i] {
			t.Errorf("the whole state takes %d bytes, its parts %d", whole, sum[i])
		}
	}
}
