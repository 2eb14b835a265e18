package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/keyfile"
)

// ErrNoSource means that the file has no source of that name.
var ErrNoSource = errors.New("no such source")

// Prefix begins every write key made here.
const Prefix = "fsk_"

// header begins a file that an edit makes.
const header = "Who may send events: see docs/sources.md. Keys are here as hashes only."

// Document is a sources file being edited.
type Document struct{ *keyfile.Book }

// Edit changes a sources file, or makes it: see keyfile.Kind.
func Edit(ctx context.Context, path string, now time.Time, edit func(*Document) error) error {
	kind := keyfile.Kind{
		What: "sources file", List: "sources", Header: header,
		Prefix: Prefix, Unknown: ErrNoSource,
		Holders: func(text []byte) (map[string][]keyfile.Key, error) {
			f, err := Parse(text, path, now)
			holders := map[string][]keyfile.Key{}
			for _, s := range f.Sources {
				holders[s.Name] = s.Keys
			}
			return holders, err
		},
	}
	return kind.Edit(ctx, path, now, func(b *keyfile.Book) error { return edit(&Document{b}) })
}

// Add adds a source with one new key, whose text it returns.
func (d *Document) Add(s Source) (text string, k keyfile.Key, err error) {
	if d.Has(s.Name) {
		return "", keyfile.Key{}, fmt.Errorf("there is a source %s already: `rotate` gives it a new key", s.Name)
	}
	if err := errors.Join(s.Validate(), s.Limits.Validate()); err != nil {
		return "", keyfile.Key{}, err
	}
	text, k = keyfile.New(Prefix, "k1", d.Now())
	d.Append(sourceNode(s), k)
	return text, k, nil
}
