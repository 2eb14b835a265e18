package training

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

const (
	// wordsEvery is how often the progress of a training is written down at most.
	wordsEvery = 2 * time.Second
	// asked is how often it is looked whether this process still trains.
	asked = time.Second
	// lastWord bounds the time that the last word of a training may take, also when the process stops.
	lastWord = 5 * time.Second
)

// abandoned says of trainings that other processes began and cannot end that they failed: this one is the only one that trains.
func (s *Service) abandoned(ctx context.Context) {
	for _, run := range s.deps.Registry.Abandoned(s.deps.Name) {
		run.State = modelv1.RunState_RUN_STATE_FAILED
		run.Words = "the process that trained ended, or lost the task, in the middle of it: " + run.GetWords() + ". What served goes on serving"
		if err := s.deps.Registry.Tell(ctx, run); err != nil && ctx.Err() == nil {
			s.deps.Logger.Error("a training that was cut off could not be told of", "target", run.GetName(), "error", err)
		}
	}
}

// skip says what is missing for a training, unless that is what was said last.
func (s *Service) skip(ctx context.Context, workspace, target string, last *modelv1.Run, missing string) {
	if last.GetState() == modelv1.RunState_RUN_STATE_SKIPPED && last.GetWords() == missing {
		return
	}
	run := s.newRun(workspace, target, asFirst)
	run.State, run.Words = modelv1.RunState_RUN_STATE_SKIPPED, missing
	if err := s.deps.Registry.Tell(ctx, run); err != nil && ctx.Err() == nil {
		s.deps.Logger.Error("what is missing for a training could not be told", "target", target, "error", err)
	}
}

func (s *Service) newRun(workspace, target, trigger string) *modelv1.Run {
	var id [8]byte
	rand.Read(id[:]) //nolint:errcheck // It never fails.
	return &modelv1.Run{Workspace: workspace, Name: target, Id: hex.EncodeToString(id[:]), Trigger: trigger, AskedMs: s.now().UnixMilli()}
}

// asked trains what somebody asked for, also in a workspace that nobody is known of yet: who asked is told what is missing.
func (s *Service) asked(ctx context.Context) {
	for _, run := range s.deps.Registry.Waiting() {
		if ctx.Err() != nil || !s.deps.Owner() {
			return
		}
		if place, ok := s.deps.Forecasts.Target(run.GetName()); ok {
			s.train(ctx, place, run)
		}
	}
}

// one trains what was asked for meanwhile, and then a target when it is wanted.
func (s *Service) one(ctx context.Context, workspace string, place int, timed bool) {
	s.asked(ctx)
	if !timed || s.cfg.Off || ctx.Err() != nil {
		return
	}
	target := s.deps.Forecasts.Targets[place].Name
	if trigger := s.wanted(ctx, workspace, place); trigger != "" {
		s.train(ctx, place, s.newRun(workspace, target, trigger))
	}
}

// train runs one training to its end, and says how it ended.
func (s *Service) train(ctx context.Context, place int, run *modelv1.Run) {
	run.State, run.Owner, run.BeganMs, run.Words = modelv1.RunState_RUN_STATE_RUNNING, s.deps.Name, s.now().UnixMilli(), "begins"
	if err := s.deps.Registry.Tell(ctx, run); err != nil {
		if ctx.Err() == nil {
			s.deps.Logger.Error("a training could not be begun", "target", run.GetName(), "error", err)
		}
		return
	}
	began := s.now()
	mine, end := s.whileOwner(ctx)
	a := &attempt{Service: s, workspace: run.GetWorkspace(), place: place, target: &s.deps.Forecasts.Targets[place]}
	a.tell = s.progress(mine, run)
	err := a.all(mine, run)
	end()
	if errors.Is(context.Cause(mine), errLost) || errors.Is(err, errLost) {
		return // who has the task now says what became of this one
	}
	s.ended(ctx, a, run, err, s.now().Sub(began))
}

// all makes a version and decides about it; how that ended is in the run.
func (a *attempt) all(ctx context.Context, run *modelv1.Run) error {
	v, err := a.make(ctx, run.GetTrigger())
	if err != nil {
		return err
	}
	run.Version = v.GetId()
	promoted, why, err := a.decide(ctx, v)
	if err != nil {
		return fmt.Errorf("version %s is kept, and is not live: %w", v.GetId(), err)
	}
	run.Promoted, run.Words = promoted, why
	return nil
}

// whileOwner is a context that ends when this process does not train any more. Call end when the work is over.
func (s *Service) whileOwner(ctx context.Context) (mine context.Context, end func()) {
	mine, cancel := context.WithCancelCause(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(asked)
		defer tick.Stop()
		for {
			select {
			case <-mine.Done():
				return
			case <-tick.C:
				if !s.deps.Owner() {
					cancel(errLost)
				}
			}
		}
	}()
	return mine, func() { cancel(nil); <-stopped }
}

// progress writes down what a training does, now and then: what it says is for people, and a word that is lost is no harm.
func (s *Service) progress(ctx context.Context, run *modelv1.Run) func(what string, done, of int) {
	var last time.Time
	return func(what string, done, of int) {
		percent := int32(0)
		if of > 0 {
			percent = int32(min(100, 100*int64(done)/int64(of)))
		}
		now := s.now()
		if what == run.GetWords() && (percent == run.GetPercent() || now.Sub(last) < wordsEvery) {
			return
		}
		last, run.Words, run.Percent = now, what, percent
		if err := s.deps.Registry.Tell(ctx, run); err != nil && ctx.Err() == nil {
			s.deps.Logger.Warn("the progress of a training could not be told", "target", run.GetName(), "error", err)
		}
	}
}

// ended says how a training ended. One that the process's end cut off is asked for anew: the next owner takes it up.
func (s *Service) ended(ctx context.Context, a *attempt, run *modelv1.Run, err error, took time.Duration) {
	var little tooLittle
	run.Percent = 100
	switch {
	case err == nil:
		run.State = modelv1.RunState_RUN_STATE_DONE
	case ctx.Err() != nil:
		run.State, run.Words, run.Owner, run.Percent = modelv1.RunState_RUN_STATE_REQUESTED, "the process that trained was stopped: the training begins anew with the next", "", 0
	case errors.As(err, &little):
		run.State, run.Words = modelv1.RunState_RUN_STATE_SKIPPED, little.words
	default:
		run.State, run.Words = modelv1.RunState_RUN_STATE_FAILED, err.Error()
	}
	if !run.GetPromoted() {
		k := key{run.GetWorkspace(), run.GetName()}
		l := s.looks[k]
		l.tried = a.outlook
		s.looks[k] = l
	}
	log := s.deps.Logger.With("target", run.GetName(), "workspace", run.GetWorkspace(), "trigger", run.GetTrigger(), "version", run.GetVersion(), "promoted", run.GetPromoted(), "took", took)
	if run.GetState() == modelv1.RunState_RUN_STATE_FAILED {
		log.Error("a training failed", "error", err)
	} else {
		log.Info("a training ended", "words", run.GetWords())
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
	defer cancel()
	if err := s.deps.Registry.Tell(ctx, run); err != nil {
		log.Error("the end of a training could not be told", "error", err)
	}
}
