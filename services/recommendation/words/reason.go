package words

import (
	"strconv"
	"strings"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
)

// Told is what a reason is made of.
type Told struct {
	Kind candidate.Kind
	// Because is the item that led to it; nil: none did.
	Because *catalogue.Item
	// Explored says that it is there to learn about it.
	Explored bool
	// Days after which it is bought again: by the visitor where Own, else by people; 0 where that is not known.
	Days int
	Own  bool
}

// Reason is a sentence for the visitor, without a full stop. lang is one that Language gave.
func Reason(lang string, t Told) string {
	b := words()
	p, ok := b.Reasons[t.Kind.String()]
	if !ok {
		p = b.Reasons[candidate.Popular.String()]
	}
	said, name := p.in(lang), Name(t.Because)
	switch {
	case t.Explored:
		return b.More["explored"].in(lang)
	case t.Kind == candidate.Due && t.Days > 0 && t.Own:
		return put(b.More["yours"].in(lang), "{days}", strconv.Itoa(t.Days))
	case t.Kind == candidate.Due && t.Days > 0:
		return put(b.More["cycle"].in(lang), "{days}", strconv.Itoa(t.Days))
	case name != "" && said[1] != "":
		return put(said[1], "{because}", name)
	}
	return said[0]
}

// put replaces places of a sentence at once: what stands in a stranger's name is no place.
func put(sentence string, pairs ...string) string {
	if len(pairs) == 2 { // nearly always: a Replacer of its own would cost more than the list it is for
		return strings.ReplaceAll(sentence, pairs[0], pairs[1])
	}
	return strings.NewReplacer(pairs...).Replace(sentence)
}
