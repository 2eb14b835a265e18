package training

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/judge"
)

// ranked is the name of a ranker's list among the sources.
const ranked = "list"

// listed is what a version serves for a protocol, as one source, and what it is called.
func (a *attempt) listed(protocol string, p *Parts) (ask.Source, string, error) {
	if a.deps.Ranking == nil {
		first := candidate.Session
		if protocol != nextItem {
			if first = candidate.Taste; p.Taste == nil {
				first = candidate.AlsoBought
			}
		}
		return p.source(first), first.String(), nil
	}
	s, err := a.deps.Ranking.Over(p.sources(), a.facts(), p.Extra[RankerFile])
	if err != nil {
		return nil, "", fmt.Errorf("read the ranker: %w", err)
	}
	return s, ranked, nil
}

// ranker learns an order of what the sources say of cases, oldest first; none where there is too little.
func (a *attempt) ranker(ctx context.Context, p *Parts, cases []judge.Case, tell tell) error {
	if a.deps.Ranking == nil {
		return nil
	}
	tell("learning an order", 0, 1)
	question := func(i int) (*ask.Ask, []int32) {
		c := &cases[i]
		q := a.heap.ask(c.Place, c.AtMs)
		if c.NewOnly {
			q.Skip = func(item int32) bool { return slices.Contains(q.History, item) }
		}
		return q, c.Relevant
	}
	file, err := a.deps.Ranking.Train(ctx, p.sources(), a.facts(), len(cases), question, func(done, of int) { tell("learning an order", done, of) })
	if errors.Is(err, ErrTooFew) {
		p.Notes = append(p.Notes, fmt.Sprintf("There is no ranker: %v. Lists are put together by the places that the sources give.", err))
		return nil
	}
	if err != nil {
		return err
	}
	p.file(RankerFile, file)
	return nil
}

// mostLessons is how many questions teach at most, evenly taken: each is some 300 rows of 40 numbers.
const mostLessons = 6000

// taught are the cases that teach a ranker, and with judged those that judged another, oldest first.
func (a *attempt) taught(judged bool) []judge.Case {
	var out []judge.Case
	for _, t := range a.trials {
		out = append(out, t.teaching...)
		if judged && t.teaching != nil {
			out = append(out, t.set.Cases...)
		}
	}
	slices.SortStableFunc(out, func(a, b judge.Case) int { return cmp.Compare(a.AtMs, b.AtMs) })
	of := judge.Set{Cases: out}
	of.Thin(mostLessons)
	return of.Cases
}

// Verdict is how one list compares with another in one protocol: its Recall@20 less the other's, with what it lies between at 95 %.
type Verdict struct {
	Protocol    string            `json:"protocol"`
	Cases       int               `json:"cases"`
	Recall      float64           `json:"recall"`
	OtherRecall float64           `json:"other_recall"`
	Difference  evaluate.Interval `json:"difference"`
}

// verdict compares a list with another that was asked the same cases.
func (t *trial) verdict(list, other *judge.Row) (Verdict, error) {
	v := Verdict{Protocol: t.Protocol, Cases: len(t.set.Cases), Recall: list.Recall.Value, OtherRecall: other.Recall.Value}
	var err error
	v.Difference, err = t.set.Difference(list, other, judge.Options{Seed: seed})
	return v, err
}

// seed is of whatever is drawn: the same touches give the same figures.
const seed = 1

// better says that a list is better in one protocol and worse in none, by more than chance; notWorse the second alone.
func better(all []Verdict) (better, notWorse bool) {
	notWorse = true
	for _, v := range all {
		better = better || v.Difference.Low > 0
		notWorse = notWorse && v.Difference.High >= 0
	}
	return better && notWorse, notWorse
}

func (v Verdict) words(than string) string {
	return fmt.Sprintf("%s, %d cases: Recall@20 %.4f against %.4f of %s, the difference is %+.4f (%+.4f to %+.4f)",
		v.Protocol, v.Cases, v.Recall, v.OtherRecall, than, v.Difference.Value, v.Difference.Low, v.Difference.High)
}
