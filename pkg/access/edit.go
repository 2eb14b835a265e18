package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/keyfile"
)

// header begins a file that an edit makes.
const header = "Who may read: see docs/gateway.md#tokens. Tokens are here as hashes only."

// Document is a tokens file being edited.
type Document struct {
	file File
	doc  *keyfile.Document
}

// Edit changes a tokens file, or makes it: edit gets the file as it is and changes it. The file is replaced in one step, see keyfile.Edit;
// what edit leaves alone stays, comments included. Nothing is written when edit fails, or when the file is faulty before or after.
func Edit(ctx context.Context, path string, now time.Time, edit func(*Document) error) error {
	return keyfile.Edit(ctx, path, "tokens file", func(old []byte) ([]byte, error) {
		f, err := Parse(old, path, now)
		if err != nil {
			return nil, err
		}
		doc, err := keyfile.NewDocument(old, "tokens", header, now)
		if err != nil {
			return nil, fmt.Errorf("tokens file %s: %w", path, err)
		}
		if err := edit(&Document{file: f, doc: doc}); err != nil {
			return nil, err
		}
		text, err := doc.Text()
		if err != nil {
			return nil, fmt.Errorf("write the tokens: %w", err)
		}
		if _, err := Parse(text, path, now); err != nil {
			return nil, fmt.Errorf("the change would make the file faulty, nothing was written: %w", err)
		}
		return text, nil
	})
}

// ErrNoToken means that the file has no token of that name.
var ErrNoToken = errors.New("no such token")

// Add adds a token with one new key, whose text it returns.
func (d *Document) Add(t Token) (text string, k keyfile.Key, err error) {
	if _, err := d.holder(t.Name); err == nil {
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
	text, k = keyfile.New(Prefix, "k1", d.doc.Now())
	d.doc.Append(node, k)
	return text, k, nil
}

// Rotate gives a token a new key, whose text it returns: see keyfile.Document.
func (d *Document) Rotate(name string, grace time.Duration, atOnce bool) (text string, k keyfile.Key, old time.Time, err error) {
	h, err := d.holder(name)
	if err != nil {
		return "", keyfile.Key{}, old, err
	}
	return d.doc.Rotate(h, grace, atOnce)
}

// Revoke ends a key for good, and at once. It returns how many live keys the token has left.
func (d *Document) Revoke(name, id string) (left int, err error) {
	h, err := d.holder(name)
	if err != nil {
		return 0, err
	}
	return d.doc.Revoke(h, id)
}

// holder is what the file says of a token, before the edit.
func (d *Document) holder(name string) (keyfile.Holder, error) {
	for _, t := range d.file.Tokens {
		if t.Name == name {
			return keyfile.Holder{Name: name, Keys: t.Keys, Prefix: Prefix}, nil
		}
	}
	return keyfile.Holder{}, fmt.Errorf("%s: %w", name, ErrNoToken)
}
