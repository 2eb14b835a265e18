package training

import (
	"context"
	"time"

	"github.com/freshet/freshet/pkg/trainer"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	"github.com/freshet/freshet/services/churn/dataset"
)

const (
	// again is after how long a first training that failed is tried again.
	again = time.Hour
	// grown is by how much customers, or what they did, must have grown for another look, or another try.
	grown = 1.2
	// stale is after how long a target is looked at though nothing came: time alone makes history longer.
	stale = time.Hour
	// settled is by how much there may be more than at the last look: beyond it a history is coming in, and a training of half of it would be for nothing.
	settled = 1.02
	// driftAgain is the least time between two trainings because of drift.
	driftAgain = 24 * time.Hour
)

// look is what was found when a target was looked at last.
type look struct {
	at        time.Time
	published int64
	outlook   *dataset.Outlook
	// tried is what there was at the last training that gave no model to serve; nil before.
	tried *dataset.Outlook
}

// wanted says whether a target is to be trained now, and why; empty when it is not.
func (s *Service) wanted(ctx context.Context, workspace string, place int) string {
	target := s.deps.Forecasts.Targets[place].Name
	run, champion := s.trainer.Latest(workspace, target), s.trainer.Champion(workspace, target)
	switch {
	case champion == nil && s.first(ctx, workspace, place, run):
		return trainer.AsFirst
	case champion == nil:
		return ""
	case trainer.Due(s.night(), champion, run):
		return trainer.ByNight
	case s.drifts(ctx, workspace, place, champion, run):
		return trainer.ForDrift
	}
	return ""
}

func (s *Service) night() time.Time { return trainer.Night(s.cfg.At, s.now()) }

// first says whether a target without a champion is worth a training now.
func (s *Service) first(ctx context.Context, workspace string, place int, run *modelv1.Run) bool {
	target := &s.deps.Forecasts.Targets[place]
	k := key{workspace, target.Name}
	last := s.looks[k]
	if run.GetState() == modelv1.RunState_RUN_STATE_FAILED && s.now().Sub(time.UnixMilli(run.GetAtMs())) < again {
		return false
	}
	published := s.published(ctx)
	if last.outlook != nil && s.now().Sub(last.at) < stale && published >= 0 && float64(published) < grown*float64(last.published) && settling(last) {
		return false
	}
	o, err := s.reader(workspace).Look(ctx, target)
	if err != nil {
		if ctx.Err() == nil {
			s.deps.Logger.Warn("a target without a model could not be looked at", "target", target.Name, "error", err)
		}
		return false
	}
	before := last.outlook
	last.at, last.published, last.outlook = s.now(), published, o
	s.looks[k] = last
	switch {
	case o.Missing != "":
		s.trainer.Skip(ctx, workspace, target.Name, run, o.Missing)
		return false
	case before == nil || moving(before, o):
		return false // what is coming in is waited for: the next look tells
	}
	return last.tried == nil || more(last.tried, o) || time.UnixMilli(run.GetBeganMs()).Before(s.night())
}

// settling says that the last look saw all there is, so that the next one may wait until more came.
func settling(l look) bool { return l.outlook.Missing != "" || l.tried != nil }

// moving says that much came between two looks.
func moving(before, now *dataset.Outlook) bool {
	return float64(now.Customers) > settled*float64(before.Customers) || now.Counted > settled*before.Counted
}

// more says that customers, or what they did, grew by a fifth.
func more(before, now *dataset.Outlook) bool {
	return float64(now.Customers) >= grown*float64(before.Customers) || now.Counted >= grown*before.Counted
}

// published is how many feature sets there ever were; -1 when it is not known.
func (s *Service) published(ctx context.Context) int64 {
	if s.deps.Published == nil {
		return -1
	}
	n, err := s.deps.Published(ctx)
	if err != nil {
		return -1
	}
	return n
}

// drifts says whether live customers are others than those of the training.
func (s *Service) drifts(ctx context.Context, workspace string, place int, champion *modelv1.Version, run *modelv1.Run) bool {
	return s.deps.Drift != nil && s.trainer.Drifts(champion, run, s.cfg.DriftEvery, driftAgain, func() (string, bool) { return s.deps.Drift(ctx, workspace, place, champion.GetId()) })
}
