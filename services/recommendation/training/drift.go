package training

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/candidate"
)

const (
	// driftAgain is the least time between a training because of drift and the one before it.
	driftAgain = 6 * time.Hour
	// driftMost is how many touches are read to see how lists do, the newest; driftBack from how long before the training on, so that visitors have a past.
	driftMost, driftBack = 1_000_000, 7 * 24 * time.Hour
	// recent is what is held against all since the training that is older.
	recent = 24 * time.Hour
	// driftQuestions are asked of either at most, in whole visits; fewestRecent and fewestOlder at least.
	driftQuestions, fewestRecent, fewestOlder = 1500, 200, 400
	// driftErrors is by how many standard errors lists must do worse, driftShare by which share of what they did.
	driftErrors, driftShare = 3, .2
	// driftLook is how long the lists are that are looked at.
	driftLook = 20
)

// hits are how the touches of one visit were foretold.
type hits struct {
	atMs      int64
	asked, in float64
}

// drifts says whether what serves does worse than it did. What was shown is not asked, but what would have been: the champion, as boards have it, learns on from every touch since its
// training, and is asked before each touch of a visit but the first.
func (s *Service) drifts(ctx context.Context, workspace string, champion *modelv1.Version) (words string, acts bool) {
	a := &attempt{Service: s, workspace: workspace, tell: func(string, int, int) {}}
	to := s.now()
	recentMs := to.Add(-recent).UnixMilli()
	from := time.UnixMilli(champion.GetToMs()).Add(-driftBack)
	err := s.deps.Touches.Read(ctx, workspace, from, to, driftMost, func(t Touch) error { a.heap.add(t); return ctx.Err() })
	if err == nil {
		a.readChampion(ctx)
		err = a.unread
	}
	var visits []hits
	if err == nil && a.old != nil {
		visits, err = a.foretold(ctx, champion.GetToMs(), recentMs)
	}
	if err != nil {
		if ctx.Err() == nil {
			s.deps.Logger.Warn("how lists do now could not be looked at", "workspace", workspace, "version", champion.GetId(), "error", err)
		}
		return "", false
	}
	return fell(visits, recentMs)
}

// foretold replays what came since a time: each touch is asked for and then learnt.
func (a *attempt) foretold(ctx context.Context, sinceMs, recentMs int64) ([]hits, error) {
	list, _, err := a.listed(nextItem, a.old)
	if err != nil {
		return nil, err
	}
	asked, visits := a.heap.later(sinceMs, recentMs)
	var one recommendationv1.Touch
	var buffer []candidate.Candidate
	for i := a.heap.end(sinceMs); i < len(a.heap.touches); i++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		t := &a.heap.touches[i]
		if visit, ok := asked[int32(i)]; ok {
			buffer = list.Candidates(buffer[:0], a.heap.ask(i, t.at), driftLook)
			visits[visit].asked++
			if slices.ContainsFunc(buffer, func(c candidate.Candidate) bool { return c.Item == t.item }) {
				visits[visit].in++
			}
		}
		a.heap.tell(t, &one)
		a.old.learner.Touch(&one, t.item)
	}
	return visits, nil
}

// later are the visits that began since a time, evenly taken of what is recent and of what is not, and by the places of their touches but the first which visit it is.
func (h *heap) later(sinceMs, recentMs int64) (asked map[int32]int, visits []hits) {
	all := slices.DeleteFunc(h.before(math.MaxInt64).Visits, func(v Group) bool { return v.first() < sinceMs || len(v.Items) < 2 })
	asked = map[int32]int{}
	for _, newer := range []bool{false, true} {
		mine, questions := 0, 0
		for i := range all {
			if (all[i].first() >= recentMs) == newer {
				mine, questions = mine+1, questions+len(all[i].Items)-1
			}
		}
		every := max(1, (questions+driftQuestions-1)/driftQuestions)
		for i := range all {
			if (all[i].first() >= recentMs) != newer {
				continue
			}
			if mine--; mine%every != 0 {
				continue
			}
			for _, place := range all[i].Places[1:] {
				asked[place] = len(visits)
			}
			visits = append(visits, hits{atMs: all[i].first()})
		}
	}
	return asked, visits
}

// fell compares the share of the touches that were foretold in the visits since a time with that in all before: how far the newer lies below the older, in standard errors of the difference,
// visits being what is drawn.
func fell(visits []hits, sinceMs int64) (words string, acts bool) {
	older, newer := share(visits, func(v *hits) bool { return v.atMs < sinceMs }), share(visits, func(v *hits) bool { return v.atMs >= sinceMs })
	if older.asked < fewestOlder || newer.asked < fewestRecent {
		return fmt.Sprintf("%.0f touches of the last day and %.0f before it were foretold or not: %d and %d are needed", newer.asked, older.asked, fewestRecent, fewestOlder), false
	}
	z := (older.mean - newer.mean) / max(math.Sqrt(older.variance+newer.variance), 1e-9) // nothing varies: any difference is one
	words = fmt.Sprintf("of %.0f touches of the last day lists foretold %.1f %%, of %.0f before it %.1f %%: %.1f standard errors less", newer.asked, 100*newer.mean, older.asked, 100*older.mean, z)
	return words, z > driftErrors && newer.mean < (1-driftShare)*older.mean
}

// ratio is a share with the variance of its estimate.
type ratio struct{ asked, mean, variance float64 }

func share(visits []hits, of func(*hits) bool) (r ratio) {
	in := 0.
	for i := range visits {
		if of(&visits[i]) {
			r.asked, in = r.asked+visits[i].asked, in+visits[i].in
		}
	}
	if r.asked == 0 {
		return r
	}
	r.mean = in / r.asked
	for i := range visits {
		if v := &visits[i]; of(v) {
			d := v.in - r.mean*v.asked
			r.variance += d * d / (r.asked * r.asked)
		}
	}
	return r
}
