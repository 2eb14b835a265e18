package training

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/rank"
)

// Ranks is package rank as a Ranking.
type Ranks struct{ Workers int }

// wide is how many candidates each source gives.
const wide = 100

// Train implements Ranking.
func (r Ranks) Train(ctx context.Context, sources []rank.Named, facts rank.Facts, questions int, question func(i int) (*ask.Ask, []int32), progress func(done, of int)) ([]byte, error) {
	var names []string
	for _, s := range sources {
		names = append(names, s.Name)
	}
	l := rank.NewLessons(names)
	for i := range questions {
		if i%256 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			progress(i, 2*questions) // the trees are the other half
		}
		a, came := question(i)
		p := rank.Gather(a, sources, wide)
		p.Facts = facts
		err := l.Add(p, func(item int32) int {
			if slices.Contains(came, item) {
				return 1
			}
			return 0
		})
		p.Put()
		if err != nil {
			return nil, err
		}
	}
	o := rank.Default()
	o.Workers, o.Seed, o.Progress = r.Workers, seed, func(done, of int) { progress(of+done, 2*of) }
	m, err := rank.Train(ctx, l, o)
	if errors.Is(err, rank.ErrTooFew) {
		return nil, fmt.Errorf("%w: %w", ErrTooFew, err)
	}
	if err != nil {
		return nil, err
	}
	return m.Encode(), nil
}

// Over implements Ranking.
func (Ranks) Over(sources []rank.Named, facts rank.Facts, file []byte) (ask.Source, error) {
	order := rank.Blend
	if file != nil {
		m, err := rank.Decode(file)
		if err != nil {
			return nil, err
		}
		order = m.Rank
	}
	return ordered{sources, facts, order}, nil
}

type ordered struct {
	sources []rank.Named
	facts   rank.Facts
	order   func(*rank.Pool) []rank.Ranked
}

// Candidates implements ask.Source.
func (o ordered) Candidates(dst []candidate.Candidate, a *ask.Ask, k int) []candidate.Candidate {
	p := rank.Gather(a, o.sources, wide)
	p.Facts = o.facts
	defer p.Put()
	for i, r := range o.order(p) {
		if i == k {
			break
		}
		dst = append(dst, candidate.Candidate{Item: r.Item, Score: r.Score, Reason: r.Reason})
	}
	return dst
}
