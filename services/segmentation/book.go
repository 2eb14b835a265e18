package segmentation

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/services/segmentation/rule"
	"github.com/freshet/freshet/services/segmentation/tier"
	"github.com/freshet/freshet/services/segmentation/webhook"
)

// book is what a process was configured with: rules and endpoints. It does not change.
type book struct {
	set *rule.Set
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
	_, err := newBook(cfg.Rules, cfg.Endpoints)
	return err
}

// newBook joins the rules file with the endpoints of the configuration, which win.
func newBook(path string, configured map[string]webhook.Endpoint) (*book, error) {
	file := &rule.File{Set: &rule.Set{}}
	if path != "" {
		var err error
		if file, err = rule.Load(path, tier.Names...); err != nil {
			return nil, err
		}
	}
	b := &book{set: file.Set, endpoints: map[string]webhook.Endpoint{}, versions: versions{}}
	for name, e := range file.Endpoints {
		b.endpoints[name] = e
	}
	for name, e := range configured {
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
	for i := range b.set.Rules {
		if r := &b.set.Rules[i]; r.Name == segment && r.Alert != "" {
			if e, ok := b.endpoints[r.Alert]; ok && e.Wants(entered) {
				return r.Alert
			}
		}
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
