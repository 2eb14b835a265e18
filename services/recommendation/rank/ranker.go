package rank

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/freshet/freshet/pkg/gbdt"
	"github.com/freshet/freshet/services/recommendation/candidate"
)

// Ranked is a candidate in its place.
type Ranked struct {
	Item  int32
	Score float64
	// Reason is that of the source which put the item highest.
	candidate.Reason
	// Source is its name.
	Source string
	// At is the candidate's number in the pool.
	At int
}

// Ranker puts candidates in order. It is not changed after it was made, and serves any number of goroutines.
type Ranker struct {
	trees    *gbdt.Model
	columns  []column
	sources  []string
	segments []string
}

// column is one feature of the model.
type column struct {
	feature
	source int // in Ranker.sources; -1: of no source
}

// segmentFeature is the one that is a category.
const segmentFeature = "segment"

// ErrNotARanker is returned for bytes that are no ranker's file.
var ErrNotARanker = errors.New("not a ranker's file")

// version of the features: a change of what a name means makes another one.
const version = "1"

// Encode is the ranker as a file: the trees with their features' names.
func (r *Ranker) Encode() []byte { return r.trees.Encode() }

// Hash is the SHA-256 of the file, in hex.
func (r *Ranker) Hash() string { return r.trees.Hash() }

// Sources are those that it was taught with.
func (r *Ranker) Sources() []string { return slices.Clone(r.sources) }

// Trees is how many there are.
func (r *Ranker) Trees() int { return r.trees.Trees() }

// Features are their names, in order.
func (r *Ranker) Features() []string {
	out := make([]string, len(r.columns))
	for i, c := range r.trees.Features {
		out[i] = c.Name
	}
	return out
}

// Gains is how much each of Features helped in training.
func (r *Ranker) Gains() []float64 { return r.trees.Gains() }

// Decode reads what Encode wrote. The error wraps ErrNotARanker or gbdt's.
func Decode(b []byte) (*Ranker, error) {
	m, err := gbdt.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("read a ranker: %w", err)
	}
	if m.Objective != gbdt.LambdaRank {
		return nil, fmt.Errorf("%w: its trees are for %v", ErrNotARanker, m.Objective)
	}
	if v := m.Trained.Meta["features"]; v != version {
		return nil, fmt.Errorf("%w of this release: its features have version %q, this release makes %q", ErrNotARanker, v, version)
	}
	return bind(m)
}

// bind finds the features by their names.
func bind(m *gbdt.Model) (*Ranker, error) {
	r := &Ranker{trees: m}
	for _, f := range m.Features {
		if (f.Name == segmentFeature) != (f.Kind == gbdt.Categorical) {
			return nil, fmt.Errorf("%w of this release: feature %q is of another kind", ErrNotARanker, f.Name)
		}
		if f.Name == segmentFeature {
			r.segments = f.Categories
			r.columns = append(r.columns, column{feature: feature{name: f.Name}, source: -1})
			continue
		}
		source, name := "", f.Name
		of := ofItem
		if at := strings.LastIndexByte(f.Name, '.'); at >= 0 {
			source, name, of = f.Name[:at], f.Name[at+1:], ofSource
		}
		i := slices.IndexFunc(of, func(f feature) bool { return f.name == name })
		if i < 0 {
			return nil, fmt.Errorf("%w of this release: it asks for a feature %q", ErrNotARanker, f.Name)
		}
		c := column{feature: of[i], source: -1}
		if source != "" {
			if c.source = slices.Index(r.sources, source); c.source < 0 {
				c.source = len(r.sources)
				r.sources = append(r.sources, source)
			}
		}
		r.columns = append(r.columns, c)
	}
	return r, nil
}

// fill writes the rows of all candidates.
func (r *Ranker) fill(p *Pool) {
	p.know()
	p.columns = p.columns[:0]
	for _, name := range r.sources {
		at := slices.Index(p.names, name)
		if at >= 0 && !p.spoke[at] {
			at = -1
		}
		p.columns = append(p.columns, at)
	}
	n := len(r.columns)
	p.rows = slices.Grow(p.rows[:0], n*len(p.items))[:n*len(p.items)]
	for j := range r.columns {
		c := &r.columns[j]
		switch {
		case c.make == nil:
			code := r.segment(p.Segments)
			for i := range p.items {
				p.rows[i*n+j] = code
			}
		case c.source < 0:
			for i := range p.items {
				p.rows[i*n+j] = rounded(c.make(p, i, -1))
			}
		case p.columns[c.source] < 0:
			for i := range p.items {
				p.rows[i*n+j] = unknown
			}
		default:
			for i := range p.items {
				p.rows[i*n+j] = rounded(c.make(p, i, p.columns[c.source]))
			}
		}
	}
}

// rounded is what lessons keep of a number: what is served is what was learnt from.
func rounded(v float64) float64 { return float64(float32(v)) }

// segment is the code of the first of the ranker's segments, the rarest first, that the visitor is in; NaN: none.
func (r *Ranker) segment(mine []string) float64 {
	for code, name := range r.segments {
		if slices.Contains(mine, name) {
			return float64(code)
		}
	}
	return math.NaN()
}

// Rank gives all candidates, the best first, of equal scores the lower item. Nothing but the result is allocated. A ranker without a tree, which found
// nothing to learn, blends.
func (r *Ranker) Rank(p *Pool) []Ranked {
	if len(p.items) == 0 {
		return nil
	}
	if r.trees.Trees() == 0 {
		return Blend(p)
	}
	r.fill(p)
	p.scores = slices.Grow(p.scores[:0], len(p.items))[:len(p.items)]
	if err := r.trees.Scores(p.rows, p.scores); err != nil {
		panic(err) // fill made the rows for these trees
	}
	return p.ranked()
}

// ranked sorts the candidates by their scores.
func (p *Pool) ranked() []Ranked {
	out := make([]Ranked, len(p.items))
	for i, item := range p.items {
		reason, source := p.Reason(i)
		out[i] = Ranked{Item: item, Score: p.scores[i], Reason: reason, Source: p.names[source], At: i}
	}
	slices.SortFunc(out, func(a, b Ranked) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return int(a.Item) - int(b.Item)
	})
	return out
}

// Part is what a feature did for a candidate's score.
type Part struct {
	Feature string
	Value   float64 // of the feature; NaN: not known
	Gives   float64
}

// Explain says what each feature gave to a candidate's score, the most first in either direction, and what every candidate has. They sum to the score
// (Shapley values of the trees). The pool must not have been changed since it was ranked.
func (r *Ranker) Explain(p *Pool, i int) (parts []Part, all float64, err error) {
	if i < 0 || i >= len(p.items) {
		return nil, 0, fmt.Errorf("explain candidate %d: there are %d", i, len(p.items))
	}
	r.fill(p)
	n := len(r.columns)
	out := make([]float64, n+1)
	row := p.rows[i*n : (i+1)*n]
	if err := r.trees.Contributions(row, out); err != nil {
		return nil, 0, err
	}
	for j := range n {
		if out[j] != 0 {
			parts = append(parts, Part{r.trees.Features[j].Name, row[j], out[j]})
		}
	}
	slices.SortStableFunc(parts, func(a, b Part) int {
		switch x, y := math.Abs(a.Gives), math.Abs(b.Gives); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return parts, out[n], nil
}
