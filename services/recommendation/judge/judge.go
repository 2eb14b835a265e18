package judge

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/services/recommendation/candidate"
)

// Model is one that is judged.
type Model struct {
	Name   string
	Source candidate.Source
	// Ask, where it is there, is asked in place of Source: with a case and its history alone some models say less than when they serve. skip is nil or refuses.
	Ask func(dst []candidate.Candidate, c *Case, k int, skip func(int32) bool) []candidate.Candidate
	// Note says what somebody who reads the figures should know, such as items left out.
	Note string
	// Ended, when it is there, is told of each session behind its last case: the model learns on, as it does when it serves.
	Ended func(items []int32)
	// Took is how long training took.
	Took time.Duration
}

// Options of a judgement.
type Options struct {
	// K is how long the lists of Recall, MRR and coverage are; NDCG looks at the first half of it. Zero means 20.
	K int
	// Figures are told besides; lists are then as long as the longest of them needs, and an answer takes its time.
	Figures []Figure
	// Resamples of the bootstrap. Zero means 500.
	Resamples int
	Seed      uint64
	// Progress is told how many cases of a model are done; nil tells nobody.
	Progress func(model string, done, of int)
}

// resamples of a bootstrap when nobody says.
const resamples = 500

// Row is what a model is worth.
type Row struct {
	Name             string
	Recall, NDCG     evaluate.Interval
	MRR              evaluate.Interval
	Figures          []Figured     `json:",omitempty"` // those of Options.Figures, in their order
	Coverage         float64       // share of the known items that anybody was shown
	Novelty          float64       // mean of log2(sessions / sessions with the item) over what was shown, in bits
	Head             float64       // share of the places that the most popular 1 % of the items took
	Diversity        float64       // mean dissimilarity of two items of a list; diversity.go has the formula
	ByPlace          []float64     // Recall at 1, 2, ... K
	Empty            float64       // share of the cases with no candidate at all
	Median, Slow     time.Duration // of an answer: half and 99 of 100 were as fast
	Took             time.Duration // of training
	Note             string
	BehindBestRecall evaluate.Interval // Recall minus that of the best by NDCG, case by case; all 0 for the best itself
	BehindBestNDCG   evaluate.Interval // NDCG likewise

	lists  []evaluate.List[int32]
	recall []float64
	ndcg   []float64
}

// Judge asks every model every case.
func Judge(ctx context.Context, s *Set, models []Model, o Options) ([]Row, error) {
	if o.K == 0 {
		o.K = 20
	}
	if o.Resamples == 0 {
		o.Resamples = resamples
	}
	var rows []Row
	for _, m := range models {
		row, err := s.judge(ctx, m, o)
		if err != nil {
			return nil, fmt.Errorf("judge %s: %w", m.Name, err)
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		switch {
		case a.NDCG.Value > b.NDCG.Value:
			return -1
		case a.NDCG.Value < b.NDCG.Value:
			return 1
		}
		return 0
	})
	return rows, s.compare(rows, o)
}

// compare says how far each row lies behind the first.
func (s *Set) compare(rows []Row, o Options) (err error) {
	behind := func(mine, best []float64) (evaluate.Interval, error) {
		less := make([]float64, len(best))
		for j := range less {
			less[j] = mine[j] - best[j]
		}
		return evaluate.MeanInterval(less, s.resample(o))
	}
	recall, ndcg := rows[0].recall, rows[0].ndcg
	for i := range rows {
		r := &rows[i]
		if r.BehindBestRecall, err = behind(r.recall, recall); err == nil {
			r.BehindBestNDCG, err = behind(r.ndcg, ndcg)
		}
		if err != nil {
			return fmt.Errorf("compare %s with %s: %w", r.Name, rows[0].Name, err)
		}
		r.lists, r.ndcg = nil, nil
	}
	return nil
}

// Difference is one row's Recall less another's, case by case: both of this set, whichever call of Judge gave them.
func (s *Set) Difference(one, other *Row, o Options) (evaluate.Interval, error) {
	less := make([]float64, len(s.Cases))
	if len(one.recall) != len(less) || len(other.recall) != len(less) {
		return evaluate.Interval{}, fmt.Errorf("compare %s with %s: %d and %d cases, the set has %d", one.Name, other.Name, len(one.recall), len(other.recall), len(less))
	}
	for i := range less {
		less[i] = one.recall[i] - other.recall[i]
	}
	if o.Resamples == 0 {
		o.Resamples = resamples
	}
	return evaluate.MeanInterval(less, s.resample(o))
}

