package collector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/freshet/freshet/pkg/keyfile"
	"github.com/freshet/freshet/services/collector/quota"
	declared "github.com/freshet/freshet/services/collector/source"
)

const (
	// lookEvery is how often the sources file, and the files it names, are looked at. With standsStill it is below a second.
	lookEvery = 750 * time.Millisecond
	// standsStill is how long a changed file must stand still before it is read, standsAtMost how long it is waited for: what else changed,
	// a revoked key for one, must not wait for ever.
	standsStill, standsAtMost = 200 * time.Millisecond, 5 * time.Second
)

// readSources reads the sources file, after noting how it is. No file is configured: no sources.
func (s *Service) readSources() (declared.File, error) {
	path := s.cfg.SourcesFile
	if path == "" {
		return declared.File{}, nil
	}
	s.files.Note(path)
	data, err := keyfile.Read(path)
	if errors.Is(err, fs.ErrNotExist) && s.cfg.SourcesFileMayBeMissing && s.sources.Load() == nil {
		return declared.File{}, nil
	}
	if err != nil {
		return declared.File{}, fmt.Errorf("read the sources file: %w: name it with sources_file, make one with `freshet source add NAME --file FILE`", err)
	}
	if s.sources.Load() != nil && len(bytes.TrimSpace(data)) == 0 { // whoever writes a file in place empties it first
		return declared.File{}, fmt.Errorf("the sources file %s is empty: to have no sources, write `sources: []`", path)
	}
	f, err := declared.Parse(data, path, s.now())
	if err != nil {
		return declared.File{}, err
	}
	return f, nil
}

// watched are the files that the sources are made of.
func (s *Service) watched(file declared.File) []string {
	var paths []string
	if s.cfg.SourcesFile != "" {
		paths = append(paths, s.cfg.SourcesFile)
	}
	paths = append(paths, ratesFiles(file, filepath.Dir(s.cfg.SourcesFile))...)
	for _, d := range file.Sources {
		if d.Plan != "" {
			paths = append(paths, beside(filepath.Dir(s.cfg.SourcesFile), d.Plan))
		}
	}
	for _, in := range s.cfg.Sources {
		if in.Plan != "" {
			paths = append(paths, in.Plan)
		}
	}
	return paths
}

// reload puts new sources in place of the old, or keeps those when a new one is faulty. It is for one goroutine.
func (s *Service) reload() error {
	file, err := s.readSources()
	if err != nil {
		return err
	}
	paths := s.watched(file)
	for _, path := range paths {
		if path != s.cfg.SourcesFile { // noted before it was read
			s.files.Note(path)
		}
	}
	r, err := s.load(s.cfg.Sources, file, filepath.Dir(s.cfg.SourcesFile))
	if err != nil {
		return fmt.Errorf("load the sources: %w", err)
	}
	s.files.Only(paths...)
	// From here on nothing fails.
	specs := make([]quota.Spec, 0, len(r.byName))
	for _, src := range r.byName {
		specs = append(specs, src.spec)
	}
	for name, q := range s.quotas.Set(specs) {
		r.byName[name].quota = q
	}
	for name, q := range s.bodies.Set(bodyRate(specs)) {
		r.byName[name].bodies = q
	}
	if before := s.sources.Swap(r); before != nil {
		for name := range before.byName {
			if r.byName[name] == nil {
				s.metrics.plans.stale.DeleteLabelValues(name)
			}
		}
		for name := range before.spaces {
			if r.spaces[name] == nil {
				s.metrics.rates.DeleteLabelValues(name)
			}
		}
	}
	s.sourcesMetrics.loaded.Set(float64(s.now().Unix()))
	return nil
}

// watchSources reloads whenever a file has changed, until ctx ends. A faulty file is logged once, and looked at again when it changes.
func (s *Service) watchSources(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !s.files.Changed() {
			continue
		}
		if !s.files.Settle(ctx, standsStill, standsAtMost) {
			return
		}
		if err := s.reload(); err != nil {
			s.sourcesMetrics.failed.Inc()
			s.logger.Error("the sources changed and cannot be used: those before them stay", "error", err)
			continue
		}
		s.sourcesMetrics.reloaded.Inc()
		now := s.sources.Load()
		s.logger.Info("the sources changed and are in use", "sources", len(now.byName), "keys", len(now.keys))
	}
}
