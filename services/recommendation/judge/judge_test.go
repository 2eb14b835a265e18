package judge

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/interaction"
)

// log draws events of 8 users and 10 items at 12 times.
func drawLog(t *rapid.T) *interaction.Log {
	l := interaction.NewLog()
	l.Timed = rapid.Bool().Draw(t, "timed")
	for range rapid.IntRange(0, 60).Draw(t, "events") {
		e := interaction.Event{User: l.Users.ID(fmt.Sprint(rapid.IntRange(0, 7).Draw(t, "user"))), Item: l.Items.ID(fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "item"))), Value: 1}
		if l.Timed {
			e.AtMs = rapid.Int64Range(1, 12).Draw(t, "at")
		}
		l.Events = append(l.Events, e)
	}
	return l
}

func TestNoCaseTellsItsAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLog(t)
		p := Plan{Protocol: rapid.SampledFrom(Protocols).Draw(t, "protocol"), Share: rapid.SampledFrom([]float64{.1, .3, .6}).Draw(t, "share"), BasketGapMs: 2, Seed: 1}
		s, err := NewSet(l, nil, p)
		if err != nil {
			return
		}
		trained := map[int32]*interaction.Session{}
		for i := range s.Train {
			trained[s.Train[i].User] = &s.Train[i]
		}
		all := map[int32]interaction.Session{}
		for _, one := range interaction.Sessions(l.Events, l.Timed) {
			all[one.User] = one
		}
		for _, c := range s.Cases {
			for _, item := range c.Relevant {
				if s.Counts[item] == 0 || s.NewOnly && slices.Contains(c.History, item) {
					t.Fatalf("%+v asks for %d", c, item)
				}
			}
			if p.Protocol == "next-basket" || p.Protocol == "holdout" {
				for _, one := range trained {
					if len(one.At) > 0 && one.End() >= c.AtMs {
						t.Fatalf("%v was learnt from and %+v judges", one, c)
					}
				}
			}
		}
		judged := len(all) - len(s.Train)
		if p.Protocol == "leave-last-out" {
			judged = 1 // TestLeaveLastOut
		}
		if (p.Protocol == "next-item" || p.Protocol == "users") && judged <= 0 {
			t.Fatalf("%d of %d were learnt from", len(s.Train), len(all))
		}
		if p.Protocol == "next-item" {
			pairs := s.Unknown
			for user, one := range all {
				if trained[user] == nil {
					known := s.known(one)
					pairs += max(0, len(known.Items)-1)
				}
			}
			if len(s.Cases) > pairs {
				t.Fatalf("%d cases of %d pairs", len(s.Cases), pairs)
			}
		}
	})
}

// fixed ranks items by a permutation that the last item of the history turns.
type fixed struct {
	scores []float64
	counts []int64
}

func (f fixed) Candidates(dst []candidate.Candidate, q *candidate.Query) []candidate.Candidate {
	var b candidate.Best
	b.Reset(q.K)
	for i := range f.scores {
		if f.counts[i] > 0 && !q.Refused(int32(i)) {
			b.Offer(candidate.Candidate{Item: int32(i), Score: f.score(i, q.History)})
		}
	}
	return b.Append(dst)
}

func (f fixed) score(i int, history []int32) float64 {
	return f.scores[(i+int(history[len(history)-1]))%len(f.scores)]
}

func TestFiguresAreThoseOfAPlainComputation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := NewSet(drawLog(t), nil, Plan{Protocol: rapid.SampledFrom(Protocols).Draw(t, "protocol"), Share: .4, BasketGapMs: 2})
		if err != nil || s.resampleGroups() < 2 {
			return
		}
		f := fixed{scores: make([]float64, s.Items), counts: s.Counts}
		for i, v := range rapid.Permutation(slices.Collect(func(yield func(int) bool) {
			for i := range s.Items {
				if !yield(i) {
					return
				}
			}
		})).Draw(t, "scores") {
			f.scores[i] = float64(v + 1)
		}
		const k = 4
		rows, err := Judge(context.Background(), s, []Model{{Name: "fixed", Source: f}}, Options{K: k, Resamples: 100})
		if err != nil {
			t.Fatal(err)
		}
		var recall, mrr, ndcg float64
		for _, c := range s.Cases {
			found, first, gain, best := 0.0, 0.0, 0.0, 0.0
			for place, item := range c.Relevant {
				rank := 1 // how many known ones that are not refused are better, and one
				for j := range s.Items {
					if s.Counts[j] > 0 && f.score(j, c.History) > f.score(int(item), c.History) && !(s.NewOnly && slices.Contains(c.History, int32(j))) {
						rank++
					}
				}
				if rank <= k {
					found++
					first = max(first, 1/float64(rank))
				}
				if rank <= k/2 {
					gain += 1 / math.Log2(float64(rank)+1)
				}
				if place < k/2 {
					best += 1 / math.Log2(float64(place)+2)
				}
			}
			recall += found / float64(len(c.Relevant))
			mrr += first
			ndcg += gain / best
		}
		n := float64(len(s.Cases))
		for what, pair := range map[string][2]float64{"recall": {rows[0].Recall.Value, recall / n}, "MRR": {rows[0].MRR.Value, mrr / n}, "NDCG": {rows[0].NDCG.Value, ndcg / n}} {
			if math.Abs(pair[0]-pair[1]) > 1e-9 {
				t.Fatalf("%s %v, want %v", what, pair[0], pair[1])
			}
		}
	})
}

func (s *Set) resampleGroups() int {
	groups := map[int]bool{}
	for _, c := range s.Cases {
		groups[c.Group] = true
	}
	return len(groups)
}

