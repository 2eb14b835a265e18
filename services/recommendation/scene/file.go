package scene

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"
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
	below, err := decode(base)
	if err != nil {
		return nil, err
	}
	above, err := decode(own)
	if err != nil {
		return nil, err
	}
	p := &parser{parse: parse, names: map[string]bool{}}
	set := &Set{}
	for i, s := range over(below.Scenes, above.Scenes, above.Remove) {
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

func decode(data []byte) (*fileYAML, error) {
	f := &fileYAML{}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(f); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("not a file of scenes: %w", plain(err))
	}
	return f, nil
}

var unknownKey = regexp.MustCompile(`field (\S+) not found in type \S+`)

// plain words a fault of the YAML library for somebody who does not know Go.
func plain(err error) error {
	return errors.New(unknownKey.ReplaceAllString(err.Error(), `unknown key "$1"`))
}

// over lays a list over another, by name.
func over(below, above []sceneYAML, remove []string) []sceneYAML {
	var out []sceneYAML
	for _, s := range below {
		if slices.Contains(remove, s.Name) {
			continue
		}
		if i := slices.IndexFunc(above, func(a sceneYAML) bool { return a.Name == s.Name }); i >= 0 {
			s = above[i]
		}
		out = append(out, s)
	}
	for i, s := range above {
		if !slices.ContainsFunc(below, func(b sceneYAML) bool { return b.Name == s.Name }) || slices.ContainsFunc(above[:i], func(a sceneYAML) bool { return a.Name == s.Name }) {
			out = append(out, s)
		}
	}
	return out
}
