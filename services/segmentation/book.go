package segmentation

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/pkg/rule"
	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/services/segmentation/rulefile"
	"github.com/freshet/freshet/services/segmentation/tier"
	"github.com/freshet/freshet/services/segmentation/webhook"
)

// book is what a process was configured with: rules and endpoints. It does not change.
type book struct {
	set *rule.Set
	// names are what the rules can name; scored says of each rule whether it looks at a score, a band or a warning.
	names  *rulefile.Names
	scored []bool
	// both are the rules that look at features too, which wait until the two are in step, no longer than within.
	both   []int
	within time.Duration
	tier   tier.Places
	// heard names the endpoint that a segment's transitions are for.
	heard map[string]string
	// endpoints are those with an address.
	endpoints map[string]webhook.Endpoint
	// versions are the rules' by name, and under layoutOfScores that of what scores there are; fingerprint is a hash of them.
	versions    versions
	fingerprint uint64
}

// versions are the rules of a book, for finding out later which ones changed.
type versions map[string]int64

// layoutOfScores is the name in versions of the layout of scores: with another forecasts file, rules that look at scores are worked out anew. No segment
// can be called so.
const layoutOfScores = ""

// CheckFiles loads the files that a configuration names, as a start does: the rules and the endpoints' secrets.
func CheckFiles(cfg Config) error {
	_, err := newBook(cfg)
	return err
}

// newBook joins the rules file with the endpoints of the configuration, which win.
func newBook(cfg Config) (*book, error) {
	names, err := rulefile.LoadNames(cfg.Features, cfg.Forecasts)
	if err != nil {
		return nil, err
	}
	file := &rulefile.File{Set: rule.NewSet(names.Schema)}
	if cfg.Rules != "" {
		if file, err = rulefile.Load(cfg.Rules, names.Schema, tier.Names...); err != nil {
			return nil, err
		}
	}
	b := &book{set: file.Set, names: names, within: cfg.ScoreWithin, heard: file.Alerts, endpoints: map[string]webhook.Endpoint{}, versions: versions{}}
	if b.tier, err = tier.In(names.Catalog.Layout()); err != nil {
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
	b.mark()
	return b, nil
}

// mark notes what the rules are.
func (b *book) mark() {
	isScore := func(name string) bool { _, ok := b.names.Forecasts.Layout().Position(name); return ok }
	isFeature := func(name string) bool { return !isScore(name) }
	var text []byte
	for i, r := range b.set.Rules {
		b.scored = append(b.scored, b.set.RuleUses(i, isScore))
		if b.scored[i] && b.set.RuleUses(i, isFeature) {
			b.both = append(b.both, i)
		}
		b.versions[r.Name] = r.Version
		text = wire.AppendText(text, r.Name)
		text = binary.AppendVarint(text, r.Version)
	}
	if slices.Contains(b.scored, true) { // else nobody has to be looked at because of another forecasts file
		b.versions[layoutOfScores] = int64(b.names.Forecasts.Layout().Fingerprint)
		text = binary.AppendVarint(text, b.versions[layoutOfScores])
	}
	b.fingerprint = xxhash.Sum64(text)
}

// same says whether rule i means what it meant when old were the versions, and looks at scores of the same layout.
func (b *book) same(i int, old versions) bool {
	v, ok := old[b.set.Rules[i].Name]
	return ok && v == b.set.Rules[i].Version && (!b.scored[i] || old[layoutOfScores] == b.versions[layoutOfScores])
}

// known says whether the segment exists: a tier or a rule.
func (b *book) known(segment string) bool {
	_, ok := b.versions[segment]
	return ok && segment != layoutOfScores || isTier(segment)
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
