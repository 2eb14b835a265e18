package main

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/rule"
)

// featuresFrame is the part of docs/features.md that people write.
//
//go:embed features.md.tmpl
var featuresFrame string

// featuresData is what the frame shows of the catalogue.
type featuresData struct {
	Features, Definitions, Tags         int
	MaxKeys, MaxFeatures, DistinctExact int
	Functions                           string
	Aggregates, FeatureTables, TagTable string
	Costs                               string
}

// featuresPage makes docs/features.md of the shipped catalogue; the source has no part in it.
func featuresPage(*source) (string, error) {
	c, err := catalog.Load("")
	if err != nil {
		return "", err
	}
	cost, err := costs(c)
	if err != nil {
		return "", err
	}
	frame, err := template.New("features.md").Option("missingkey=error").Parse(featuresFrame)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = frame.Execute(&out, featuresData{
		Features: len(c.Features), Definitions: len(c.Definitions), Tags: len(c.Tags),
		MaxKeys: catalog.MaxKeys, MaxFeatures: catalog.MaxFeatures, DistinctExact: catalog.DistinctExact,
		Functions: codes(rule.Functions()), Aggregates: aggregateRows(), FeatureTables: featureTables(c, cost), TagTable: tagTable(c),
		Costs: costTable(c, cost),
	})
	return out.String(), err
}

func codes(words []string) string { return "`" + strings.Join(words, "` `") + "`" }

func aggregateRows() string {
	var out strings.Builder
	all := catalog.Aggregates()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&out, "| `%s` | %s |\n", name, cell(all[name]))
	}
	return out.String()
}

// featureTables are the definitions by level, in the order of the file.
func featureTables(c *catalog.Catalog, cost map[string][]int) string {
	kinds := map[*catalog.Definition]string{}
	for i := range c.Features {
		kinds[c.Features[i].Definition] = c.Features[i].Kind.String()
	}
	var out strings.Builder
	for _, level := range catalog.Levels() {
		fmt.Fprintf(&out, "\n### Level %s\n\n| feature | meaning | formula | windows | kind, unit | sensitivity | bytes |\n|---|---|---|---|---|---|---|\n", level)
		for _, d := range c.Definitions {
			if d.Level == level {
				windows := "over all time"
				if len(d.Windows) > 0 {
					windows = codes(d.Windows)
				}
				fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s, %s | %s | %d |\n", d.Name, cell(d.Description), cellCode(formula(d)), windows, kinds[d], cell(d.Unit), d.Sensitivity,
					cost[d.Name][slices.Index(costSizes, costColumn)])
			}
		}
	}
	return out.String()
}

func formula(d *catalog.Definition) string { return (&catalog.Feature{Definition: d}).Formula() }

func tagTable(c *catalog.Catalog) string {
	var out strings.Builder
	out.WriteString("| tag | meaning | level | when |\n|---|---|---|---|\n")
	for _, t := range c.Tags {
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", t.Name, cell(t.Description), t.Level, cellCode(t.When))
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// cellCode is code within a table.
func cellCode(s string) string { return "`" + cell(s) + "`" }
