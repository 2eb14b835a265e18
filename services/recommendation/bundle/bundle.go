// Package bundle is one version of a workspace's models as files: what training writes, package model keeps and every replica reads. Which touches a model
// learns from, and what a group is, says package learn, for training and serving alike.
//
//	manifest.json   what it was made of, for people and for the span
//	items.bin       the items' ids; all other files count items by their place in it
//	session.bin     package session        viewed.bin, bought.bin, together.bin   package neighbours
//	ease.bin or als.bin                    rules.bin   package associate          popular.bin   how often each item was taken
//	any others      Parts.Extra, of whoever wrote them: ranker.bin, cycles.json
//
// A part that is not there has no file, and is nil when it is read: older and smaller bundles serve with what they have.
//
// Invariants, each with its test:
//   - what is written is what is read, to the bit, and goes on learning alike (TestABundleIsReadAsItWasWritten);
//   - numbers of items are the reader's own (TestNumbersAreTheReadersOwn); an item for which the shelf has no room is left out, and nothing else
//     (TestAFullShelfLosesOnlyWhatDoesNotFit);
//   - any damage to any file is an error that names the file (TestADamagedFileIsNamed); no input makes a decoder panic or ask for more memory than the input
//     justifies (FuzzRead).
package bundle

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/services/recommendation/als"
	"github.com/freshet/freshet/services/recommendation/associate"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/ease"
	"github.com/freshet/freshet/services/recommendation/neighbours"
	"github.com/freshet/freshet/services/recommendation/packed"
	"github.com/freshet/freshet/services/recommendation/popular"
	"github.com/freshet/freshet/services/recommendation/session"
)

// The files. Names of Extra must be others.
const (
	ManifestFile = "manifest.json"
	ItemsFile    = "items.bin"
	SessionFile  = "session.bin"
	ViewedFile   = "viewed.bin"
	BoughtFile   = "bought.bin"
	TogetherFile = "together.bin"
	EASEFile     = "ease.bin"
	ALSFile      = "als.bin"
	RulesFile    = "rules.bin"
	PopularFile  = "popular.bin"
)

var own = []string{ManifestFile, ItemsFile, SessionFile, ViewedFile, BoughtFile, TogetherFile, EASEFile, ALSFile, RulesFile, PopularFile}

// Model is what package model calls models of recommendation.
const Model = "recommendation"

// Parts are the models of one version. When they are written, items have the numbers of their places in Items; when they are read, those of the shelf.
type Parts struct {
	// Items are the ids of all items that a part speaks of, each once.
	Items []string
	// Span says what was learnt from.
	Span Span
	// Session is who resembles this visit; nil where it was not trained, as all that follow.
	Session *session.Index
	// Viewed has visits as groups, Bought customers, Together orders: see package learn.
	Viewed, Bought, Together *neighbours.Index
	// Taste is an *ease.Model or an *als.Model.
	Taste candidate.Source
	// Rules hold of so many Baskets.
	Rules   []associate.Rule
	Baskets int
	// Popular counts the touches of each item, weighed as package learn does.
	Popular []int64
	// Extra are files that others read, by name.
	Extra map[string][]byte
}

var itemsFormat = wire.Format{Name: "items of recommendation", Oldest: 1, Written: 1, Newest: 1}

// Numberer gives items their numbers: a catalogue.Shelf. False: it is full.
type Numberer interface {
	Ensure(id string) (int32, bool)
}

// Write gives the files of a version. The parts must be left alone meanwhile, but for being asked.
func Write(p Parts) (map[string][]byte, error) {
	files := map[string][]byte{ItemsFile: encodeItems(p.Items)}
	for name, data := range p.Extra {
		if slices.Contains(own, name) {
			return nil, fmt.Errorf("write a bundle: %s is a file of its own: name the extra file otherwise", name)
		}
		files[name] = data
	}
	if p.Session != nil {
		files[SessionFile] = p.Session.Encode()
	}
	for name, x := range map[string]*neighbours.Index{ViewedFile: p.Viewed, BoughtFile: p.Bought, TogetherFile: p.Together} {
		if x != nil {
			files[name] = x.Encode()
		}
	}
	switch m := p.Taste.(type) {
	case nil:
	case *ease.Model:
		files[EASEFile] = m.Encode()
	case *als.Model:
		files[ALSFile] = m.Encode()
	default:
		return nil, fmt.Errorf("write a bundle: taste is a %T: want *ease.Model or *als.Model", m)
	}
	if p.Rules != nil {
		files[RulesFile] = associate.Encode(p.Rules, p.Baskets)
	}
	if p.Popular != nil {
		files[PopularFile] = popular.Encode(p.Popular)
	}
	return files, p.seal(files)
}