// shop is a log in which two worlds of items never meet, seen by sessions that follow each other.
func shop(sessions int) *interaction.Log {
	l := interaction.NewLog()
	l.Timed = true
	for u := range sessions {
		for i := range 4 {
			item := fmt.Sprintf("%d-%d", u%2, (u/2+i)%5)
			l.Events = append(l.Events, interaction.Event{User: l.Users.ID(fmt.Sprint(u)), Item: l.Items.ID(item), AtMs: int64(u*100 + i), Value: 1})
		}
	}
	return l
}

// known compares all that does not depend on the clock.
func known(rows []Row) string {
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintln(&b, r.Name, r.Recall, r.NDCG, r.MRR, r.Coverage, r.Novelty, r.Head, r.Empty, r.BehindBestRecall, r.Note)
	}
	return b.String()
}

func TestTheSameDataGiveTheSameFigures(t *testing.T) {
	for _, protocol := range []string{"next-item", "users", "leave-last-out"} {
		var told []string
		for range 2 {
			s, err := NewSet(shop(100), nil, Plan{Protocol: protocol, Share: .3, Seed: 7})
			if err != nil {
				t.Fatal(err)
			}
			families, err := Choose(protocol, nil)
			if err != nil {
				t.Fatal(err)
			}
			models, err := Train(t.Context(), s, families, nil)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := Judge(t.Context(), s, models, Options{K: 5, Resamples: 100, Seed: 3})
			if err != nil {
				t.Fatal(err)
			}
			told = append(told, known(rows))
			for _, r := range rows {
				if taste := r.Name != "popular" && !strings.HasPrefix(r.Name, "again"); taste && r.Recall.Value < .9 {
					t.Errorf("%s, %s: recall %v where worlds never meet", protocol, r.Name, r.Recall.Value)
				}
			}
		}
		if told[0] != told[1] {
			t.Error(gocmp.Diff(told[0], told[1]))
		}
	}
}

func TestALiveModelLearnsFromWhatWasJudged(t *testing.T) {
	l := shop(40)
	for u := 1000; u < 1010; u++ { // a fashion that nobody knew, though its items were sold before
		for i, item := range []string{"0-0", "1-3"} {
			l.Events = append(l.Events, interaction.Event{User: l.Users.ID(fmt.Sprint(u)), Item: l.Items.ID(item), AtMs: int64(u*100 + i), Value: 1})
		}
	}
	s, err := NewSet(l, nil, Plan{Protocol: "next-item", Share: .2})
	if err != nil {
		t.Fatal(err)
	}
	families, _ := Choose("", []string{"vmis-knn", "vmis-knn-live"})
	models, err := Train(t.Context(), s, families, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := Judge(t.Context(), s, models, Options{K: 12, Resamples: 100})
	if err != nil {
		t.Fatal(err)
	}
	if rows[0].Name != "vmis-knn-live" || rows[0].Recall.Value != .9 || rows[1].Recall.Value != 0 || rows[1].BehindBestRecall.High >= 0 {
		t.Errorf("%s", known(rows))
	}
}

func TestWhatCannotBeJudgedIsExplained(t *testing.T) {
	l := shop(4)
	untimed := shop(4)
	untimed.Timed = false
	for want, f := range map[string]func() error{
		`a protocol "x"`:             func() error { _, err := NewSet(l, nil, Plan{Protocol: "x"}); return err },
		"the file has no times":      func() error { _, err := NewSet(untimed, nil, Plan{Protocol: "holdout", Share: .5}); return err },
		"a share of 0 judges":        func() error { _, err := NewSet(l, nil, Plan{Protocol: "users"}); return err },
		"of 4 sessions is none":      func() error { _, err := NewSet(l, nil, Plan{Protocol: "next-item", Share: .1}); return err },
		"nothing is left to judge":   func() error { _, err := NewSet(l, nil, Plan{Protocol: "holdout", Share: .5}); return err },
		`there is no model "x": the`: func() error { _, err := Choose("", []string{"x"}); return err },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestAFileOfItsOwnJudges(t *testing.T) {
	l := shop(20)
	test := []interaction.Event{{User: 0, Item: l.Items.ID("1-0"), AtMs: 9000}, {User: 0, Item: l.Items.ID("new"), AtMs: 9001}, {User: l.Users.ID("stranger"), Item: 0, AtMs: 9002}}
	s, err := NewSet(l, test, Plan{Protocol: "holdout"})
	if err != nil || len(s.Cases) != 1 || s.Unknown != 1 || len(s.Train) != 20 || l.Items.Text(s.Cases[0].Relevant[0]) != "1-0" {
		t.Errorf("%+v %v", s, err)
	}
}

func TestThinKeepsWholeGroups(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &Set{}
		sizes := map[int]int{}
		for g := range rapid.IntRange(1, 30).Draw(t, "groups") {
			for range rapid.IntRange(1, 4).Draw(t, "size") {
				s.Cases = append(s.Cases, Case{Group: g})
				sizes[g]++
			}
		}
		n, all := rapid.IntRange(0, 40).Draw(t, "n"), len(s.Cases)
		s.Thin(n)
		left := map[int]int{}
		for _, c := range s.Cases {
			left[c.Group]++
		}
		for g, size := range left {
			if size != sizes[g] {
				t.Fatalf("%d of %d cases of a group are left", size, sizes[g])
			}
		}
		if n == 0 && len(s.Cases) != all || n > 0 && (len(s.Cases) < min(n, all)-4 || len(s.Cases) > n+4 && len(s.Cases) != all) {
			t.Fatalf("%d of %d cases are left, want about %d", len(s.Cases), all, n)
		}
	})
}
