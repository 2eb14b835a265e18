package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/keyfile"
)

// ErrNoToken means that the file has no token of that name.
var ErrNoToken = errors.New("no such token")

// header begins a file that an edit makes.
const header = "Who may read: see docs/gateway.md#tokens. Tokens are here as hashes only."

// Document is a tokens file being edited.
type Document struct{ *keyfile.Book }

// Edit changes a tokens file, or makes it: see keyfile.Kind.
func Edit(ctx context.Context, path string, now time.Time, edit func(*Document) error) error {
	kind := keyfile.Kind{
		What: "tokens file", List: "tokens", Header: header,
		Prefix: Prefix, Unknown: ErrNoToken,
		Holders: func(text []byte) (map[string][]keyfile.Key, error) {
			f, err := Parse(text, path, now)
			holders := map[string][]keyfile.Key{}
			for _, t := range f.Tokens {
				holders[t.Name] = t.Keys
			}
			return holders, err
		},
	}
	return kind.Edit(ctx, path, now, func(b *keyfile.Book) error { return edit(&Document{b}) })
}

// Add adds a token with one new key, whose text it returns.
func (d *Document) Add(t Token) (text string, k keyfile.Key, err error) {
	if d.Has(t.Name) {
		return "", keyfile.Key{}, fmt.Errorf("there is a token %s already: `rotate` gives it a new key", t.Name)
	}
	if err := t.Validate(); err != nil {
		return "", keyfile.Key{}, err
	}
	node := keyfile.Mapping()
	keyfile.Set(node, "name", keyfile.Text(t.Name))
	if t.Workspace != "" {
		keyfile.Set(node, "workspace", keyfile.Text(t.Workspace))
	}
	keyfile.Set(node, "scopes", keyfile.Texts(t.Scopes))
	text, k = keyfile.New(Prefix, "k1", d.Now())
	d.Append(node, k)
	return text, k, nil
}
