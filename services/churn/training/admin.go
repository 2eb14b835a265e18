package training

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/customer"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// Admin answers for models: what there is, and what is done to it. Any replica does.
type Admin struct{ *Service }

// ListModels lists the targets with their models.
func (a Admin) ListModels(_ context.Context, req *churnv1.ListModelsRequest) (*churnv1.ListModelsResponse, error) {
	w := customer.Workspace(req.GetWorkspace())
	places, err := a.places(req.GetTarget())
	if err != nil {
		return nil, err
	}
	out := &churnv1.ListModelsResponse{}
	for _, i := range places {
		t := &a.deps.Forecasts.Targets[i]
		m := &churnv1.TargetModels{Target: t.Name, Description: t.Description, State: a.deps.Registry.State(w, t.Name), Versions: a.deps.Registry.Versions(w, t.Name)}
		if runs := a.deps.Registry.Runs(w, t.Name); len(runs) > 0 {
			m.Run = runs[0]
		}
		if m.GetState().GetChampion() == "" {
			if m.Missing = m.GetRun().GetWords(); m.Missing == "" {
				m.Missing = "it was not looked at yet"
			}
		}
		out.Targets = append(out.Targets, m)
	}
	return out, nil
}

// places are the targets that a request means.
func (a Admin) places(target string) ([]int, error) {
	if target == "" {
		var all []int
		for i := range a.deps.Forecasts.Targets {
			all = append(all, i)
		}
		return all, nil
	}
	i, ok := a.deps.Forecasts.Target(target)
	if !ok {
		var names []string
		for _, t := range a.deps.Forecasts.Targets {
			names = append(names, t.Name)
		}
		return nil, status.Errorf(codes.NotFound, "there is no target %q; there are %q", target, names)
	}
	return []int{i}, nil
}

// polled is how often a call looks how a training goes.
const polled = 200 * time.Millisecond

