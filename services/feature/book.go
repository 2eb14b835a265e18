package feature

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/rule"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/feature/tally"
)

// maxSteps bounds the flips that a late timer is taken through one by one; what comes behind is taken in one step.
const maxSteps = 1000

// book is what a process was configured with: the catalogue, and what is compiled of it. It does not change but for its scratch, which is one
// goroutine's: every task and every read has a copy.
type book struct {
	catalog *catalog.Catalog
	engine  *tally.Engine
	tags    *rule.Set

	readings []catalog.Reading
	values   []catalog.Value
	// behind are the positions that hole.go hides, by columns; plain is the layout that it tells such values by.
	behind  map[string][]int
	plain   *catalog.Layout
	encoded []byte
	glance  rule.Glance
}

// newBook loads the features file; an empty path is the shipped catalogue alone.
func newBook(path string) (*book, error) {
	c, err := catalog.Load(path)
	if err != nil {
		return nil, err
	}
	tags, err := rule.Tags(c)
	if err != nil {
		return nil, fmt.Errorf("features file %s:\n%w", path, err)
	}
	return &book{catalog: c, engine: tally.New(c.Plan()), tags: tags}, nil
}

// CheckFiles loads the files that a configuration names, as a start does.
func CheckFiles(cfg Config) error {
	_, err := newBook(cfg.Features)
	return err
}

// copy is a book with a scratch of its own.
func (b *book) copy() *book {
	return &book{catalog: b.catalog, engine: b.engine, tags: b.tags}
}

// at reads a record's features at asOf, an AsOf of its state, by position; the tags are not among them yet. They hold until the next call.
func (b *book) at(r *record, asOf int64) []catalog.Value {
	b.readings = r.state.Read(asOf, b.readings)
	b.values = b.hide(r, b.catalog.Values(b.readings, asOf, b.values[:0]))
	return b.values
}

// row is values that conditions look at.
func (b *book) row(r *record, values []catalog.Value) catalog.Row {
	return catalog.Row{Layout: b.layoutOf(r), Values: values}
}

// publish makes a customer's feature set for now, brings the tags there, and notes what it did in the record. When time alone changed something, each tag
// that came to hold meanwhile holds since the moment at which it did.
func (b *book) publish(e *entry, nowMs int64, reason featurev1.ChangeReason) *featurev1.FeatureSet {
	r := e.rec
	asOf := r.state.AsOf(nowMs)
	if reason == featurev1.ChangeReason_CHANGE_REASON_TIME {
		at := r.publishedMs
		for range maxSteps {
			next := b.nextFlip(r, at)
			if next.never || next.ms >= asOf {
				break
			}
			at = next.ms
			b.hold(r, b.at(r, at), at)
			r.publishedMs = at
		}
	}
	values := b.at(r, asOf)
	b.hold(r, values, asOf)
	e.flip = b.flipOf(r, asOf)
	values = b.withTags(r, values)
	b.encoded = b.layoutOf(r).Encode(b.encoded[:0], withoutPersonal(values, b.traits()))
	r.publishedMs = asOf
	fs := r.envelope(e.id, asOf)
	fs.Schema = b.layoutOf(r).Fingerprint
	fs.Values = slices.Clone(b.encoded)
	return fs
}

// hold notes which tags hold at a moment; one that held before keeps its since.
func (b *book) hold(r *record, values []catalog.Value, atMs int64) {
	if len(b.tags.Rules) == 0 {
		r.tags = nil
		return
	}
	var now []heldTag
	for i, in := range b.tags.Look(b.row(r, values), &b.glance).Match(atMs) {
		if !in {
			continue
		}
		t := heldTag{name: b.tags.Rules[i].Name, sinceMs: atMs}
		if at, held := slices.BinarySearchFunc(r.tags, t, byTagName); held {
			t = r.tags[at]
		}
		now = append(now, t)
	}
	slices.SortFunc(now, byTagName)
	r.tags = now
}

func byTagName(a, b heldTag) int { return cmp.Compare(a.name, b.name) }

// withTags appends the tags to the values of the features.
func (b *book) withTags(r *record, values []catalog.Value) []catalog.Value {
	for i := range b.catalog.Tags {
		v := catalog.Value{}
		if at, held := slices.BinarySearchFunc(r.tags, heldTag{name: b.catalog.Tags[i].Name}, byTagName); held {
			v = catalog.Value{Present: true, Int: r.tags[at].sinceMs}
		}
		values = append(values, v)
	}
	b.values = values
	return values
}

// traits is the position of the traits, -1 without.
func (b *book) traits() int {
	if f := b.catalog.Feature(rule.Traits); f != nil {
		return f.Position
	}
	return -1
}

// withoutPersonal leaves the traits that name a person out of what is published.
func withoutPersonal(values []catalog.Value, traits int) []catalog.Value {
	if traits < 0 || !slices.ContainsFunc(values[traits].List, personal) {
		return values
	}
	list := slices.DeleteFunc(slices.Clone(values[traits].List), personal)
	values[traits] = catalog.Value{Present: len(list) > 0, List: list}
	return values
}

func personal(e catalog.Entry) bool { return catalog.PersonalTrait(e.Key) }

// nextFlip is the earliest moment after asOf, an AsOf of the record's state, at which a feature or a tag changes though no event came.
func (b *book) nextFlip(r *record, asOf int64) *flip {
	if r.state == nil {
		return &flip{never: true}
	}
	if !b.tags.Elapses() {
		return b.flipOf(r, asOf)
	}
	b.tags.Look(b.row(r, b.at(r, r.state.AsOf(asOf))), &b.glance)
	return b.flipOf(r, asOf)
}

// flipOf is nextFlip once the tags have looked at the values.
func (b *book) flipOf(r *record, asOf int64) *flip {
	ms, ok := r.state.NextFlip(asOf)
	if b.tags.Elapses() {
		if at, flips := b.glance.Next(asOf); flips && (!ok || at < ms) {
			ms, ok = at, true
		}
	}
	return &flip{ms: ms, never: !ok}
}
