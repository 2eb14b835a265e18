package keyfile

import (
	"context"
	"fmt"
	"time"
)

// Book is a file of holders while it is edited.
type Book struct {
	*Document
	prefix  string
	holders map[string][]Key
	unknown error
}

// Kind says what a file of holders is.
type Kind struct {
	// What names the file in errors: "sources file".
	What string
	// List is the key of the list of holders: "sources".
	List string
	// Header begins a file that had no text.
	Header string
	// Prefix begins the text of a new key.
	Prefix string
	// Unknown is the error for a holder that the file does not have.
	Unknown error
	// Holders reads a file whole and gives every holder's keys; its errors are the file's faults.
	Holders func(text []byte) (map[string][]Key, error)
}

// Edit changes a file of holders, or makes it. The file is replaced in one step, see the function Edit; what edit leaves alone stays,
// comments included. Nothing is written when edit fails, or when the file is faulty before or after.
func (k Kind) Edit(ctx context.Context, path string, now time.Time, edit func(*Book) error) error {
	return Edit(ctx, path, k.What, func(old []byte) ([]byte, error) {
		holders, err := k.Holders(old)
		if err != nil {
			return nil, err
		}
		doc, err := NewDocument(old, k.List, k.Header, now)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", k.What, path, err)
		}
		if err := edit(&Book{Document: doc, prefix: k.Prefix, holders: holders, unknown: k.Unknown}); err != nil {
			return nil, err
		}
		text, err := doc.Text()
		if err != nil {
			return nil, fmt.Errorf("write the %s: %w", k.What, err)
		}
		if _, err := k.Holders(text); err != nil {
			return nil, fmt.Errorf("the change would make the file faulty, nothing was written: %w", err)
		}
		return text, nil
	})
}

// Has says that the file had a holder before the edit.
func (b *Book) Has(name string) bool {
	_, ok := b.holders[name]
	return ok
}

// Rotate gives a holder a new key, whose text it returns: see Document.
func (b *Book) Rotate(name string, grace time.Duration, atOnce bool) (text string, k Key, old time.Time, err error) {
	h, err := b.holder(name)
	if err != nil {
		return "", Key{}, old, err
	}
	return b.Document.Rotate(h, grace, atOnce)
}

// Revoke ends a key for good, and at once. It returns how many live keys the holder has left.
func (b *Book) Revoke(name, id string) (left int, err error) {
	h, err := b.holder(name)
	if err != nil {
		return 0, err
	}
	return b.Document.Revoke(h, id)
}

func (b *Book) holder(name string) (Holder, error) {
	keys, ok := b.holders[name]
	if !ok {
		return Holder{}, fmt.Errorf("%s: %w", name, b.unknown)
	}
	return Holder{Name: name, Keys: keys, Prefix: b.prefix}, nil
}