// Train asks for trainings and tells how they go until they are over. A training that is under way already is the one that is told of.
func (a Admin) Train(req *churnv1.TrainRequest, out grpc.ServerStreamingServer[churnv1.TrainResponse]) error {
	w := customer.Workspace(req.GetWorkspace())
	places, err := a.places(req.GetTarget())
	if err != nil {
		return err
	}
	var ids []string
	for _, i := range places {
		id, err := a.request(out.Context(), w, a.deps.Forecasts.Targets[i].Name)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	for n, i := range places {
		if err := a.follow(out, w, a.deps.Forecasts.Targets[i].Name, ids[n]); err != nil {
			return err
		}
	}
	return nil
}

// request asks for a training, and gives the id of the one that there will be.
func (a Admin) request(ctx context.Context, workspace, target string) (string, error) {
	run := a.newRun(workspace, target, byHand)
	run.State, run.Words = modelv1.RunState_RUN_STATE_REQUESTED, "asked for, and waits for the process that trains"
	err := a.deps.Registry.Tell(ctx, run)
	if err == nil {
		return run.GetId(), nil
	}
	if runs := a.deps.Registry.Runs(workspace, target); len(runs) > 0 && !over(runs[0]) {
		return runs[0].GetId(), nil
	}
	return "", fmt.Errorf("ask for a training of %s: %w", target, err)
}

func over(run *modelv1.Run) bool { return run.GetState() >= modelv1.RunState_RUN_STATE_DONE }

// follow tells of one training until it is over.
func (a Admin) follow(out grpc.ServerStreamingServer[churnv1.TrainResponse], workspace, target, id string) error {
	tick := time.NewTicker(polled)
	defer tick.Stop()
	var last *modelv1.Run
	for {
		runs := a.deps.Registry.Runs(workspace, target)
		i := slices.IndexFunc(runs, func(r *modelv1.Run) bool { return r.GetId() == id })
		if i < 0 {
			return status.Errorf(codes.Aborted, "training %s of %s gave way to another one before it was seen to end; list the models", id, target)
		}
		if run := runs[i]; !proto.Equal(run, last) {
			if err := out.Send(&churnv1.TrainResponse{Run: run}); err != nil {
				return err
			}
			if last = run; over(run) {
				return nil
			}
		}
		select {
		case <-out.Context().Done():
			return out.Context().Err()
		case <-tick.C:
		}
	}
}

// version finds the version that a request names, or the one that serves.
func (a Admin) version(workspace, target, id string) (*modelv1.Version, error) {
	if _, err := a.places(target); err != nil {
		return nil, err
	}
	if id == "" {
		if id = a.deps.Registry.State(workspace, target).GetChampion(); id == "" {
			return nil, status.Errorf(codes.NotFound, "no version of %s serves; name one", target)
		}
	}
	v := a.find(workspace, target, id)
	if v == nil {
		return nil, status.Errorf(codes.NotFound, "there is no version %q of %s; list the models", id, target)
	}
	return v, nil
}

// cards are the files of a card by their format.
var cards = map[string]string{"": CardJSON, "json": CardJSON, "text": CardText, "html": CardHTML}

// Evaluate reads the card of a version.
func (a Admin) Evaluate(ctx context.Context, req *churnv1.EvaluateRequest) (*churnv1.EvaluateResponse, error) {
	file, ok := cards[req.GetFormat()]
	if !ok {
		return nil, status.Errorf(codes.InvalidArgument, "format: %q is not json, text or html", req.GetFormat())
	}
	v, err := a.version(customer.Workspace(req.GetWorkspace()), req.GetTarget(), req.GetVersion())
	if err != nil {
		return nil, err
	}
	data, err := a.deps.Registry.File(ctx, v, file)
	if err != nil {
		return nil, fmt.Errorf("read the card of version %s: %w", v.GetId(), err)
	}
	return &churnv1.EvaluateResponse{Version: v, Card: data}, nil
}

// Promote has a version serve. One that is unfit is, by force, put anew as one that is not.
func (a Admin) Promote(ctx context.Context, req *churnv1.PromoteRequest) (*churnv1.PromoteResponse, error) {
	w := customer.Workspace(req.GetWorkspace())
	if req.GetVersion() == "" {
		return nil, status.Error(codes.InvalidArgument, "version: name the one that is to serve; list the models")
	}
	v, err := a.version(w, req.GetTarget(), req.GetVersion())
	if err != nil {
		return nil, err
	}
	why := "promoted by hand"
	if unfit := v.GetUnfit(); unfit != "" {
		if !req.GetForce() {
			return nil, status.Errorf(codes.FailedPrecondition, "version %s is unfit: %s. It can be promoted by force all the same", v.GetId(), unfit)
		}
		if v, err = a.pardon(ctx, v); err != nil {
			return nil, err
		}
		why = fmt.Sprintf("promoted by hand and force, as a copy of version %s, which is unfit: %s", req.GetVersion(), unfit)
	}
	state, err := a.deps.Registry.Promote(ctx, w, req.GetTarget(), v.GetId(), why)
	if err != nil {
		return nil, err
	}
	return &churnv1.PromoteResponse{State: state}, nil
}

// pardon puts a copy of a version that is not unfit: a version itself never changes.
func (a Admin) pardon(ctx context.Context, v *modelv1.Version) (*modelv1.Version, error) {
	files := map[string][]byte{}
	for _, f := range v.GetFiles() {
		data, err := a.deps.Registry.File(ctx, v, f.GetName())
		if err != nil {
			return nil, fmt.Errorf("copy version %s: %w", v.GetId(), err)
		}
		files[f.GetName()] = data
	}
	c := proto.CloneOf(v)
	c.Unfit = ""
	return a.deps.Registry.Put(ctx, c, files)
}

// Rollback has the version serve that served before.
func (a Admin) Rollback(ctx context.Context, req *churnv1.RollbackRequest) (*churnv1.RollbackResponse, error) {
	w := customer.Workspace(req.GetWorkspace())
	if req.GetTarget() == "" {
		return nil, status.Error(codes.InvalidArgument, "target: name the one to go back with")
	}
	if _, err := a.places(req.GetTarget()); err != nil {
		return nil, err
	}
	if len(a.deps.Registry.State(w, req.GetTarget()).GetPrevious()) == 0 {
		return nil, status.Errorf(codes.FailedPrecondition, "no version of %s served before the present one: promote one by its id", req.GetTarget())
	}
	state, err := a.deps.Registry.Rollback(ctx, w, req.GetTarget(), "rolled back by hand")
	if err != nil {
		return nil, err
	}
	return &churnv1.RollbackResponse{State: state}, nil
}
