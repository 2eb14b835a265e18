package catalog

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/freshet/freshet/pkg/yamlfile"
)

//go:embed features.yaml
var shipped []byte

// Shipped is the catalogue that comes with the software, as YAML.
func Shipped() []byte { return shipped }

// fileYAML is a file as written.
type fileYAML struct {
	Features []featureYAML `yaml:"features,omitempty"`
	Tags     []tagYAML     `yaml:"tags,omitempty"`
	// Remove names shipped features and tags that are not wanted.
	Remove []string `yaml:"remove,omitempty"`
}

type featureYAML struct {
	Name        string   `yaml:"name"`
	Description string   `yaml:"description,omitempty"`
	Unit        string   `yaml:"unit,omitempty"`
	Owner       string   `yaml:"owner,omitempty"`
	Sensitivity string   `yaml:"sensitivity,omitempty"`
	Level       string   `yaml:"level,omitempty"`
	From        string   `yaml:"from,omitempty"`
	Where       string   `yaml:"where,omitempty"`
	Each        string   `yaml:"each,omitempty"`
	Aggregate   string   `yaml:"aggregate"`
	Value       string   `yaml:"value,omitempty"`
	By          string   `yaml:"by,omitempty"`
	Windows     []string `yaml:"windows,omitempty,flow"`
	Mode        string   `yaml:"mode,omitempty"`
	HalfLife    string   `yaml:"half_life,omitempty"`
	Keep        int      `yaml:"keep,omitempty"`
	Of          []string `yaml:"of,omitempty,flow"`
	Complement  bool     `yaml:"complement,omitempty"`
	Default     *float64 `yaml:"default,omitempty"`
}

type tagYAML struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description,omitempty"`
	Level       string `yaml:"level,omitempty"`
	When        string `yaml:"when"`
}

// Load reads a workspace's own file and lays it over the shipped catalogue; an empty path is the shipped one alone. The error joins every fault of
// the file.
func Load(path string) (*Catalog, error) {
	if path == "" {
		return Parse(shipped, nil)
	}
	own, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the features: %w", err)
	}
	c, err := Parse(shipped, own)
	if err != nil {
		return nil, fmt.Errorf("features file %s:\n%w", path, err)
	}
	return c, nil
}

// Parse checks and compiles two files, own laid over base: a definition of own replaces base's of the same name in its place, others follow behind;
// what own removes is gone. The error joins every fault, each under the key that was typed.
func Parse(base, own []byte) (*Catalog, error) {
	var below, above fileYAML
	faults := append(yamlfile.Decode(base, &below), yamlfile.Decode(own, &above)...)
	p := &parser{removed: above.Remove, lines: linesOf(own)}
	p.features(below.Features, above.Features)
	p.tags(below.Tags, above.Tags)
	p.removals()
	faults = append(faults, p.faults...)
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return p.catalog()
}

// parser collects definitions and faults.
type parser struct {
	removed []string
	gone    []string // what of it was there
	raw     fileYAML
	defs    []*compiled
	tagList []Tag
	names   map[string]bool
	lines   lines // of the own file
	faults  []error
}

// fault notes a fault of an entry's key, which err begins with.
func (p *parser) fault(at place, key string, err error) {
	if line := at.of(key); line > 0 {
		err = fmt.Errorf("line %d: %s: %w", line, at.what, err)
	} else {
		err = fmt.Errorf("%s: %w", at.what, err)
	}
	p.faults = append(p.faults, err)
}

// removals refuses to remove what is not there.
func (p *parser) removals() {
	for i, name := range p.removed {
		if !slices.Contains(p.gone, name) {
			p.fault(p.lines.at("remove", i, fmt.Sprintf("remove[%d] %q", i, name)), "", errors.New("there is no shipped feature or tag of this name"))
		}
	}
}

func (p *parser) ownFeatures(i int, name string) place {
	return p.lines.at("features", i, fmt.Sprintf("features[%d] %q", i, name))
}

func (p *parser) ownTags(i int, name string) place {
	return p.lines.at("tags", i, fmt.Sprintf("tags[%d] %q", i, name))
}

// wanted says whether a shipped one stays.
func (p *parser) wanted(name string) bool {
	if slices.Contains(p.removed, name) {
		p.gone = append(p.gone, name)
		return false
	}
	return true
}

// features lays one list over another and checks each.
func (p *parser) features(base, own []featureYAML) {
	p.names = map[string]bool{}
	own = slices.Clone(own)
	at := map[string]int{}
	for i, f := range own {
		if _, twice := at[f.Name]; twice {
			p.fault(p.ownFeatures(i, f.Name), "name", errors.New("name: is used twice"))
		}
		at[f.Name] = i
	}
	done := map[string]bool{}
	for i, f := range base {
		if !p.wanted(f.Name) {
			continue
		}
		where, mine := place{what: fmt.Sprintf("features[%d] %q", i, f.Name)}, true
		if j, over := at[f.Name]; over {
			f, where, mine = own[j], p.ownFeatures(j, f.Name), false
			done[f.Name] = true
		}
		p.feature(where, f, mine)
	}
	for i, f := range own {
		if !done[f.Name] {
			p.feature(p.ownFeatures(i, f.Name), f, false)
		}
	}
}

// tags does the same for tags.
func (p *parser) tags(base, own []tagYAML) {
	own = slices.Clone(own)
	at := map[string]int{}
	for i, t := range own {
		if _, twice := at[t.Name]; twice {
			p.fault(p.ownTags(i, t.Name), "name", errors.New("name: is used twice"))
		}
		at[t.Name] = i
	}
	done := map[string]bool{}
	for i, t := range base {
		if !p.wanted(t.Name) {
			continue
		}
		where, mine := place{what: fmt.Sprintf("tags[%d] %q", i, t.Name)}, true
		if j, over := at[t.Name]; over {
			t, where, mine = own[j], p.ownTags(j, t.Name), false
			done[t.Name] = true
		}
		p.tag(where, t, mine)
	}
	for i, t := range own {
		if !done[t.Name] {
			p.tag(p.ownTags(i, t.Name), t, false)
		}
	}
}
