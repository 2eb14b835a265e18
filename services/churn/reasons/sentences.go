package reasons

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Sentence is one reason.
type Sentence struct {
	// Text is the whole sentence; Fact its first half, what is so, without what it does.
	Text, Fact string
	// Features are the columns that it is of, those that weigh most first.
	Features []string
	// Phi is what they add. Share is its part of all that columns add or take, 0 to 1.
	Phi, Share float64
}

// Account is why a score is what it is. The Phi of all sentences and the Rest come to the sum of all contributions.
type Account struct {
	// Raises and Lowers have the strongest first.
	Raises, Lowers []Sentence
	// Rest is what everything adds that is not told: what is personal, what weighs too little, what was too much to ask for.
	Rest float64
}

// All are the sentences of both directions, the strongest first.
func (a *Account) All() []Sentence {
	out := slices.Concat(a.Raises, a.Lowers)
	slices.SortStableFunc(out, strongest)
	return out
}

func strongest(a, b Sentence) int {
	return cmp.Or(cmp.Compare(math.Abs(b.Phi), math.Abs(a.Phi)), cmp.Compare(a.Fact, b.Fact))
}

// worth is the least share that is told.
const worth = 0.01

// reason collects what is told together.
type reason struct {
	parts []Contribution
	phi   float64
}

func (r *reason) add(parts ...Contribution) {
	for _, c := range parts {
		r.parts = append(r.parts, c)
		r.phi += c.Phi
	}
}

// Sentences tells why a score of a target is what it is: at most so many reasons, the strongest of both directions; below 1 means all that are worth it.
func (b *Book) Sentences(l Language, t Target, list []Contribution, most int) Account {
	told, rest, weight := b.reasons(l, list)
	var out []Sentence
	for _, fact := range slices.Sorted(maps.Keys(told)) { // in one order, so that sums round alike
		r := told[fact]
		weight += math.Abs(r.phi)
		out = append(out, Sentence{Fact: fact, Features: features(r.parts), Phi: r.phi})
	}
	slices.SortFunc(out, strongest)
	a := Account{Rest: rest}
	for i, s := range out {
		if s.Share = math.Abs(s.Phi) / weight; !(s.Share >= worth) || most > 0 && i >= most {
			a.Rest += s.Phi
			continue
		}
		s.Text = b.does(l, t, s)
		if s.Phi > 0 {
			a.Raises = append(a.Raises, s)
		} else {
			a.Lowers = append(a.Lowers, s)
		}
	}
	return a
}

// reasons are the contributions by what is told of them; rest is what those add that are not told, and weight what they weigh.
func (b *Book) reasons(l Language, list []Contribution) (told map[string]*reason, rest, weight float64) {
	groups := map[string]*reason{}
	for _, x := range list {
		if x.Phi == 0 {
			continue // a column that the model did not look at is part of no reason
		}
		c := b.columns[x.Column]
		if c == nil || c.secret {
			rest, weight = rest+x.Phi, weight+math.Abs(x.Phi)
			continue
		}
		into(groups, c.group).add(x)
	}
	told = map[string]*reason{}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		g := groups[name]
		x := teller(g)
		into(told, b.fact(l, b.columns[x.Column], x)).add(g.parts...)
	}
	return told, rest, weight
}

func into(m map[string]*reason, key string) *reason {
	if m[key] == nil {
		m[key] = &reason{}
	}
	return m[key]
}

// teller is the part that weighs most in the direction of the sum.
func teller(r *reason) Contribution {
	return slices.MaxFunc(r.parts, func(a, b Contribution) int {
		return cmp.Or(cmp.Compare(math.Copysign(a.Phi, a.Phi*r.phi), math.Copysign(b.Phi, b.Phi*r.phi)), cmp.Compare(b.Column, a.Column))
	})
}

// features are the columns, those that weigh most first.
func features(parts []Contribution) []string {
	parts = slices.SortedFunc(slices.Values(parts), func(a, b Contribution) int {
		return cmp.Or(cmp.Compare(math.Abs(b.Phi), math.Abs(a.Phi)), cmp.Compare(a.Column, b.Column))
	})
	var out []string
	for _, p := range parts {
		out = append(out, p.Column)
	}
	return out
}

// From which share on a reason is strong, and from which it is more than slight.
const (
	strong = 0.2
	some   = 0.05
)

// does makes a whole sentence of a fact: with what it does, and how strongly.
func (b *Book) does(l Language, t Target, s Sentence) string {
	f := b.words.forms.in(l)
	degree := f.Degrees.Slight
	switch {
	case s.Share >= strong:
		degree = f.Degrees.Strong
	case s.Share >= some:
		degree = f.Degrees.Some
	}
	effects := f.Effects[t.Outcome]
	e, ok := effects[b.counted(t)]
	if !ok {
		e = effects[other]
	}
	does := e.Raises
	if s.Phi < 0 {
		does = e.Lowers
	}
	return of(f.Does, "fact", s.Fact, "degree", degree, "effect", does)
}
