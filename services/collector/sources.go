package collector

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/enrich"
	"github.com/freshet/freshet/services/collector/quota"
	declared "github.com/freshet/freshet/services/collector/source"
)

// source is a sender that may write, as the hot path needs it: everything is prepared when the sources are loaded, and nothing
// changes afterwards but the balance of its quota.
type source struct {
	name, workspace string
	metrics         *sourceMetrics
	// limits are the process's with the source's own in their place.
	limits Limits
	// tight says that the limits on an event's form are not the process's.
	tight   bool
	origins declared.Origins
	spec    quota.Spec
	quota   *quota.Source
	bodies  *quota.Source // of its refused bodies that are kept
	enrich  *enrich.Source
	plan    *sourcePlan
	// rules are what its events are held to.
	rules decode.Rules
}

// registry is who may send, at one moment. A reload puts a new one in its place; a request under way keeps the source it found.
type registry struct {
	keys   keyring
	byName map[string]*source
	spaces spaces
}

// load makes a registry of the configured sources and of those in the sources file. dir is what paths in the file are relative to.
func (s *Service) load(inline []Source, file declared.File, dir string) (*registry, error) {
	r := &registry{keys: keyring{}, byName: map[string]*source{}}
	r.spaces = newSpaces(file.Workspaces)
	faults := s.loadRates(r.spaces, dir)
	for i, d := range file.Sources {
		src, err := s.prepare(d, dir, r.spaces.of(d.Workspace))
		if err != nil {
			faults = append(faults, fmt.Errorf("sources[%d] (%s): %w", i, d.Name, err))
			continue
		}
		r.byName[d.Name] = src
		faults = append(faults, r.addKeys(d, src))
	}
	for _, in := range inline {
		faults = append(faults, s.addInline(r, in))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return r, nil
}

// addKeys adds the keys of a source in the file, the dead ones too: their use is told apart from that of a key nobody ever had.
func (r *registry) addKeys(d declared.Source, src *source) error {
	for _, k := range d.Keys {
		hash, err := k.Hash()
		if err != nil {
			return fmt.Errorf("key %s of %s: %w", k.ID, d.Name, err)
		}
		c := &credential{src: src, id: k.ID}
		if !k.Expires.IsZero() {
			c.expires = k.Expires.UnixNano()
		}
		switch {
		case !k.Revoked.IsZero():
			c.dead = keyRevoked
		case d.Disabled():
			c.dead = keyDisabled
		}
		r.keys[hash] = c
	}
	return nil
}

// addInline adds a source of the configuration, or one more key for a source of the file.
func (s *Service) addInline(r *registry, in Source) error {
	src := r.byName[in.Name]
	if src == nil {
		var err error
		if src, err = s.prepare(declared.Source{Name: in.Name, Workspace: in.Workspace, Plan: in.Plan, Trusted: in.Trusted}, "", r.spaces.of(in.Workspace)); err != nil {
			return fmt.Errorf("source %s: %w", in.Name, err)
		}
		r.byName[in.Name] = src
	}
	if src.workspace != in.Workspace {
		return fmt.Errorf("source %s is of workspace %s in the sources file and of %s in the configuration: give one another name",
			in.Name, src.workspace, in.Workspace)
	}
	hash := sha256.Sum256([]byte(in.WriteKey))
	if there := r.keys[hash]; there != nil {
		return fmt.Errorf("source %s: its write key in the configuration is key %s of %s in the sources file", in.Name, there.id, there.src.name)
	}
	r.keys[hash] = &credential{src: src}
	return nil
}

// prepare makes what the hot path needs of one source. It runs once a load, for every source: what can be read, compiled or checked
// is so here, and a fault refuses the whole load, so that the sources before it stay. dir is what paths are relative to.
func (s *Service) prepare(d declared.Source, dir string, sp *space) (*source, error) {
	limits := s.cfg.Limits.with(d.Limits)
	if err := limits.validate(); err != nil {
		return nil, err
	}
	origins, err := declared.NewOrigins(d.Origins)
	if err != nil {
		return nil, err
	}
	enriching, err := s.enrichment(d)
	if err != nil {
		return nil, err
	}
	planned, err := s.loadPlan(d.Name, d.Plan, dir)
	if err != nil {
		return nil, err
	}
	habits := sp.habitsOf(d)
	src := &source{
		name: d.Name, workspace: d.Workspace, metrics: s.countersOf(d.Name), origins: origins,
		limits: limits, tight: limits.form() != s.cfg.Limits.form(),
		spec: quota.Spec{Name: d.Name, Rate: d.Limits.Rate, Burst: d.Limits.Burst}, enrich: enriching, plan: planned,
		rules: decode.Rules{
			Workspace: d.Workspace, Source: d.Name, EventBytes: limits.EventBytes, ImportBytes: limits.ImportEventBytes,
			Placeholders: sp.placeholders, Habits: customer.Habits{Region: habits.Region, DropPlus: habits.EmailPlus == "drop"},
			Decimal: decimalOf(habits), Currency: sp.declared.Currency, Rates: &sp.rates.Table, Trusted: d.Trusted,
		},
	}
	if planned != nil { // else an interface that is not nil would hold nothing
		src.rules.Plan = planned
	}
	return src, nil
}

// beside is the path of a file that the sources file names.
func beside(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// with puts a source's own limits in the place of the process's.
func (l Limits) with(own declared.Limits) Limits {
	for _, f := range []struct {
		to  *int
		own int
	}{
		{&l.EventBytes, own.EventBytes}, {&l.ImportEventBytes, own.ImportEventBytes}, {&l.BodyBytes, own.BatchBytes},
		{&l.BatchEvents, own.BatchEvents}, {&l.Keys, own.Keys}, {&l.Depth, own.Depth},
	} {
		if f.own > 0 {
			*f.to = f.own
		}
	}
	return l
}

// form are the limits that reading a body needs.
func (l Limits) form() decode.Limits {
	return decode.Limits{BatchEvents: l.BatchEvents, Keys: l.Keys, Depth: l.Depth}
}