// resample draws whole sessions or customers: the cases of one tell the same story.
func (s *Set) resample(o Options) evaluate.Resample {
	r := evaluate.Resample{Times: o.Resamples, Seed: o.Seed, Group: make([]int, len(s.Cases))}
	for i := range s.Cases {
		r.Group[i] = s.Cases[i].Group
	}
	return r
}

func (s *Set) judge(ctx context.Context, m Model, o Options) (Row, error) {
	row := Row{Name: m.Name, Note: m.Note, Took: m.Took}
	if err := s.answers(ctx, m, o, &row); err != nil {
		return row, err
	}
	how := s.resample(o)
	figure := func(to *evaluate.Interval, k int, measure measure) ([]float64, error) {
		values, err := evaluate.Each(row.lists, k, measure)
		if err == nil {
			*to, err = evaluate.MeanInterval(values, how)
		}
		return values, err
	}
	var err error
	if row.recall, err = figure(&row.Recall, o.K, evaluate.List[int32].Recall); err != nil {
		return row, err
	}
	if _, err = figure(&row.MRR, o.K, evaluate.List[int32].MRR); err != nil {
		return row, err
	}
	if row.ndcg, err = figure(&row.NDCG, (o.K+1)/2, evaluate.List[int32].NDCG); err != nil {
		return row, err
	}
	for _, f := range o.Figures {
		one := Figured{Name: f.String()}
		if _, err = figure(&one.Interval, f.At, f.measure()); err != nil {
			return row, err
		}
		row.Figures = append(row.Figures, one)
	}
	row.ByPlace = byPlace(row.lists, o.K)
	row.Diversity = s.diversity(row.lists)
	return row, s.shown(o.K, &row)
}

// answers asks every case.
func (s *Set) answers(ctx context.Context, m Model, o Options, row *Row) error {
	row.lists = make([]evaluate.List[int32], len(s.Cases))
	took := make([]time.Duration, len(s.Cases))
	var buffer []candidate.Candidate
	for i := range s.Cases {
		c := &s.Cases[i]
		q := s.query(c, o.places())
		began := time.Now()
		if m.Ask != nil {
			buffer = m.Ask(buffer[:0], c, o.K, q.Skip)
		} else {
			buffer = m.Source.Candidates(buffer[:0], q)
		}
		took[i] = time.Since(began)
		ranked := make([]int32, len(buffer))
		for j := range buffer {
			ranked[j] = buffer[j].Item
		}
		row.lists[i] = evaluate.List[int32]{Ranked: ranked, Relevant: c.Relevant}
		if c.Last && m.Ended != nil && c.Ended != nil {
			m.Ended(c.Ended)
		}
		if i%256 == 255 || i == len(s.Cases)-1 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if o.Progress != nil {
				o.Progress(m.Name, i+1, len(s.Cases))
			}
		}
	}
	slices.Sort(took)
	row.Median, row.Slow = took[len(took)/2], took[len(took)*99/100]
	return nil
}

// query asks a case.
func (s *Set) query(c *Case, k int) *candidate.Query {
	return &candidate.Query{History: c.History, Values: c.Values, Times: c.Times, AtMs: c.AtMs, K: k, Skip: s.skip(c)}
}

// skip refuses what the customer knows, where that is not asked for.
func (s *Set) skip(c *Case) func(int32) bool {
	if !s.NewOnly {
		return nil
	}
	known := make(map[int32]bool, len(c.History))
	for _, item := range c.History {
		known[item] = true
	}
	return func(item int32) bool { return known[item] }
}

// shown says what the lists are made of.
func (s *Set) shown(k int, row *Row) (err error) {
	known := 0
	var counts []int64
	for _, n := range s.Counts {
		if n > 0 {
			known++
			counts = append(counts, n)
		}
	}
	if row.Coverage, err = evaluate.Coverage(row.lists, k, known); err != nil {
		return err
	}
	slices.Sort(counts)
	head := counts[len(counts)-max(1, len(counts)/100)]
	places := 0
	for _, l := range row.lists {
		if len(l.Ranked) == 0 {
			row.Empty++
		}
		for _, item := range l.Ranked[:min(k, len(l.Ranked))] {
			places++
			row.Novelty += math.Log2(float64(len(s.Train)) / float64(max(s.Counts[item], 1)))
			if s.Counts[item] >= head {
				row.Head++
			}
		}
	}
	row.Empty /= float64(len(row.lists))
	row.Novelty /= float64(max(places, 1))
	row.Head /= float64(max(places, 1))
	return nil
}
