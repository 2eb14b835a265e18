package trainer

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

// ErrLost says that another process trains now.
var ErrLost = errors.New("another process has the task that trains now")

// TooLittle says that there is not enough to learn from: words for people.
type TooLittle struct{ Words string }

func (e TooLittle) Error() string { return e.Words }

// Made is what a training came to.
type Made struct {
	// Version is the id of what was kept; empty when nothing was.
	Version string
	// Promoted says that it serves, Why it does or not.
	Promoted bool
	Why      string
}

// Work is one training. It says through tell what it does, and ends soon after its context. A TooLittle says what is missing. With a version and an error the version
// is kept, and not live.
type Work func(ctx context.Context, tell func(what string, done, of int)) (Made, error)

// abandoned says of trainings that other processes began and cannot end that they failed: this one is the only one that trains.
func (t *Trainer) abandoned(ctx context.Context) {
	for _, run := range t.Registry.Abandoned(t.Name) {
		if !t.Mine(run.GetName()) {
			continue
		}
		run.State = modelv1.RunState_RUN_STATE_FAILED
		run.Words = "the process that trained ended, or lost the task, in the middle of it: " + run.GetWords() + ". What served goes on serving"
		if err := t.Registry.Tell(ctx, run); err != nil && ctx.Err() == nil {
			t.Logger.Error("a training that was cut off could not be told of", "model", run.GetName(), "error", err)
		}
	}
}

// Skip says what is missing for a first training, unless that is what was said last.
func (t *Trainer) Skip(ctx context.Context, workspace, name string, last *modelv1.Run, missing string) {
	if last.GetState() == modelv1.RunState_RUN_STATE_SKIPPED && last.GetWords() == missing {
		return
	}
	run := t.NewRun(workspace, name, AsFirst)
	run.State, run.Words = modelv1.RunState_RUN_STATE_SKIPPED, missing
	if err := t.Registry.Tell(ctx, run); err != nil && ctx.Err() == nil {
		t.Logger.Error("what is missing for a training could not be told", "model", name, "error", err)
	}
}

// NewRun is a training that nobody has been told of yet.
func (t *Trainer) NewRun(workspace, name, trigger string) *modelv1.Run {
	var id [8]byte
	rand.Read(id[:]) //nolint:errcheck // It never fails.
	return &modelv1.Run{Workspace: workspace, Name: name, Id: hex.EncodeToString(id[:]), Trigger: trigger, AskedMs: t.Now().UnixMilli()}
}

// Train runs one training to its end, and says how it ended, in run too. False: it was not begun, or another process has the task now, who says what became of it.
func (t *Trainer) Train(ctx context.Context, run *modelv1.Run, work Work) bool {
	run.State, run.Owner, run.BeganMs, run.Words = modelv1.RunState_RUN_STATE_RUNNING, t.Name, t.Now().UnixMilli(), "begins"
	if err := t.Registry.Tell(ctx, run); err != nil {
		if ctx.Err() == nil {
			t.Logger.Error("a training could not be begun", "model", run.GetName(), "error", err)
		}
		return false
	}
	began := t.Now()
	mine, end := t.whileOwner(ctx)
	made, err := work(mine, t.progress(mine, run))
	end()
	if errors.Is(context.Cause(mine), ErrLost) || errors.Is(err, ErrLost) {
		return false
	}
	run.Version, run.Promoted = made.Version, made.Promoted
	if err == nil {
		run.Words = made.Why
	} else if made.Version != "" {
		err = fmt.Errorf("version %s is kept, and is not live: %w", made.Version, err)
	}
	t.ended(ctx, run, err, t.Now().Sub(began))
	return true
}

// whileOwner is a context that ends when this process does not train any more. Call end when the work is over.
func (t *Trainer) whileOwner(ctx context.Context) (mine context.Context, end func()) {
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
				if !t.Owner() {
					cancel(ErrLost)
				}
			}
		}
	}()
	return mine, func() { cancel(nil); <-stopped }
}

// progress writes down what a training does, now and then: what it says is for people, and a word that is lost is no harm.
func (t *Trainer) progress(ctx context.Context, run *modelv1.Run) func(what string, done, of int) {
	var last time.Time
	return func(what string, done, of int) {
		percent := int32(0)
		if of > 0 {
			percent = int32(min(100, 100*int64(done)/int64(of)))
		}
		now := t.Now()
		if what == run.GetWords() && (percent == run.GetPercent() || now.Sub(last) < wordsEvery) {
			return
		}
		last, run.Words, run.Percent = now, what, percent
		if err := t.Registry.Tell(ctx, run); err != nil && ctx.Err() == nil {
			t.Logger.Warn("the progress of a training could not be told", "model", run.GetName(), "error", err)
		}
	}
}

// ended says how a training ended. One that the process's end cut off is asked for anew: the next owner takes it up.
func (t *Trainer) ended(ctx context.Context, run *modelv1.Run, err error, took time.Duration) {
	var little TooLittle
	run.Percent = 100
	switch {
	case err == nil:
		run.State = modelv1.RunState_RUN_STATE_DONE
	case ctx.Err() != nil:
		run.State, run.Words, run.Owner, run.Percent = modelv1.RunState_RUN_STATE_REQUESTED, "the process that trained was stopped: the training begins anew with the next", "", 0
	case errors.As(err, &little):
		run.State, run.Words = modelv1.RunState_RUN_STATE_SKIPPED, little.Words
	default:
		run.State, run.Words = modelv1.RunState_RUN_STATE_FAILED, err.Error()
	}
	log := t.Logger.With("model", run.GetName(), "workspace", run.GetWorkspace(), "trigger", run.GetTrigger(), "version", run.GetVersion(), "promoted", run.GetPromoted(), "took", took)
	if run.GetState() == modelv1.RunState_RUN_STATE_FAILED {
		log.Error("a training failed", "error", err)
	} else {
		log.Info("a training ended", "words", run.GetWords())
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
	defer cancel()
	if err := t.Registry.Tell(ctx, run); err != nil {
		log.Error("the end of a training could not be told", "error", err)
	}
}

// Decide has a new version serve, or keeps it in the shadow, and says why in words. better says whether it is better than what serves, or than nothing where nothing
// does; keep leaves the champion to people.
func (t *Trainer) Decide(ctx context.Context, v *modelv1.Version, keep bool, better func(context.Context) (bool, string)) (Made, error) {
	made := Made{Version: v.GetId()}
	if v.GetUnfit() != "" {
		made.Why = "kept as a version and not scored: it is unfit: " + v.GetUnfit()
		return made, nil
	}
	yes, why := better(ctx)
	made.Why = why
	switch {
	case !t.Owner():
		return made, ErrLost
	case yes && keep:
		made.Why = "it would serve, and promotions are left to people: " + why
	case !yes && t.Champion(v.GetWorkspace(), v.GetName()) == nil:
		made.Why = "kept as a version: " + why
		return made, nil
	case yes:
		_, err := t.Registry.Promote(ctx, v.GetWorkspace(), v.GetName(), v.GetId(), why)
		made.Promoted = err == nil
		return made, err
	}
	_, err := t.Registry.Shadow(ctx, v.GetWorkspace(), v.GetName(), v.GetId(), made.Why)
	return made, err
}
