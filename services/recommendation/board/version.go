package board

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/associate"
	"github.com/freshet/freshet/services/recommendation/bundle"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/learn"
)

// version is a bundle that learns on; without one it is what is live alone.
type version struct {
	id      string // empty: no bundle
	toMs    int64  // touches up to it are in the bundle
	learner *learn.Learner
	taste   candidate.Source // nil: none
	rules   *associate.Book
	list    []associate.Rule
	baskets int
	files   map[string][]byte
	parts   map[string]any
	copies  []string // of its files in the folder
	missing string   // touches that it should know and does not, in words
}

// touch teaches it, unless it knows the touch from its training. What undoes an old touch is new when it is received.
func (v *version) touch(t *recommendationv1.Touch, item int32) {
	if learn.At(t) > v.toMs || t.GetUndone() && t.GetReceivedMs() > v.toMs {
		v.learner.Touch(t, item)
	}
}

// live is a version of no bundle.
func live(o learn.Options) (*version, error) {
	l, err := learn.New(o)
	if err != nil {
		return nil, err
	}
	return &version{learner: l}, nil
}

// open reads a version that the registry knows.
func (b *Boards) open(ctx context.Context, workspace, id string) (*version, error) {
	all := b.deps.Registry.Versions(workspace, bundle.Model)
	i := slices.IndexFunc(all, func(v *modelv1.Version) bool { return v.GetId() == id })
	if i < 0 {
		return nil, fmt.Errorf("version %s is live and is not known", id)
	}
	files, copies, err := b.read(ctx, all[i])
	if err != nil {
		return nil, fmt.Errorf("version %s cannot be loaded: %w", id, err)
	}
	v, err := b.build(id, files, b.deps.Shelf(workspace))
	if err != nil {
		return nil, fmt.Errorf("version %s cannot be read: %w", id, err)
	}
	v.copies = copies
	return v, nil
}

// read gets the files of a version: those that its manifest names, not what is for people.
func (b *Boards) read(ctx context.Context, v *modelv1.Version) (files map[string][]byte, copies []string, err error) {
	files = map[string][]byte{}
	get := func(name string) error {
		data, kept, err := b.copies(v.GetWorkspace()).Get(ctx, b.deps.Registry, v, name)
		if err == nil {
			files[name], copies = data, append(copies, kept)
		}
		return err
	}
	if err := get(bundle.ManifestFile); err != nil {
		return nil, nil, err
	}
	var m struct {
		Files map[string]json.RawMessage `json:"files"`
	}
	if err := json.Unmarshal(files[bundle.ManifestFile], &m); err != nil {
		return nil, nil, fmt.Errorf("file %s: %w", bundle.ManifestFile, err)
	}
	for name := range m.Files {
		if err := get(name); err != nil {
			return nil, nil, err
		}
	}
	return files, copies, nil
}

// build makes a version of its files.
func (b *Boards) build(id string, files map[string][]byte, shelf *catalogue.Shelf) (*version, error) {
	p, err := bundle.Read(files, shelf)
	if err != nil {
		return nil, err
	}
	l, err := learn.Resume(p, *b.deps.Learn)
	if err != nil {
		return nil, err
	}
	v := newVersion(l, p)
	v.id, v.toMs, v.files, v.parts = id, p.Span.ToMs, p.Extra, map[string]any{}
	for name, data := range p.Extra {
		decode := b.deps.Decoders[name]
		if decode == nil {
			continue
		}
		if v.parts[name], err = decode(data, shelf); err != nil {
			return nil, fmt.Errorf("file %s: %w", name, err)
		}
	}
	return v, nil
}
