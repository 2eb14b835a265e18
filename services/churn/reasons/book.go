package reasons

import (
	"fmt"
	"regexp"
	"slices"

	"golang.org/x/text/currency"

	"github.com/freshet/freshet/pkg/catalog"
)

// Book makes sentences of a catalogue's features. It does not change.
type Book struct {
	words    *words
	catalog  *catalog.Catalog
	currency *currency.Unit
	columns  map[string]*column
}

// column is what is known of a name: one of feature and tag is set.
type column struct {
	feature *catalog.Feature
	tag     *catalog.Tag
	// group is the reason that it is part of.
	group string
	// words are those of a shipped definition, tagWords those of a shipped tag; nil of a workspace's own.
	words    *definition
	tagWords *tagWords
	// secret says that it is never told.
	secret bool
}

// New makes the book of a catalogue. money is the workspace's currency by its code, such as EUR; amounts are told without a sign when it is empty.
func New(c *catalog.Catalog, money string) (*Book, error) {
	w, err := loaded()
	if err != nil {
		return nil, err
	}
	b := &Book{words: w, catalog: c, columns: map[string]*column{}}
	if money != "" {
		unit, err := currency.ParseISO(money)
		if err != nil {
			return nil, fmt.Errorf("currency %q is no code of ISO 4217, such as EUR", money)
		}
		b.currency = &unit
	}
	secret := map[string]bool{}
	for i := range c.Features {
		f := &c.Features[i]
		x := &column{feature: f, group: f.Definition.Name, secret: f.Sensitivity != "none"}
		for _, p := range f.MadeOf() {
			x.secret = x.secret || c.Features[p].Sensitivity != "none"
		}
		if d := w.Features[f.Definition.Name]; d != nil && f.Shipped {
			x.words, x.group = d, head(d.With, x.group)
		}
		b.columns[f.Name] = x
		secret[f.Name] = x.secret
	}
	for i := range c.Tags {
		t := &c.Tags[i]
		x := &column{tag: t, group: t.Name, secret: looksAt(t.When, secret)}
		if d := w.Tags[t.Name]; d != nil && t.Shipped {
			x.tagWords, x.group = d, head(d.With, x.group)
		}
		b.columns[t.Name] = x
	}
	return b, nil
}

func head(with, own string) string {
	if with != "" {
		return with
	}
	return own
}

var names = regexp.MustCompile(`[a-z][a-z0-9_]*`)

// looksAt says whether a condition names a secret: by itself, or as the time since it.
func looksAt(when string, secret map[string]bool) bool {
	return slices.ContainsFunc(names.FindAllString(when, -1), func(name string) bool {
		return secret[name] || secret[sinceOf.ReplaceAllString(name, "")]
	})
}

var sinceOf = regexp.MustCompile(`^(days|hours)_since_`)
