package forecast

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/rule"
	"github.com/freshet/freshet/pkg/yamlfile"
)

//go:embed forecasts.yaml
var shipped []byte

// Shipped are the forecasts that come with the software, as YAML.
func Shipped() []byte { return shipped }

// fileYAML is a file as written.
type fileYAML struct {
	Targets  []targetYAML  `yaml:"targets,omitempty"`
	Warnings []warningYAML `yaml:"warnings,omitempty"`
	Holdout  *struct {
		Percent float64 `yaml:"percent"`
	} `yaml:"holdout,omitempty"`
	// Remove names shipped targets and warnings that are not wanted.
	Remove []string `yaml:"remove,omitempty"`
}

type targetYAML struct {
	Name        string  `yaml:"name"`
	Description string  `yaml:"description"`
	Counts      string  `yaml:"counts"`
	Outcome     Outcome `yaml:"outcome"`
	Within      span    `yaml:"within,omitempty"`
	Rhythm      *struct {
		Times float64 `yaml:"times"`
		Of    string  `yaml:"of"`
		Least span    `yaml:"least"`
		Most  span    `yaml:"most"`
	} `yaml:"rhythm,omitempty"`
	Among string `yaml:"among"`
	Bands *struct {
		High   actYAML `yaml:"high"`
		Medium actYAML `yaml:"medium"`
	} `yaml:"bands,omitempty"`
}

type actYAML struct {
	Cost      float64 `yaml:"cost,omitempty"`
	CostShare float64 `yaml:"cost_share,omitempty"`
	Saves     float64 `yaml:"saves"`
}

type warningYAML struct {
	Name        string  `yaml:"name"`
	Description string  `yaml:"description"`
	Kind        string  `yaml:"kind"`
	Recent      string  `yaml:"recent,omitempty"`
	Past        string  `yaml:"past,omitempty"`
	To          float64 `yaml:"to,omitempty"`
	Least       float64 `yaml:"least,omitempty"`
	Since       string  `yaml:"since,omitempty"`
	Cycle       string  `yaml:"cycle,omitempty"`
	Times       float64 `yaml:"times,omitempty"`
	Moment      string  `yaml:"moment,omitempty"`
	Answer      string  `yaml:"answer,omitempty"`
	Within      span    `yaml:"within,omitempty"`
}

// span is a number of days, written 60d.
type span time.Duration

// UnmarshalYAML reads 60d.
func (s *span) UnmarshalYAML(n *yaml.Node) error {
	days, err := strconv.Atoi(strings.TrimSuffix(n.Value, "d"))
	if err != nil || !strings.HasSuffix(n.Value, "d") || days < 1 || days > 3650 {
		return fmt.Errorf("line %d: %q is no number of days from 1 to 3650: write 60d", n.Line, n.Value)
	}
	*s = span(time.Duration(days) * 24 * time.Hour)
	return nil
}

// Load reads a workspace's own file and lays it over the shipped one, over the features of a catalogue; an empty path is the shipped one alone. The error
// joins every fault.
func Load(path string, c *catalog.Catalog) (*Set, error) {
	if path == "" {
		return Parse(shipped, nil, c)
	}
	own, err := os.ReadFile(path) //nolint:gosec // The operator names the file.
	if err != nil {
		return nil, fmt.Errorf("read the forecasts: %w", err)
	}
	s, err := Parse(shipped, own, c)
	if err != nil {
		return nil, fmt.Errorf("forecasts file %s:\n%w", path, err)
	}
	return s, nil
}

// Parse checks two files, own laid over base: one of own replaces base's of the same name in its place, others follow behind; what own removes is gone.
func Parse(base, own []byte, c *catalog.Catalog) (*Set, error) {
	var below, above fileYAML
	if faults := append(yamlfile.Decode(base, &below), yamlfile.Decode(own, &above)...); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	p := &parser{catalog: c, set: &Set{HoldoutPercent: 5}, names: map[string]string{}}
	for _, f := range []*fileYAML{&below, &above} {
		if f.Holdout != nil {
			p.set.HoldoutPercent = f.Holdout.Percent
		}
	}
	for i, t := range yamlfile.Over(below.Targets, above.Targets, above.Remove, func(t targetYAML) string { return t.Name }) {
		p.target(fmt.Sprintf("targets[%d] %q", i, t.Name), &t)
	}
	for i, w := range yamlfile.Over(below.Warnings, above.Warnings, above.Remove, func(w warningYAML) string { return w.Name }) {
		p.warning(fmt.Sprintf("warnings[%d] %q", i, w.Name), &w)
	}
	p.removed(&below, above.Remove)
	return p.finish()
}

// finish compiles what was read.
func (p *parser) finish() (*Set, error) {
	s := p.set
	if !(s.HoldoutPercent >= 0 && s.HoldoutPercent <= 50) {
		p.fail("holdout", "percent: %g is not within 0 and 50", s.HoldoutPercent)
	}
	s.layout = catalog.NewLayout(s.fields())
	s.among = rule.NewSet(rule.SchemaOf(p.catalog.Layout(), true))
	for i := range s.Targets {
		t := &s.Targets[i]
		for _, err := range s.among.Add(rule.Rule{Name: t.Name, When: t.Among}) {
			p.fail(fmt.Sprintf("targets[%d] %q", i, t.Name), "among: %v", err)
		}
	}
	if len(p.faults) > 0 {
		return nil, errors.Join(p.faults...)
	}
	return s, nil
}
