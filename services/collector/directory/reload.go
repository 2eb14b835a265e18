package directory

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
func (d *Directory) readSources() (declared.File, error) {
	path := d.cfg.File
	if path == "" {
		return declared.File{}, nil
	}
	d.files.Note(path)
	data, err := keyfile.Read(path)
	if errors.Is(err, fs.ErrNotExist) && d.cfg.FileMayBeMissing && d.current.Load() == nil {
		return declared.File{}, nil
	}
	if err != nil {
		return declared.File{}, fmt.Errorf("read the sources file: %w: name it with sources_file, make one with `freshet source add NAME --file FILE`", err)
	}
	if d.current.Load() != nil && len(bytes.TrimSpace(data)) == 0 { // whoever writes a file in place empties it first
		return declared.File{}, fmt.Errorf("the sources file %s is empty: to have no sources, write `sources: []`", path)
	}
	f, err := declared.Parse(data, path, d.now())
	if err != nil {
		return declared.File{}, err
	}
	return f, nil
}

// watched are the files that the sources are made of.
func (d *Directory) watched(file declared.File) []string {
	var paths []string
	if d.cfg.File != "" {
		paths = append(paths, d.cfg.File)
	}
	paths = append(paths, ratesFiles(file, filepath.Dir(d.cfg.File))...)
	for _, listed := range file.Sources {
		if listed.Plan != "" {
			paths = append(paths, beside(filepath.Dir(d.cfg.File), listed.Plan))
		}
	}
	for _, in := range d.cfg.Entries {
		if in.Plan != "" {
			paths = append(paths, in.Plan)
		}
	}
	return paths
}

// reload puts new sources in place of the old, or keeps those when a new one is faulty. It is for one goroutine.
func (d *Directory) reload() error {
	file, err := d.readSources()
	if err != nil {
		return err
	}
	paths := d.watched(file)
	for _, path := range paths {
		if path != d.cfg.File { // noted before it was read
			d.files.Note(path)
		}
	}
	r, err := d.load(d.cfg.Entries, file, filepath.Dir(d.cfg.File))
	if err != nil {
		return fmt.Errorf("load the sources: %w", err)
	}
	d.files.Only(paths...)
	// From here on nothing fails.
	specs := make([]quota.Spec, 0, len(r.byName))
	for _, src := range r.byName {
		specs = append(specs, src.spec)
	}
	for name, q := range d.quotas.Set(specs) {
		r.byName[name].quota = q
	}
	for name, q := range d.bodies.Set(bodyRate(specs)) {
		r.byName[name].bodies = q
	}
	if before := d.current.Swap(r); before != nil {
		for name := range before.byName {
			if r.byName[name] == nil {
				d.metrics.plans.stale.DeleteLabelValues(name)
			}
		}
		for name := range before.spaces {
			if r.spaces[name] == nil {
				d.metrics.rates.DeleteLabelValues(name)
			}
		}
	}
	d.metrics.loaded.Set(float64(d.now().Unix()))
	return nil
}

// Run reloads whenever a file has changed, until ctx ends. A faulty file is logged once, and looked at again when it changes.
func (d *Directory) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !d.files.Changed() {
			continue
		}
		if !d.files.Settle(ctx, standsStill, standsAtMost) {
			return
		}
		if err := d.reload(); err != nil {
			d.metrics.failed.Inc()
			d.logger.Error("the sources changed and cannot be used: those before them stay", "error", err)
			continue
		}
		d.metrics.reloaded.Inc()
		now := d.current.Load()
		d.logger.Info("the sources changed and are in use", "sources", len(now.byName), "keys", len(now.keys))
	}
}
