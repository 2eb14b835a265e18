package model

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// ErrUnderWay says that a training of the model was asked for, or is at work.
var ErrUnderWay = errors.New("a training is under way")

// Tell writes down where a training is, and returns when this process knows. The time of it is set here. A training that is asked for while another one is not
// over is refused with ErrUnderWay; every other word of a run takes the place of the last.
func (r *Registry) Tell(ctx context.Context, run *modelv1.Run) error {
	w := where{run.GetWorkspace(), run.GetName()}
	if err := errors.Join(w.check(), checkRun(run), r.caughtUp(ctx)); err != nil {
		return fmt.Errorf("tell of a training of %s: %w", w, err)
	}
	known := r.shelf.of(w).run
	if run.GetState() == modelv1.RunState_RUN_STATE_REQUESTED && known != nil && known.GetId() != run.GetId() && !Over(known) {
		return fmt.Errorf("ask for a training of %s: %w: run %s, %q", w, ErrUnderWay, known.GetId(), known.GetWords())
	}
	run = proto.CloneOf(run)
	run.AtMs = r.deps.Now().UnixMilli()
	rec := &modelv1.Record{Of: &modelv1.Record_Run{Run: run}}
	records := map[string]*modelv1.Record{runKey: rec}
	if run.GetState() == modelv1.RunState_RUN_STATE_DONE {
		records[runOKKey] = rec
	}
	there := func(b book) bool { return b.run != nil && b.run != known }
	if err := insist(ctx, func() error { return r.write(ctx, w, there, records) }); err != nil {
		return fmt.Errorf("tell of training %s of %s: %w", run.GetId(), w, err)
	}
	if Over(run) && (known.GetId() != run.GetId() || !Over(known)) {
		r.metrics.run(run)
	}
	return nil
}

func checkRun(run *modelv1.Run) error {
	switch {
	case run.GetId() == "":
		return errors.New("the run has no id")
	case run.GetState() == modelv1.RunState_RUN_STATE_UNSPECIFIED:
		return errors.New("the run says nothing of where it is")
	}
	return nil
}

// Over says that a run is at its end.
func Over(run *modelv1.Run) bool {
	return run.GetState() >= modelv1.RunState_RUN_STATE_DONE
}

// Runs are the latest training of a model and, where that is another one, the latest that made a version: none, one or two, the latest first.
func (r *Registry) Runs(workspace, name string) []*modelv1.Run {
	b := r.shelf.of(where{workspace, name})
	var out []*modelv1.Run
	if b.run != nil {
		out = append(out, proto.CloneOf(b.run))
	}
	if b.ok != nil && b.ok.GetId() != b.run.GetId() {
		out = append(out, proto.CloneOf(b.ok))
	}
	return out
}

// Abandoned are the runs that say that they are at work, of all models, and are not owner's: the trainings of processes that have gone, once owner is the only
// one that trains. It is the caller's to tell that they failed. owner has to name a process, not a host: who was started anew is another.
func (r *Registry) Abandoned(owner string) []*modelv1.Run {
	return r.runs(func(run *modelv1.Run) bool {
		return run.GetState() == modelv1.RunState_RUN_STATE_RUNNING && run.GetOwner() != owner
	})
}

// Waiting are the runs that somebody asked for and nobody has begun, of all models and workspaces.
func (r *Registry) Waiting() []*modelv1.Run {
	return r.runs(func(run *modelv1.Run) bool { return run.GetState() == modelv1.RunState_RUN_STATE_REQUESTED })
}

// runs are the latest of all models that are meant, by workspace and name.
func (r *Registry) runs(meant func(*modelv1.Run) bool) []*modelv1.Run {
	var out []*modelv1.Run
	for _, w := range r.shelf.all() {
		if run := r.shelf.of(w).run; meant(run) {
			out = append(out, proto.CloneOf(run))
		}
	}
	slices.SortFunc(out, func(a, b *modelv1.Run) int {
		return cmp.Or(cmp.Compare(a.GetWorkspace(), b.GetWorkspace()), cmp.Compare(a.GetName(), b.GetName()))
	})
	return out
}
