// Package rulefile reads the file in which people write segments, and the endpoints that hear of them. What a condition means is package rule's to say.
package rulefile

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/freshet/freshet/pkg/rule"
	"github.com/freshet/freshet/pkg/yamlfile"
	"github.com/freshet/freshet/services/segmentation/webhook"
)

// maxSegments bounds the rules of a file: every one is looked at for every change of
// every customer.
const maxSegments = 1000

// nameForm is what a segment's or an endpoint's name looks like.
var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// File is a rules file: the segments, and the endpoints that hear of them.
type File struct {
	// Set is the compiled segments.
	Set *rule.Set
	// Alerts names, by segment, the endpoint that hears of its transitions.
	Alerts map[string]string
	// Endpoints are those declared in the file, by name. One without a URL is declared
	// and switched off until the service's configuration gives it one.
	Endpoints map[string]webhook.Endpoint
}

// fileYAML is the file as written.
type fileYAML struct {
	Segments []struct {
		Name        string `yaml:"name"`
		Description string `yaml:"description"`
		When        string `yaml:"when"`
		Alert       string `yaml:"alert"`
	} `yaml:"segments"`
	Endpoints []struct {
		Name       string `yaml:"name"`
		URL        string `yaml:"url"`
		Secret     string `yaml:"secret"`
		SecretFile string `yaml:"secret_file"`
		Events     string `yaml:"events"`
		Identity   string `yaml:"identity"`
	} `yaml:"endpoints"`
}

// Load reads and compiles a rules file over the features and tags of a schema; reserved names (the RFM tiers) are refused as
// segment names. The error joins every fault of the file.
func Load(path string, schema rule.Schema, reserved ...string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	f, err := Parse(data, schema, reserved...)
	if err != nil {
		return nil, fmt.Errorf("rules file %s:\n%w", path, err)
	}
	return f, nil
}

// Endpoints reads the endpoints of a rules file alone: its conditions are not looked at.
func Endpoints(path string) (map[string]webhook.Endpoint, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	var raw fileYAML
	if err := yaml.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("rules file %s: not YAML: %w", path, err)
	}
	f := &File{Endpoints: map[string]webhook.Endpoint{}}
	if faults := f.addEndpoints(raw); len(faults) > 0 {
		return nil, fmt.Errorf("rules file %s:\n%w", path, errors.Join(faults...))
	}
	return f.Endpoints, nil
}

// Parse compiles the text of a rules file. An empty text is a file without segments.
// The error joins every fault: unknown keys with their line, then each segment's and
// endpoint's faults under its name.
func Parse(data []byte, schema rule.Schema, reserved ...string) (*File, error) {
	var raw fileYAML
	faults := yamlfile.Decode(data, &raw)
	f := &File{Set: rule.NewSet(schema), Alerts: map[string]string{}, Endpoints: map[string]webhook.Endpoint{}}
	faults = append(faults, f.addEndpoints(raw)...)
	faults = append(faults, f.addSegments(raw, reserved)...)
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return f, nil
}

// addEndpoints checks and keeps the endpoints.
func (f *File) addEndpoints(raw fileYAML) (faults []error) {
	for i, e := range raw.Endpoints {
		at := fmt.Sprintf("endpoints[%d] %q", i, e.Name)
		if !nameForm.MatchString(e.Name) {
			faults = append(faults, fmt.Errorf("%s: name must be lower snake case, at most 63 characters", at))
		}
		if _, twice := f.Endpoints[e.Name]; twice {
			faults = append(faults, fmt.Errorf("%s: the name is used twice", at))
		}
		ep := webhook.Endpoint{URL: e.URL, Secret: e.Secret, SecretFile: e.SecretFile, Events: e.Events, Identity: e.Identity}
		for _, err := range ep.Faults() {
			faults = append(faults, fmt.Errorf("%s: %w", at, err))
		}
		f.Endpoints[e.Name] = ep
	}
	return faults
}

// addSegments checks, compiles and keeps the segments.
func (f *File) addSegments(raw fileYAML, reserved []string) (faults []error) {
	if len(raw.Segments) > maxSegments {
		return []error{fmt.Errorf("segments: %d rules, at most %d are allowed", len(raw.Segments), maxSegments)}
	}
	seen := map[string]bool{}
	for _, r := range reserved {
		seen[r] = true
	}
	for i, s := range raw.Segments {
		at := fmt.Sprintf("segments[%d] %q", i, s.Name)
		if !nameForm.MatchString(s.Name) {
			faults = append(faults, fmt.Errorf("%s: name must be lower snake case, at most 63 characters", at))
		}
		if seen[s.Name] {
			faults = append(faults, fmt.Errorf("%s: the name is taken by another segment or a tier", at))
		}
		seen[s.Name] = true
		if _, ok := f.Endpoints[s.Alert]; s.Alert != "" && !ok {
			faults = append(faults, fmt.Errorf("%s: alert: no endpoint is named %q", at, s.Alert))
		}
		if s.Alert != "" {
			f.Alerts[s.Name] = s.Alert
		}
		r := rule.Rule{Name: s.Name, Description: s.Description, When: strings.TrimSpace(s.When)}
		for _, err := range f.Set.Add(r) {
			faults = append(faults, fmt.Errorf("%s: when: %w", at, err))
		}
	}
	return faults
}
