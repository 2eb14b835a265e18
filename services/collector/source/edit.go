package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/keyfile"
)

// Edit changes a sources file, or makes it: edit gets the file as it is and changes it. The file is replaced in one step, see keyfile.Edit;
// what edit leaves alone stays, comments included. Nothing is written when edit fails, or when the file is faulty before or after.
func Edit(ctx context.Context, path string, now time.Time, edit func(*Document) error) error {
	return keyfile.Edit(ctx, path, "sources file", func(old []byte) ([]byte, error) {
		d, err := newDocument(old, path, now)
		if err != nil {
			return nil, err
		}
		if err := edit(d); err != nil {
			return nil, err
		}
		text, err := d.doc.Text()
		if err != nil {
			return nil, fmt.Errorf("write the sources: %w", err)
		}
		if _, err := Parse(text, path, now); err != nil {
			return nil, fmt.Errorf("the change would make the file faulty, nothing was written: %w", err)
		}
		return text, nil
	})
}

// ErrNoSource means that the file has no source of that name.
var ErrNoSource = errors.New("no such source")

// Prefix begins every write key made here.
const Prefix = "fsk_"

// Add adds a source with one new key, whose text it returns.
func (d *Document) Add(s Source) (text string, k keyfile.Key, err error) {
	if _, err := d.holder(s.Name); err == nil {
		return "", keyfile.Key{}, fmt.Errorf("there is a source %s already: `rotate` gives it a new key", s.Name)
	}
	if err := errors.Join(s.Validate(), s.Limits.Validate()); err != nil {
		return "", keyfile.Key{}, err
	}
	text, k = keyfile.New(Prefix, "k1", d.doc.Now())
	d.doc.Append(sourceNode(s), k)
	return text, k, nil
}

// Rotate gives a source a new key, whose text it returns: see keyfile.Document.
func (d *Document) Rotate(name string, grace time.Duration, atOnce bool) (text string, k keyfile.Key, old time.Time, err error) {
	h, err := d.holder(name)
	if err != nil {
		return "", keyfile.Key{}, old, err
	}
	return d.doc.Rotate(h, grace, atOnce)
}

// Revoke ends a key for good, and at once. It returns how many live keys the source has left.
func (d *Document) Revoke(name, id string) (left int, err error) {
	h, err := d.holder(name)
	if err != nil {
		return 0, err
	}
	return d.doc.Revoke(h, id)
}

// holder is what the file says of a source, before the edit.
func (d *Document) holder(name string) (keyfile.Holder, error) {
	for _, s := range d.file.Sources {
		if s.Name == name {
			return keyfile.Holder{Name: name, Keys: s.Keys, Prefix: Prefix}, nil
		}
	}
	return keyfile.Holder{}, fmt.Errorf("%s: %w", name, ErrNoSource)
}
