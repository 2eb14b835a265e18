package training

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/interaction"
	"github.com/freshet/freshet/services/recommendation/judge"
)

// trial is one protocol: cases that lie behind a cut, and what of them judges.
type trial struct {
	Protocol string
	set      *judge.Set
	// teaching are the older half of the cases, from which the ranker learns; empty where none does.
	teaching []judge.Case
}

const (
	// mostCases is how many cases of a trial are asked at most.
	mostCases = 20_000
	// fewest is how many cases a comparison needs.
	fewest = 50
)

// cut is where the judged part begins: where the newest share does, or where the champion's knowledge ends when that is later.
func (h *heap) cut(share float64, champion int64) (int64, error) {
	events := make([]interaction.Event, len(h.touches))
	for i, t := range h.touches {
		events[i].AtMs = t.at
	}
	at, err := interaction.CutAt(events, share)
	return max(at, champion), err
}

// trials are the protocols for which there is something behind a cut. rank says that the older half of the visits teaches a ranker.
func (h *heap) trials(cutMs int64, learnt *Groups, rank bool) []*trial {
	var out []*trial
	if t := h.nextItem(cutMs, learnt); t != nil {
		if rank {
			t.halve()
		}
		out = append(out, t)
	}
	if t := h.holdout(cutMs); t != nil {
		out = append(out, t)
	}
	for _, t := range out {
		t.set.Thin(mostCases)
	}
	return out
}

// nextItem judges visits that began at or behind the cut.
func (h *heap) nextItem(cutMs int64, learnt *Groups) *trial {
	var later []Group
	for _, v := range h.before(math.MaxInt64).Visits {
		if v.first() >= cutMs && len(v.Items) > 1 {
			later = append(later, v)
		}
	}
	return h.trial("next-item", eventsOf(learnt.Visits), eventsOf(later))
}

// eventsOf are the touches of groups, each group a user.
func eventsOf(groups []Group) []interaction.Event {
	out := []interaction.Event{} // not nil: nothing judges
	for user, g := range groups {
		for i, item := range g.Items {
			out = append(out, interaction.Event{User: int32(user), Item: item, AtMs: g.At[i], Value: 1})
		}
	}
	return out
}

// holdout judges customers by what they touched at or behind the cut and never before.
func (h *heap) holdout(cutMs int64) *trial {
	before, behind := []interaction.Event{}, []interaction.Event{}
	for _, t := range h.touches {
		e := interaction.Event{User: t.customer, Item: t.item, AtMs: t.at, Value: 1}
		switch {
		case t.anonymous || t.kind == returned:
		case t.at < cutMs:
			before = append(before, e)
		default:
			behind = append(behind, e)
		}
	}
	return h.trial("holdout", before, behind)
}

func (h *heap) trial(protocol string, learnt, later []interaction.Event) *trial {
	set, err := judge.NewSet(&interaction.Log{Users: &interaction.Names{}, Items: &h.items, Events: learnt, Timed: true}, later, judge.Plan{Protocol: protocol})
	if err != nil {
		return nil // nothing is left to judge
	}
	return &trial{Protocol: protocol, set: set}
}

// halve has the older half of the groups teach.
func (t *trial) halve() {
	at := len(t.set.Cases) / 2
	for at < len(t.set.Cases) && at > 0 && t.set.Cases[at].Group == t.set.Cases[at-1].Group {
		at++
	}
	if at == len(t.set.Cases) {
		return
	}
	t.teaching, t.set.Cases = t.set.Cases[:at], t.set.Cases[at:]
}

// listed is what a version serves for a protocol, as one source.
func (a *attempt) listed(protocol string, p *Parts) (candidate.Source, error) {
	if protocol == "holdout" {
		return p.ofCustomers()[0].Source, nil
	}
	if a.deps.Ranking == nil {
		return p.ofVisits()[0].Source, nil
	}
	s, err := a.deps.Ranking.Over(p.ofVisits(), p.Extra[RankerFile])
	if err != nil {
		return nil, fmt.Errorf("read the ranker: %w", err)
	}
	return s, nil
}

// ranker learns an order of what the sources say of questions; nil where there is too little.
func (a *attempt) ranker(ctx context.Context, p *Parts, questions []judge.Case) error {
	if a.deps.Ranking == nil {
		return nil
	}
	a.tell("learning an order", 0, 1)
	file, err := a.deps.Ranking.Train(ctx, p.ofVisits(), questions, func(done, of int) { a.tell("learning an order", done, of) })
	if errors.Is(err, ErrTooFew) {
		p.Notes = append(p.Notes, fmt.Sprintf("There is no ranker: %v. Lists are put together by the places that the sources give.", err))
		return nil
	}
	if err != nil {
		return err
	}
	if p.Extra == nil {
		p.Extra = map[string][]byte{}
	}
	p.Extra[RankerFile] = file
	return nil
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
func (t *trial) versus(ctx context.Context, one, other candidate.Source) (Verdict, error) {
	rows, err := judge.Judge(ctx, t.set, []judge.Model{{Name: "one", Source: one}, {Name: "other", Source: other}}, judge.Options{Seed: seed})
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
