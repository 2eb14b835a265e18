package trainer

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/model"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// The files of a card.
const (
	CardJSON = "card.json"
	CardHTML = "card.html"
	CardText = "card.txt"
)

// cards are the files of a card by their format.
var cards = map[string]string{"": CardJSON, "json": CardJSON, "text": CardText, "html": CardHTML}

// polled is how often a call looks how a training goes.
const polled = 200 * time.Millisecond

// Request asks for a training, and gives the id of the one that there will be: where one is under way, that.
func (t *Trainer) Request(ctx context.Context, workspace, name string) (string, error) {
	run := t.NewRun(workspace, name, ByHand)
	run.State, run.Words = modelv1.RunState_RUN_STATE_REQUESTED, "asked for, and waits for the process that trains"
	err := t.Registry.Tell(ctx, run)
	if err == nil {
		return run.GetId(), nil
	}
	if latest := t.Latest(workspace, name); latest != nil && !model.Over(latest) {
		return latest.GetId(), nil
	}
	return "", fmt.Errorf("ask for a training of %s: %w", name, err)
}

// Follow tells of one training until it is over.
func (t *Trainer) Follow(ctx context.Context, workspace, name, id string, send func(*modelv1.Run) error) error {
	tick := time.NewTicker(polled)
	defer tick.Stop()
	var last *modelv1.Run
	for {
		runs := t.Registry.Runs(workspace, name)
		i := slices.IndexFunc(runs, func(r *modelv1.Run) bool { return r.GetId() == id })
		if i < 0 {
			return status.Errorf(codes.Aborted, "training %s of %s gave way to another one before it was seen to end; list the models", id, name)
		}
		if run := runs[i]; !proto.Equal(run, last) {
			if err := send(run); err != nil {
				return err
			}
			if last = run; model.Over(run) {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Missing is what is missing for a model that serves, in words; empty when there is one.
func (t *Trainer) Missing(workspace, name string) string {
	if t.Registry.State(workspace, name).GetChampion() != "" {
		return ""
	}
	if words := t.Latest(workspace, name).GetWords(); words != "" {
		return words
	}
	return "it was not looked at yet"
}

// version finds the version that a request names, or the one that serves.
func (t *Trainer) version(workspace, name, id string) (*modelv1.Version, error) {
	if id == "" {
		if id = t.Registry.State(workspace, name).GetChampion(); id == "" {
			return nil, status.Errorf(codes.NotFound, "no version of %s serves; name one", name)
		}
	}
	v := t.Find(workspace, name, id)
	if v == nil {
		return nil, status.Errorf(codes.NotFound, "there is no version %q of %s; list the models", id, name)
	}
	return v, nil
}

// CheckFormat refuses a format that cards do not have.
func CheckFormat(format string) error {
	if _, ok := cards[format]; !ok {
		return status.Errorf(codes.InvalidArgument, "format: %q is not json, text or html", format)
	}
	return nil
}

// Card reads the card of a version, of the one that serves where none is named. format is json, text or html; empty is json.
func (t *Trainer) Card(ctx context.Context, workspace, name, id, format string) (*modelv1.Version, []byte, error) {
	if err := CheckFormat(format); err != nil {
		return nil, nil, err
	}
	v, err := t.version(workspace, name, id)
	if err != nil {
		return nil, nil, err
	}
	data, err := t.Registry.File(ctx, v, cards[format])
	if err != nil {
		return nil, nil, fmt.Errorf("read the card of version %s: %w", v.GetId(), err)
	}
	return v, data, nil
}

// Promote has a version serve. One that is unfit is, by force, put anew as one that is not.
func (t *Trainer) Promote(ctx context.Context, workspace, name, id string, force bool) (*modelv1.State, error) {
	if id == "" {
		return nil, status.Error(codes.InvalidArgument, "version: name the one that is to serve; list the models")
	}
	v, err := t.version(workspace, name, id)
	if err != nil {
		return nil, err
	}
	why := "promoted by hand"
	if unfit := v.GetUnfit(); unfit != "" {
		if !force {
			return nil, status.Errorf(codes.FailedPrecondition, "version %s is unfit: %s. It can be promoted by force all the same", v.GetId(), unfit)
		}
		if v, err = t.pardon(ctx, v); err != nil {
			return nil, err
		}
		why = fmt.Sprintf("promoted by hand and force, as a copy of version %s, which is unfit: %s", id, unfit)
	}
	return t.Registry.Promote(ctx, workspace, name, v.GetId(), why)
}

// pardon puts a copy of a version that is not unfit: a version itself never changes.
func (t *Trainer) pardon(ctx context.Context, v *modelv1.Version) (*modelv1.Version, error) {
	files := map[string][]byte{}
	for _, f := range v.GetFiles() {
		data, err := t.Registry.File(ctx, v, f.GetName())
		if err != nil {
			return nil, fmt.Errorf("copy version %s: %w", v.GetId(), err)
		}
		files[f.GetName()] = data
	}
	c := proto.CloneOf(v)
	c.Unfit = ""
	return t.Registry.Put(ctx, c, files)
}

// Rollback has the version serve that served before.
func (t *Trainer) Rollback(ctx context.Context, workspace, name string) (*modelv1.State, error) {
	if len(t.Registry.State(workspace, name).GetPrevious()) == 0 {
		return nil, status.Errorf(codes.FailedPrecondition, "no version of %s served before the present one: promote one by its id", name)
	}
	return t.Registry.Rollback(ctx, workspace, name, "rolled back by hand")
}
