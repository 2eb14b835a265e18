package judge

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/interaction"
	"github.com/freshet/freshet/services/recommendation/rank"
)

// members of the ensembles of a protocol. Models that learn on are there where a protocol has them.
func members(protocol string) []string {
	switch protocol {
	case "next-item":
		return []string{"item-knn-live", "vmis-knn-live", "again-fading", "user-knn", "popular"}
	case "next-basket":
		return []string{"again", "again-fading", "item-knn", "vmis-knn", "user-knn", "ease", "als", "popular"}
	}
	return []string{"item-knn", "vmis-knn", "user-knn", "ease", "als", "popular"}
}

const (
	// each is how many candidates a member is asked for.
	each = 100
	// enough questions are not worth another inner split.
	enough = 4000
)

// lessons is how many questions the ranker learns from at most: fewer where many members make many candidates.
func lessons(protocol string) int { return 40_000 / len(members(protocol)) }

// ensemble asks its members and puts what they propose in one order.
type ensemble struct {
	models []Model
	facts  rank.Facts
	order  func(*rank.Pool) []rank.Ranked
}

var _ candidate.Source = (*ensemble)(nil)

// pool asks every member.
func (e *ensemble) pool(q *candidate.Query) *rank.Pool {
	p := rank.NewPool(rank.FromQuery(q))
	p.Facts = e.facts
	for _, m := range e.models {
		p.Name(m.Name, 1)
	}
	asked := *q
	asked.K = max(each, q.K)
	var buffer []candidate.Candidate
	for i, m := range e.models {
		buffer = m.Source.Candidates(buffer[:0], &asked)
		p.Add(i, buffer)
	}
	return p
}

// Candidates implements candidate.Source.
func (e *ensemble) Candidates(dst []candidate.Candidate, q *candidate.Query) []candidate.Candidate {
	if q.K <= 0 {
		return dst
	}
	p := e.pool(q)
	defer p.Put()
	for i, r := range e.order(p) {
		if i == q.K {
			break
		}
		dst = append(dst, candidate.Candidate{Item: r.Item, Score: r.Score, Reason: r.Reason})
	}
	return dst
}

// ended tells the members that learn on.
func (e *ensemble) ended(items []int32) {
	for _, m := range e.models {
		if m.Ended != nil {
			m.Ended(items)
		}
	}
}

// gather trains the members on a set.
func gather(ctx context.Context, s *Set) (*ensemble, error) {
	families, err := Choose(s.Protocol, members(s.Protocol))
	if err != nil {
		return nil, err
	}
	e := &ensemble{order: rank.Blend, facts: s.facts()}
	e.models, err = Train(ctx, s, families, nil)
	return e, err
}

// facts are what the sessions that were learnt from say of items.
func (s *Set) facts() rank.Facts {
	all := float64(max(len(s.Train), 1))
	return rank.Facts{Popular: func(item int32) float64 { return float64(s.Counts[item]) / all }}
}

func (e *ensemble) model(note string) Model {
	m := Model{Source: e, Note: note}
	if slices.ContainsFunc(e.models, func(m Model) bool { return m.Ended != nil }) {
		m.Ended = e.ended
	}
	return m
}

func fitBlend(ctx context.Context, s *Set) (Model, error) {
	e, err := gather(ctx, s)
	if err != nil {
		return Model{}, err
	}
	return e.model(fmt.Sprintf("reciprocal ranks of %v, all of one weight", members(s.Protocol))), nil
}

// fitRanker learns on inner splits of what is learnt from, cut as the set itself is: members that were fitted on the older part are asked what
// came in the newer. Then the members are fitted on all.
func fitRanker(ctx context.Context, s *Set) (Model, error) {
	splits, err := s.splits()
	if err != nil {
		return Model{}, err
	}
	l := rank.NewLessons(members(s.Protocol))
	asked := len(splits)
	for i, inner := range splits {
		splits[i] = nil // its models go when the next one's come: they are as large as those that serve
		young, err := gather(ctx, inner)
		if err != nil {
			return Model{}, err
		}
		if err := young.learn(ctx, inner, l); err != nil {
			return Model{}, err
		}
	}
	o := rank.Default()
	r, err := rank.Train(ctx, l, o)
	if errors.Is(err, rank.ErrTooFew) {
		m, fault := fitBlend(ctx, s)
		m.Note = "not trained, blended: " + err.Error()
		return m, fault
	}
	if err != nil {
		return Model{}, err
	}
	e, err := gather(ctx, s)
	if err != nil {
		return Model{}, err
	}
	e.order = r.Rank
	return e.model(fmt.Sprintf("%d trees over %v, learnt from %d questions of %d inner splits; most from %s", r.Trees(), members(s.Protocol), l.Len(), asked, strongest(r))), nil
}

// strongest names the features that helped most.
func strongest(r *rank.Ranker) string {
	gains, names := r.Gains(), r.Features()
	out := ""
	for n := range 5 {
		best := 0
		for i := range gains {
			if gains[i] > gains[best] {
				best = i
			}
		}
		if n > 0 {
			out += ", "
		}
		out += names[best]
		gains[best] = math.Inf(-1)
	}
	return out
}

// learn asks the members the cases of a set, and notes what came.
func (e *ensemble) learn(ctx context.Context, s *Set, l *rank.Lessons) error {
	s.Thin(lessons(s.Protocol))
	for i := range s.Cases {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		c := &s.Cases[i]
		p := e.pool(s.query(c, each))
		err := l.Add(p, func(item int32) int {
			if slices.Contains(c.Relevant, item) {
				return 1
			}
			return 0
		})
		p.Put()
		if err != nil {
			return err
		}
		if c.Last && c.Ended != nil {
			e.ended(c.Ended)
		}
	}
	return nil
}

// splits are inner cuts, the oldest first: each is a cut of what the next one learns from. There are as many as give enough questions.
func (s *Set) splits() ([]*Set, error) {
	var out []*Set
	for questions, from := 0, s; len(out) < 3 && questions < enough; {
		inner, err := from.inner()
		if err != nil {
			if len(out) == 0 {
				return nil, err
			}
			break // what is left cannot be cut once more
		}
		questions += len(inner.Cases)
		out, from = append(out, inner), inner
	}
	slices.Reverse(out)
	return out, nil
}

// inner cuts what is learnt from once more, as the set itself was cut.
func (s *Set) inner() (*Set, error) {
	if s.log == nil {
		return nil, errors.New("the set does not know how it was cut: make it by NewSet")
	}
	l := *s.log
	for i := range s.Train {
		one := &s.Train[i]
		for j, item := range one.Items {
			e := interaction.Event{User: one.User, Item: item, Value: 1}
			if one.Values != nil {
				e.Value = one.Values[j]
			}
			if one.At != nil {
				e.AtMs = one.At[j]
			}
			l.Events = append(l.Events, e)
		}
	}
	p := s.plan
	p.Seed++
	p.every, p.MinTouches, p.Tell = true, 0, nil // who was left out stays left out
	if !(p.Share > 0 && p.Share < 1) {
		p.Share = .1
	}
	inner, err := NewSet(&l, nil, p)
	if err != nil {
		return nil, fmt.Errorf("an inner split: %w", err)
	}
	return inner, nil
}
