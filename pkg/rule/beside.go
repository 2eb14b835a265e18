package rule

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/freshet/freshet/pkg/catalog"
)

// Pair is what conditions over two sources look at: the features of the catalogue, and beside them the scores of the models. Its places are those of
// the features, and behind them those of the scores. The zero Pair has nothing: every comparison is false.
type Pair struct {
	Features, Scores catalog.Vector
	// behind is the place of the first score.
	behind int
}

// Beside joins a layout of features with one of scores. A score whose name would mean two things is refused: one that is a feature's or a tag's, and one
// that reads as the time since something, such as days_since_last_order. The error joins every fault.
func Beside(features, scores *catalog.Layout) (*Both, error) {
	b := &Both{first: layout{features, true}, second: layout{scores, true}}
	var faults []error
	for _, f := range scores.Fields {
		if _, twice := features.Position(f.Name); twice {
			faults = append(faults, fmt.Errorf("%q is a feature or a tag, and a score: give one of them another name", f.Name))
		}
		for _, prefix := range elapsedPrefixes {
			if moment, cut := strings.CutPrefix(f.Name, prefix.text); cut {
				faults = append(faults, fmt.Errorf("score %q reads as the time since %q: give it another name", f.Name, moment))
			}
		}
	}
	return b, errors.Join(faults...)
}

// Both is the schema of two sources side by side. It does not change.
type Both struct{ first, second layout }

// Field finds a field of either.
func (b *Both) Field(name string) (Field, bool) {
	if f, ok := b.first.Field(name); ok {
		return f, true
	}
	f, ok := b.second.Field(name)
	f.Index += b.behind()
	return f, ok
}

// Names are those of both, sorted.
func (b *Both) Names() []string {
	all := append(b.first.Names(), b.second.Names()...)
	slices.Sort(all)
	return all
}

// Scores are the names of the second source, sorted.
func (b *Both) Scores() []string { return b.second.Names() }

// Facts are one customer's, for conditions over this schema.
func (b *Both) Facts(features, scores catalog.Vector) Pair {
	return Pair{Features: features, Scores: scores, behind: b.behind()}
}

func (b *Both) behind() int { return len(b.first.Fields) }

// side is the source that has a place, and where it has it.
func (p *Pair) side(i int) (*catalog.Vector, int) {
	if i < p.behind {
		return &p.Features, i
	}
	return &p.Scores, i - p.behind
}

// Int is the value of every kind but text and list.
func (p *Pair) Int(i int) (int64, bool) {
	v, i := p.side(i)
	return v.Int(i)
}

// Text is the value of a text.
func (p *Pair) Text(i int) (string, bool) {
	v, i := p.side(i)
	return v.Text(i)
}

// Entry is the entry of a list that has the key.
func (p *Pair) Entry(i int, key string) (catalog.Entry, bool) {
	v, i := p.side(i)
	return v.Entry(i, key)
}
