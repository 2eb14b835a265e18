package rank

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/freshet/freshet/pkg/gbdt"
	"github.com/freshet/freshet/pkg/table"
)

// Lessons are questions with what came, in the order of time: the newest judge when training stops.
type Lessons struct {
	r        *Ranker // without trees: it makes the rows
	rows     []float32
	grades   []uint8
	groups   []int
	segments [][]string // by question
	asked    int
}

// NewLessons are for sources of these names.
func NewLessons(sources []string) *Lessons {
	m := &gbdt.Model{}
	for _, s := range sources {
		for _, f := range ofSource {
			m.Features = append(m.Features, gbdt.Feature{Name: s + "." + f.name})
		}
	}
	for _, f := range ofItem {
		m.Features = append(m.Features, gbdt.Feature{Name: f.name})
	}
	r, err := bind(m)
	if err != nil {
		panic(err) // all names are made here
	}
	return &Lessons{r: r}
}

// Add takes a question. grade says how good each candidate was, by item: 0 what was not taken, 1 to 30 what was. A question of which nothing was taken among the
// candidates teaches nothing and is counted only.
func (l *Lessons) Add(p *Pool, grade func(item int32) int) error {
	l.asked++
	from := len(l.grades)
	found := false
	for _, item := range p.items {
		g := grade(item)
		if g < 0 || g > 30 {
			l.grades = l.grades[:from]
			return fmt.Errorf("a lesson's grade of %d: want 0 to 30", g)
		}
		found = found || g > 0
		l.grades = append(l.grades, uint8(g))
	}
	if !found || len(p.items) < 2 {
		l.grades = l.grades[:from]
		return nil
	}
	l.r.fill(p)
	for _, v := range p.rows {
		l.rows = append(l.rows, float32(v))
	}
	l.groups = append(l.groups, len(p.items))
	l.segments = append(l.segments, slices.Clone(p.Segments))
	return nil
}

// Len is how many questions teach something; Asked is how many there were.
func (l *Lessons) Len() int { return len(l.groups) }

// Asked is how many questions were added.
func (l *Lessons) Asked() int { return l.asked }

// Options of a training. Start with Default.
type Options struct {
	// Trees at most, 1 to 1,000.
	Trees int
	// Rate shrinks each tree. Above 0, at most 1.
	Rate float64
	// Leaves of a tree.
	Leaves int
	// MinRows of a leaf.
	MinRows int
	// Patience is after how many trees without a gain on the newest tenth of the questions training stops: what a tenth of them says is noisy. Zero: never.
	Patience int
	// Questions is how many each tree learns from at most, drawn anew for each. Zero: all.
	Questions int
	// Truncation is how far down the lists pairs are looked at.
	Truncation int
	// Segments is how many segments may be told apart, the most frequent.
	Segments int
	// Workers at once; 0: one for each processor.
	Workers int
	Seed    uint64
	// Progress is told of trees; nil tells nobody.
	Progress func(done, of int)
}

// Default suits some thousand questions and more.
func Default() Options {
	return Options{Trees: 100, Rate: .1, Leaves: 15, MinRows: 100, Patience: 20, Questions: 4000, Truncation: 20, Segments: 32}
}

// fewest lessons that can teach and judge.
const fewest = 100

// ErrTooFew says that there are too few lessons.
var ErrTooFew = errors.New("too few questions of which a candidate was taken")

// Train makes a ranker. The same lessons and options give the same file.
func Train(ctx context.Context, l *Lessons, o Options) (*Ranker, error) {
	if len(l.groups) < fewest {
		return nil, fmt.Errorf("train a ranker: %w: %d of %d, want %d", ErrTooFew, len(l.groups), l.asked, fewest)
	}
	params := gbdt.Default(gbdt.LambdaRank)
	params.Rounds, params.LearningRate, params.Leaves, params.MinRows = o.Trees, o.Rate, o.Leaves, o.MinRows
	params.EarlyStop, params.Truncation, params.Seed = o.Patience, o.Truncation, o.Seed
	teach := len(l.groups) - max(1, len(l.groups)/10)
	if params.ColumnShare = .8; o.Questions > 0 && o.Questions < teach {
		params.RowShare = float64(o.Questions) / float64(teach)
	}
	names := l.frequent(o.Segments)
	train, rest := l.dataset(0, teach, names), l.dataset(teach, len(l.groups), names)
	run := gbdt.Run{Valid: rest, Workers: o.Workers, Meta: map[string]string{"features": version}}
	if o.Progress != nil {
		run.Progress = func(r gbdt.Round) { o.Progress(r.Number, r.Of) }
	}
	m, err := gbdt.Train(ctx, params, train, run)
	if err != nil {
		return nil, fmt.Errorf("train a ranker on %d questions: %w", teach, err)
	}
	return bind(m)
}

// frequent are the segments that most questions have, the rarest of them first: it says most.
func (l *Lessons) frequent(most int) []string {
	counts := map[string]int{}
	var names []string
	for _, mine := range l.segments {
		for _, s := range mine {
			if counts[s]++; counts[s] == 1 {
				names = append(names, s)
			}
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	names = names[:min(len(names), most)]
	slices.Reverse(names)
	return names
}

// dataset is the questions from one to before another.
func (l *Lessons) dataset(from, to int, segments []string) *gbdt.Dataset {
	d := &gbdt.Dataset{Groups: l.groups[from:to]}
	first, rows := 0, 0
	for _, n := range l.groups[:from] {
		first += n
	}
	for _, n := range d.Groups {
		rows += n
	}
	for _, g := range l.grades[first : first+rows] {
		d.Label = append(d.Label, float64(g))
	}
	n := len(l.r.columns)
	for _, f := range l.r.trees.Features {
		d.Columns = append(d.Columns, table.Column{Name: f.Name, Values: make([]float64, rows)})
	}
	for i := range rows {
		for j, v := range l.rows[(first+i)*n : (first+i+1)*n] {
			d.Columns[j].Values[i] = float64(v)
		}
	}
	if len(segments) > 0 {
		d.Columns = append(d.Columns, l.segmentColumn(from, to, segments))
	}
	return d
}

func (l *Lessons) segmentColumn(from, to int, segments []string) table.Column {
	c := table.Column{Name: segmentFeature, Categories: segments}
	code := &Ranker{segments: segments}
	for g := from; g < to; g++ {
		v := int32(-1)
		if x := code.segment(l.segments[g]); x >= 0 {
			v = int32(x)
		}
		for range l.groups[g] {
			c.Codes = append(c.Codes, v)
		}
	}
	return c
}
