package main

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/freshet/freshet/pkg/catalog"
)

// featuresFrame is what of docs/features.md is written by hand; the marked places take the tables.
//
//go:embed features.md.frame
var featuresFrame string

// featuresPage writes docs/features.md: the frame, every aggregate, and every feature and tag of the shipped catalogue.
func featuresPage(*source) (string, error) {
	c, err := catalog.Load("")
	if err != nil {
		return "", err
	}
	return strings.NewReplacer(
		"<!-- aggregates -->", aggregatesTable(), "<!-- features -->", featuresTables(c), "<!-- tags -->", tagsTable(c),
		"<!-- count -->", fmt.Sprintf("%d definitions make %d features; %d tags", len(c.Definitions), len(c.Features), len(c.Tags)),
	).Replace(featuresFrame), nil
}

func aggregatesTable() string {
	var b strings.Builder
	b.WriteString("| aggregate | what it is |\n|---|---|\n")
	all := catalog.Aggregates()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, all[name])
	}
	return b.String()
}

// featuresTables has a table for each level, a line for each definition.
func featuresTables(c *catalog.Catalog) string {
	var b strings.Builder
	for _, level := range []string{"basic", "behaviour", "preference", "value", "service"} {
		fmt.Fprintf(&b, "### %s%s\n| feature | windows | kind | unit | what it means | how it is made |\n|---|---|---|---|---|---|\n", strings.ToUpper(level[:1]), level[1:])
		for i := range c.Features {
			f := &c.Features[i]
			if f.Level != level || i > 0 && c.Features[i-1].Definition == f.Definition {
				continue
			}
			meaning := f.Description
			if f.Sensitivity != "none" {
				meaning += " *(" + f.Sensitivity + ")*"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | `%s` |\n", f.Definition.Name, strings.Join(f.Windows, " "), f.Kind, f.Unit, cell(meaning), cell(f.Formula()))
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func tagsTable(c *catalog.Catalog) string {
	var b strings.Builder
	b.WriteString("| tag | level | what it means | when |\n|---|---|---|---|\n")
	for _, t := range c.Tags {
		fmt.Fprintf(&b, "| `%s` | %s | %s | `%s` |\n", t.Name, t.Level, cell(t.Description), cell(t.When))
	}
	return b.String()
}
