package training

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

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
		out.Targets = append(out.Targets, &churnv1.TargetModels{
			Target: t.Name, Description: t.Description, State: a.deps.Registry.State(w, t.Name), Versions: a.deps.Registry.Versions(w, t.Name),
			Run: a.trainer.Latest(w, t.Name), Missing: a.trainer.Missing(w, t.Name),
		})
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

// Train asks for trainings and tells how they go until they are over. A training that is under way already is the one that is told of.
func (a Admin) Train(req *churnv1.TrainRequest, out grpc.ServerStreamingServer[churnv1.TrainResponse]) error {
	w := customer.Workspace(req.GetWorkspace())
	places, err := a.places(req.GetTarget())
	if err != nil {
		return err
	}
	var ids []string
	for _, i := range places {
		id, err := a.trainer.Request(out.Context(), w, a.deps.Forecasts.Targets[i].Name)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	for n, i := range places {
		send := func(run *modelv1.Run) error { return out.Send(&churnv1.TrainResponse{Run: run}) }
		if err := a.trainer.Follow(out.Context(), w, a.deps.Forecasts.Targets[i].Name, ids[n], send); err != nil {
			return err
		}
	}
	return nil
}

// Evaluate reads the card of a version.
func (a Admin) Evaluate(ctx context.Context, req *churnv1.EvaluateRequest) (*churnv1.EvaluateResponse, error) {
	if _, err := a.places(req.GetTarget()); err != nil {
		return nil, err
	}
	v, card, err := a.trainer.Card(ctx, customer.Workspace(req.GetWorkspace()), req.GetTarget(), req.GetVersion(), req.GetFormat())
	if err != nil {
		return nil, err
	}
	return &churnv1.EvaluateResponse{Version: v, Card: card}, nil
}

// Promote has a version serve. One that is unfit is, by force, put anew as one that is not.
func (a Admin) Promote(ctx context.Context, req *churnv1.PromoteRequest) (*churnv1.PromoteResponse, error) {
	if _, err := a.places(req.GetTarget()); err != nil {
		return nil, err
	}
	state, err := a.trainer.Promote(ctx, customer.Workspace(req.GetWorkspace()), req.GetTarget(), req.GetVersion(), req.GetForce())
	if err != nil {
		return nil, err
	}
	return &churnv1.PromoteResponse{State: state}, nil
}

// Rollback has the version serve that served before.
func (a Admin) Rollback(ctx context.Context, req *churnv1.RollbackRequest) (*churnv1.RollbackResponse, error) {
	if req.GetTarget() == "" {
		return nil, status.Error(codes.InvalidArgument, "target: name the one to go back with")
	}
	if _, err := a.places(req.GetTarget()); err != nil {
		return nil, err
	}
	state, err := a.trainer.Rollback(ctx, customer.Workspace(req.GetWorkspace()), req.GetTarget())
	if err != nil {
		return nil, err
	}
	return &churnv1.RollbackResponse{State: state}, nil
}
