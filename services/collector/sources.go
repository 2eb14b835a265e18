package collector

import (
	"crypto/sha256"
	"fmt"

	"github.com/freshet/freshet/services/collector/enrich"
	declared "github.com/freshet/freshet/services/collector/source"
)

// source is a sender that may write, as the hot path needs it: everything is prepared when the sources are loaded, and nothing
// changes afterwards.
type source struct {
	name, workspace string
	metrics         *sourceMetrics
	// limits are the process's with the source's own in their place.
	limits Limits
	enrich *enrich.Source
}

// registry is who may send, at one moment. A reload puts a new one in its place; a request under way keeps the source it found.
type registry struct {
	keys   keyring
	byName map[string]*source
}

// load makes a registry of the configured sources and of those in the sources file. dir is what paths in the file are relative to.
func (s *Service) load(inline []Source, file []declared.Source, dir string) (*registry, error) {
	r := &registry{keys: keyring{}, byName: map[string]*source{}}
	for _, in := range inline {
		src := r.byName[in.Name]
		if src == nil {
			var err error
			if src, err = s.prepare(declared.Source{Name: in.Name, Workspace: in.Workspace}, dir); err != nil {
				return nil, err
			}
			r.byName[in.Name] = src
		}
		r.keys[sha256.Sum256([]byte(in.WriteKey))] = credential{src: src}
	}
	for _, d := range file {
		src, err := s.prepare(d, dir)
		if err != nil {
			return nil, err
		}
		r.byName[d.Name] = src
	}
	return r, nil
}

// prepare makes what the hot path needs of one source. It runs once a load, for every source: what can be read, compiled or checked
// is so here, and a fault refuses the whole load, so that the sources before it stay. dir is what paths are relative to.
func (s *Service) prepare(d declared.Source, dir string) (*source, error) {
	enriching, err := s.enrichment(d)
	if err != nil {
		return nil, err
	}
	return &source{name: d.Name, workspace: d.Workspace, metrics: s.metrics.ofSource(d.Name), limits: s.cfg.Limits, enrich: enriching}, nil
}

// reload puts new sources in place of the old, or keeps those when a new one is faulty.
func (s *Service) reload() error {
	r, err := s.load(s.cfg.Sources, nil, "")
	if err != nil {
		return fmt.Errorf("load the sources: %w", err)
	}
	s.sources.Store(r)
	return nil
}
