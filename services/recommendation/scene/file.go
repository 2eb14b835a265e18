package scene

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/freshet/freshet/pkg/yamlfile"
)

//go:embed scenes.yaml
var shipped []byte

// Shipped are the scenes that come with the software, as YAML.
func Shipped() []byte { return shipped }

// Load reads a workspace's own file and lays it over the shipped one; an empty path is the shipped one alone. The error joins every fault. A nil parse refuses
// every condition over items.
func Load(path string, parse ParseFilter) (*Set, error) {
	if path == "" {
		return Parse(shipped, nil, parse)
	}
	own, err := os.ReadFile(path) //nolint:gosec // The operator names the file.
	if err != nil {
		return nil, fmt.Errorf("read the scenes: %w", err)
	}
	s, err := Parse(shipped, own, parse)
	if err != nil {
		return nil, fmt.Errorf("scenes file %s:\n%w", path, err)
	}
	return s, nil
}

// Parse checks two files, own laid over base: one of own replaces base's of the same name in its place, others follow behind; what own removes is gone.
func Parse(base, own []byte, parse ParseFilter) (*Set, error) {
	var below, above fileYAML
	if faults := append(yamlfile.Decode(base, &below), yamlfile.Decode(own, &above)...); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	p := &parser{parse: parse, names: map[string]bool{}}
	set := &Set{}
	for i, s := range yamlfile.Over(below.Scenes, above.Scenes, above.Remove, func(s sceneYAML) string { return s.Name }) {
		set.Scenes = append(set.Scenes, p.scene(fmt.Sprintf("scenes[%d] %q", i, clip(s.Name)), &s))
	}
	for i, n := range above.Remove {
		if !slices.ContainsFunc(below.Scenes, func(s sceneYAML) bool { return s.Name == n }) {
			p.fail(fmt.Sprintf("remove[%d]", i), "no shipped scene is called %q", clip(n))
		}
	}
	if len(set.Scenes) > mostScenes {
		p.fail("scenes", "%d of them: at most %d", len(set.Scenes), mostScenes)
	}
	if len(p.faults) > 0 {
		return nil, errors.Join(p.faults...)
	}
	return set, nil
}

// mostScenes keeps labels of metrics few.
const mostScenes = 200