// seal adds the manifest.
func (p *Parts) seal(files map[string][]byte) error {
	m := manifest{Span: p.Span, Items: len(p.Items), Baskets: p.Baskets, Rules: len(p.Rules), Files: map[string]file{}}
	for name, data := range files {
		m.Files[name] = file{len(data), hashOf(data)}
	}
	text, err := m.text()
	if err != nil {
		return fmt.Errorf("write a bundle: %w", err)
	}
	files[ManifestFile] = text
	return nil
}

func encodeItems(items []string) []byte {
	b := packed.Begin(itemsFormat, 16*len(items))
	b = binary.AppendUvarint(b, uint64(len(items)))
	for _, id := range items {
		b = wire.AppendText(b, id)
	}
	return packed.Seal(b)
}

// Read reads what Write wrote, and gives items the numbers of the shelf. Left out of the parts is what the shelf has no room for.
func Read(files map[string][]byte, shelf Numberer) (*Parts, error) {
	p := &Parts{Extra: map[string][]byte{}}
	places, err := p.head(files, shelf)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := p.part(name, files[name], places); err != nil {
			return nil, fmt.Errorf("read file %s of a bundle: %w", name, err)
		}
	}
	return p, nil
}

// head reads what all other files need.
func (p *Parts) head(files map[string][]byte, shelf Numberer) (packed.Places, error) {
	if files[ManifestFile] == nil {
		return nil, fmt.Errorf("read a bundle: it has no file %s", ManifestFile)
	}
	m, err := readManifest(files[ManifestFile])
	if err != nil {
		return nil, fmt.Errorf("read file %s of a bundle: %w", ManifestFile, err)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Files)) {
		if f := m.Files[name]; len(files[name]) != f.Bytes || hashOf(files[name]) != f.Hash {
			return nil, fmt.Errorf("read file %s of a bundle: it is not what the manifest says: %w", name, wire.ErrDamaged)
		}
	}
	p.Span = m.Span
	in, err := packed.Open(itemsFormat, files[ItemsFile])
	if err != nil {
		return nil, fmt.Errorf("read file %s of a bundle: %w", ItemsFile, err)
	}
	n := in.Count(1)
	p.Items = make([]string, n)
	places, seen := make(packed.Places, n), make(map[int32]bool, n)
	for i := range n {
		p.Items[i] = in.Text()
		if in.Failed() {
			break
		}
		places[i] = packed.None
		if number, ok := shelf.Ensure(p.Items[i]); ok {
			if seen[number] {
				return nil, fmt.Errorf("read file %s of a bundle: item %d is there twice", ItemsFile, i)
			}
			places[i], seen[number] = number, true
		}
	}
	if err := packed.Done(itemsFormat, &in); err != nil {
		return nil, fmt.Errorf("read file %s of a bundle: %w", ItemsFile, err)
	}
	return places, nil
}

// part reads one file.
func (p *Parts) part(name string, data []byte, places packed.Places) (err error) {
	switch name {
	case ManifestFile, ItemsFile:
	case SessionFile:
		p.Session, err = session.Decode(data, places)
	case ViewedFile:
		p.Viewed, err = neighbours.Decode(data, places)
	case BoughtFile:
		p.Bought, err = neighbours.Decode(data, places)
	case TogetherFile:
		p.Together, err = neighbours.Decode(data, places)
	case EASEFile:
		p.Taste, err = ease.Decode(data, places)
	case ALSFile:
		p.Taste, err = als.Decode(data, places)
	case RulesFile:
		p.Rules, p.Baskets, err = associate.Decode(data, places)
	case PopularFile:
		p.Popular, err = popular.Decode(data, places)
	default:
		p.Extra[name] = data
	}
	return err
}
