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

// listed is what a version serves for a protocol, as one source.
func (a *attempt) listed(protocol string, p *Parts) (ask.Source, error) {
	if a.deps.Ranking == nil {
		first := candidate.Session
		if protocol != nextItem {
			if first = candidate.Taste; p.Taste == nil {
				first = candidate.AlsoBought
			}
		}
		return p.source(first), nil
	}
	s, err := a.deps.Ranking.Over(p.sources(), a.facts(), p.Extra[RankerFile])
	if err != nil {
		return nil, fmt.Errorf("read the ranker: %w", err)
	}
	return s, nil
}

// ranker learns an order of what the sources say of cases, oldest first; none where there is too little.
func (a *attempt) ranker(ctx context.Context, p *Parts, cases []judge.Case) error {
	if a.deps.Ranking == nil {
		return nil
	}
	a.tell("learning an order", 0, 1)
	question := func(i int) (*ask.Ask, []int32) {
		c := &cases[i]
		return a.heap.ask(c.Place, c.AtMs), c.Relevant
	}
	file, err := a.deps.Ranking.Train(ctx, p.sources(), a.facts(), len(cases), question, func(done, of int) { a.tell("learning an order", done, of) })
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
	return out
}

// Verdict is how one list compares with another in one protocol: its Recall@20 less the other's, with what it lies between at 95 %.
type Verdict struct {
	Protocol    string            `json:"protocol"`
	Cases       int               `json:"cases"`
	Recall      float64           `json:"recall"`
	OtherRecall float64           `json:"other_recall"`
	Difference  evaluate.Interval `json:"difference"`
}

// versus asks two sources the same cases.
func (a *attempt) versus(ctx context.Context, t *trial, one, other ask.Source) (Verdict, error) {
	rows, err := judge.Judge(ctx, t.set, []judge.Model{a.heap.judged("one", one), a.heap.judged("other", other)}, judge.Options{Seed: seed})
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{Protocol: t.Protocol, Cases: len(t.set.Cases)}
	for _, r := range rows {
		if r.Name == "one" {
			v.Recall = r.Recall.Value
		} else {
			v.OtherRecall = r.Recall.Value
		}
	}
	v.Difference = rows[1].BehindBestRecall // the second's less the first's
	if d := v.Difference; rows[0].Name == "one" {
		v.Difference = evaluate.Interval{Value: -d.Value, Low: -d.High, High: -d.Low}
	}
	return v, nil
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
