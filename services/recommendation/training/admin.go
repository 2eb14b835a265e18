package training

import (
	"context"

	"google.golang.org/grpc"

	"github.com/freshet/freshet/pkg/customer"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// Admin answers for models: what there is, and what is done to it. Any replica does.
type Admin struct{ *Service }

// ListModels lists the versions, which of them serves, and what the latest training did.
func (a Admin) ListModels(_ context.Context, req *recommendationv1.ListModelsRequest) (*recommendationv1.ListModelsResponse, error) {
	w := customer.Workspace(req.GetWorkspace())
	return &recommendationv1.ListModelsResponse{
		State: a.deps.Registry.State(w, Model), Versions: a.deps.Registry.Versions(w, Model), Run: a.trainer.Latest(w, Model), Missing: a.trainer.Missing(w, Model),
	}, nil
}

// Train asks for a training and tells how it goes until it is over. One that is under way already is the one that is told of.
func (a Admin) Train(req *recommendationv1.TrainRequest, out grpc.ServerStreamingServer[recommendationv1.TrainResponse]) error {
	w := customer.Workspace(req.GetWorkspace())
	id, err := a.trainer.Request(out.Context(), w, Model)
	if err != nil {
		return err
	}
	return a.trainer.Follow(out.Context(), w, Model, id, func(run *modelv1.Run) error { return out.Send(&recommendationv1.TrainResponse{Run: run}) })
}

// Evaluate reads the card of a version.
func (a Admin) Evaluate(ctx context.Context, req *recommendationv1.EvaluateRequest) (*recommendationv1.EvaluateResponse, error) {
	v, card, err := a.trainer.Card(ctx, customer.Workspace(req.GetWorkspace()), Model, req.GetVersion(), req.GetFormat())
	if err != nil {
		return nil, err
	}
	return &recommendationv1.EvaluateResponse{Version: v, Card: card}, nil
}

// Promote has a version serve. One that is unfit is, by force, put anew as one that is not.
func (a Admin) Promote(ctx context.Context, req *recommendationv1.PromoteRequest) (*recommendationv1.PromoteResponse, error) {
	state, err := a.trainer.Promote(ctx, customer.Workspace(req.GetWorkspace()), Model, req.GetVersion(), req.GetForce())
	if err != nil {
		return nil, err
	}
	return &recommendationv1.PromoteResponse{State: state}, nil
}

// Rollback has the version serve that served before.
func (a Admin) Rollback(ctx context.Context, req *recommendationv1.RollbackRequest) (*recommendationv1.RollbackResponse, error) {
	state, err := a.trainer.Rollback(ctx, customer.Workspace(req.GetWorkspace()), Model)
	if err != nil {
		return nil, err
	}
	return &recommendationv1.RollbackResponse{State: state}, nil
}
