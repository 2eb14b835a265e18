package directory

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

// Source is a sender that may write, as the hot path needs it: everything is prepared when the sources are loaded, and nothing
// changes afterwards but the balance of its quota. Its fields are for reading.
type Source struct {
	Name, Workspace string
	// Limits are the process's with the source's own in their place.
	Limits Limits
	// Tight says that the limits on an event's form are not the process's.
	Tight bool
	// Origins are the pages that may send.
	Origins declared.Origins
	// Enrich says what is read out of its events' surroundings.
	Enrich *enrich.Source
	// Rules are what its events are held to.
	Rules decode.Rules

	counters *counters
	spec     quota.Spec
	quota    *quota.Source
	bodies   *quota.Source // of its refused bodies that are kept
	plan     *sourcePlan
}

// Peek says whether it may send now, and takes nothing.
func (s *Source) Peek() quota.Verdict { return s.quota.Peek() }

// Charge takes events from its rate.
func (s *Source) Charge(events int) quota.Verdict { return s.quota.Take(events) }

// BodiesPerSecond and BodiesAtOnce bound the refused bodies kept of one source: 640 KiB a second at most.
const (
	BodiesPerSecond = 10
	BodiesAtOnce    = 50
)

// KeepBody takes one refused body from what is kept of the source; false when that is too many.
func (s *Source) KeepBody() bool { return s.bodies.Take(1).Wait == 0 }

// bodyRate is what each source may have kept.
func bodyRate(specs []quota.Spec) []quota.Spec {
	out := make([]quota.Spec, 0, len(specs))
	for _, s := range specs {
		out = append(out, quota.Spec{Name: s.Name, Rate: BodiesPerSecond, Burst: BodiesAtOnce})
	}
	return out
}

// registry is who may send, at one moment. A reload puts a new one in its place; a request under way keeps the source it found.
type registry struct {
	keys   keyring
	byName map[string]*Source
	spaces spaces
}

// load makes a registry of the configured sources and of those in the sources file. dir is what paths in the file are relative to.
func (d *Directory) load(inline []Entry, file declared.File, dir string) (*registry, error) {
	r := &registry{keys: keyring{}, byName: map[string]*Source{}}
	r.spaces = newSpaces(file.Workspaces)
	faults := d.loadRates(r.spaces, dir)
	for i, listed := range file.Sources {
		src, err := d.prepare(listed, dir, r.spaces.of(listed.Workspace))
		if err != nil {
			faults = append(faults, fmt.Errorf("sources[%d] (%s): %w", i, listed.Name, err))
			continue
		}
		r.byName[listed.Name] = src
		faults = append(faults, r.addKeys(listed, src))
	}
	for _, in := range inline {
		faults = append(faults, d.addInline(r, in))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return r, nil
}

// addKeys adds the keys of a source in the file, the dead ones too: their use is told apart from that of a key nobody ever had.
func (r *registry) addKeys(d declared.Source, src *Source) error {
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
			c.dead = Revoked
		case d.Disabled():
			c.dead = Disabled
		}
		r.keys[hash] = c
	}
	return nil
}

// addInline adds a source of the configuration, or one more key for a source of the file.
func (d *Directory) addInline(r *registry, in Entry) error {
	src := r.byName[in.Name]
	if src == nil {
		var err error
		if src, err = d.prepare(declared.Source{Name: in.Name, Workspace: in.Workspace, Plan: in.Plan, Trusted: in.Trusted}, "", r.spaces.of(in.Workspace)); err != nil {
			return fmt.Errorf("source %s: %w", in.Name, err)
		}
		r.byName[in.Name] = src
	}
	if src.Workspace != in.Workspace {
		return fmt.Errorf("source %s is of workspace %s in the sources file and of %s in the configuration: give one another name",
			in.Name, src.Workspace, in.Workspace)
	}
	hash := sha256.Sum256([]byte(in.WriteKey))
	if there := r.keys[hash]; there != nil {
		return fmt.Errorf("source %s: its write key in the configuration is key %s of %s in the sources file", in.Name, there.id, there.src.Name)
	}
	r.keys[hash] = &credential{src: src}
	return nil
}

// prepare makes what the hot path needs of one source. It runs once a load, for every source: what can be read, compiled or checked
// is so here, and a fault refuses the whole load, so that the sources before it stay. dir is what paths are relative to.
func (d *Directory) prepare(in declared.Source, dir string, sp *space) (*Source, error) {
	limits := d.cfg.Limits.with(in.Limits)
	if err := limits.Validate(); err != nil {
		return nil, err
	}
	origins, err := declared.NewOrigins(in.Origins)
	if err != nil {
		return nil, err
	}
	enriching, err := d.enrich.Source(in.Name, enrich.IPPolicy(in.IP), in.Channel, in.Origins)
	if err != nil {
		return nil, err
	}
	planned, err := d.loadPlan(in.Name, in.Plan, dir)
	if err != nil {
		return nil, err
	}
	habits := sp.habitsOf(in)
	src := &Source{
		Name: in.Name, Workspace: in.Workspace, counters: d.metrics.ofSource(in.Name), Origins: origins,
		Limits: limits, Tight: limits.Form() != d.cfg.Limits.Form(),
		spec: quota.Spec{Name: in.Name, Rate: in.Limits.Rate, Burst: in.Limits.Burst}, Enrich: enriching, plan: planned,
		Rules: decode.Rules{
			Workspace: in.Workspace, Source: in.Name, EventBytes: limits.EventBytes, ImportBytes: limits.ImportEventBytes,
			Placeholders: sp.placeholders, Habits: customer.Habits{Region: habits.Region, DropPlus: habits.EmailPlus == "drop"},
			Decimal: decimalOf(habits), Currency: sp.declared.Currency, Rates: &sp.rates.Table, Trusted: in.Trusted,
		},
	}
	if planned != nil { // else an interface that is not nil would hold nothing
		src.Rules.Plan = planned
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
