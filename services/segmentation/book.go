package segmentation

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/rule"
	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/services/segmentation/rulefile"
	"github.com/freshet/freshet/services/segmentation/tier"
	"github.com/freshet/freshet/services/segmentation/webhook"
)

// book is what a process was configured with: rules and endpoints. It does not change.
type book struct {
	set *rule.Set
	// layout is that of the catalogue whose names the rules use.
	layout *catalog.Layout
	tier   tier.Places
	// heard names the endpoint that a segment's transitions are for.
	heard map[string]string
	// endpoints are those with an address.
	endpoints map[string]webhook.Endpoint
	// versions are the rules' by name; fingerprint is a hash of them.
	versions    versions
	fingerprint uint64
}

// versions are the rules of a book, for finding out later which ones changed.
type versions map[string]int64

// CheckFiles loads the files that a configuration names, as a start does: the rules and the endpoints' secrets.
func CheckFiles(cfg Config) error {
	_, err := newBook(cfg)
	return err
}

// newBook joins the rules file with the endpoints of the configuration, which win.
func newBook(cfg Config) (*book, error) {
	c, err := catalog.Load(cfg.Features)
	if err != nil {
		return nil, err
	}
	schema := rule.SchemaOf(c.Layout(), true)
	file := &rulefile.File{Set: rule.NewSet(schema)}
	if cfg.Rules != "" {
		if file, err = rulefile.Load(cfg.Rules, schema, tier.Names...); err != nil {
			return nil, err
		}
	}
	b := &book{set: file.Set, layout: c.Layout(), heard: file.Alerts, endpoints: map[string]webhook.Endpoint{}, versions: versions{}}
	if b.tier, err = tier.In(c.Layout()); err != nil {
		return nil, err
	}
	for name, e := range file.Endpoints {
		b.endpoints[name] = e
	}
	for name, e := range cfg.Endpoints {
		b.endpoints[name] = b.endpoints[name].Over(e)
	}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(b.endpoints)) {
		e := b.endpoints[name]
		if e.URL == "" {
			delete(b.endpoints, name) // Declared and switched off.
			continue
		}
		if _, err := e.Key(); err != nil {
			faults = append(faults, fmt.Errorf("endpoints.%s: %w", name, err))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	var text []byte
	for _, r := range b.set.Rules {
		b.versions[r.Name] = r.Version
		text = wire.AppendText(text, r.Name)
		text = binary.AppendVarint(text, r.Version)
	}
	b.fingerprint = xxhash.Sum64(text)
	return b, nil
}

// known says whether the segment exists: a tier or a rule.
func (b *book) known(segment string) bool {
	_, ok := b.versions[segment]
	return ok || isTier(segment)
}

func isTier(segment string) bool {
	_, ok := tier.Shares[segment]
	return ok
}

// alerts is the endpoint that hears of the segment's entries (or else exits), "" for none.
func (b *book) alerts(segment string, entered bool) string {
	name := b.heard[segment]
	if e, ok := b.endpoints[name]; ok && e.Wants(entered) {
		return name
	}
	return ""
}

// encode writes the versions, for the state.
func (v versions) encode() []byte {
	b := versionsFormat.Begin(nil)
	for _, name := range slices.Sorted(maps.Keys(v)) {
		b = binary.AppendVarint(wire.AppendText(b, name), v[name])
	}
	return b
}

// decodeVersions is the reverse of encode.
func decodeVersions(data []byte) (versions, error) {
	in, _, err := versionsFormat.Open(data)
	if err != nil {
		return nil, err
	}
	v := versions{}
	for in.Left() > 0 {
		name := in.Text()
		v[name] = in.Varint()
	}
	return v, finish(versionsFormat, &in)
}
