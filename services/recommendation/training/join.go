package training

import (
	"context"
	"errors"
	"fmt"

	"github.com/freshet/freshet/services/recommendation/bundle"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/judge"
	"github.com/freshet/freshet/services/recommendation/rank"
)

// Files is package bundle as a Bundler.
type Files struct{}

// Write implements Bundler. A bundle's span has its end, a Span is up to before it.
func (Files) Write(p *Parts) (map[string][]byte, error) {
	return bundle.Write(bundle.Parts{
		Items: p.Items, Span: bundle.Span{FromMs: p.Span.FromMs, ToMs: p.Span.ToMs - 1, Touches: p.Span.Touches, Visitors: p.Span.Visitors},
		Session: p.Session, Viewed: p.Viewed, Bought: p.Bought, Together: p.Together, Taste: p.Taste, Rules: p.Rules, Baskets: p.Baskets, Popular: p.Popular, Extra: p.Extra,
	})
}

type numbers func(string) int32

// Ensure implements bundle.Numberer.
func (n numbers) Ensure(id string) (int32, bool) { return n(id), true }

// Read implements Bundler.
func (Files) Read(files map[string][]byte, number func(string) int32) (*Parts, error) {
	p, err := bundle.Read(files, numbers(number))
	if err != nil {
		return nil, err
	}
	return &Parts{
		Items: p.Items, Span: Span{FromMs: p.Span.FromMs, ToMs: p.Span.ToMs + 1, Touches: p.Span.Touches, Visitors: p.Span.Visitors},
		Session: p.Session, Viewed: p.Viewed, Bought: p.Bought, Together: p.Together, Taste: p.Taste, Rules: p.Rules, Baskets: p.Baskets, Popular: p.Popular, Extra: p.Extra,
	}, nil
}

// Ranks is package rank as a Ranking.
type Ranks struct{ Workers int }

// asked is how many candidates each source gives.
const asked = 100

func pool(sources []Named, q *candidate.Query) *rank.Pool {
	p := rank.NewPool(rank.FromQuery(q))
	for _, s := range sources {
		p.Name(s.Name, 1)
	}
	wide := *q
	wide.K = asked
	for i, s := range sources {
		p.Add(i, s.Source.Candidates(nil, &wide))
	}
	return p
}

// Train implements Ranking.
func (r Ranks) Train(ctx context.Context, sources []Named, questions []judge.Case, progress func(done, of int)) ([]byte, error) {
	var names []string
	for _, s := range sources {
		names = append(names, s.Name)
	}
	l := rank.NewLessons(names)
	for i := range questions {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		c := &questions[i]
		p := pool(sources, &candidate.Query{History: c.History, Values: c.Values, Times: c.Times, AtMs: c.AtMs})
		err := l.Add(p, func(item int32) int {
			for _, want := range c.Relevant {
				if item == want {
					return 1
				}
			}
			return 0
		})
		p.Put()
		if err != nil {
			return nil, err
		}
	}
	o := rank.Default()
	o.Workers, o.Progress, o.Seed = r.Workers, progress, seed
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
func (Ranks) Over(sources []Named, file []byte) (candidate.Source, error) {
	order := rank.Blend
	if file != nil {
		m, err := rank.Decode(file)
		if err != nil {
			return nil, err
		}
		order = m.Rank
	}
	return ordered{sources, order}, nil
}

type ordered struct {
	sources []Named
	order   func(*rank.Pool) []rank.Ranked
}

// Candidates implements candidate.Source.
func (o ordered) Candidates(dst []candidate.Candidate, q *candidate.Query) []candidate.Candidate {
	p := pool(o.sources, q)
	defer p.Put()
	for i, r := range o.order(p) {
		if i == q.K {
			break
		}
		dst = append(dst, candidate.Candidate{Item: r.Item, Score: r.Score, Reason: r.Reason})
	}
	return dst
}
