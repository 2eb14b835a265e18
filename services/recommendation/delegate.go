package recommendation

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// missing is the answer of a process that was started without a part.
func missing(what string) error {
	return status.Errorf(codes.Unimplemented, "%s: this process was started without that part; ask one that has it", what)
}

// UpsertItems asks the catalogue.
func (a *api) UpsertItems(ctx context.Context, r *recommendationv1.UpsertItemsRequest) (*recommendationv1.UpsertItemsResponse, error) {
	if a.s.deps.Items == nil {
		return nil, missing("items")
	}
	return a.s.deps.Items.Upsert(ctx, r)
}

// GetItem asks the catalogue.
func (a *api) GetItem(ctx context.Context, r *recommendationv1.GetItemRequest) (*recommendationv1.GetItemResponse, error) {
	if a.s.deps.Items == nil {
		return nil, missing("items")
	}
	return a.s.deps.Items.Get(ctx, r)
}

// RecordFeedback tells the loop.
func (a *api) RecordFeedback(ctx context.Context, r *recommendationv1.RecordFeedbackRequest) (*recommendationv1.RecordFeedbackResponse, error) {
	if a.s.deps.Outcomes == nil {
		return nil, missing("feedback")
	}
	return a.s.deps.Outcomes.Feedback(ctx, r)
}

// GetReport asks the loop.
func (a *api) GetReport(ctx context.Context, r *recommendationv1.GetReportRequest) (*recommendationv1.GetReportResponse, error) {
	if a.s.deps.Outcomes == nil {
		return nil, missing("the report")
	}
	return a.s.deps.Outcomes.Report(ctx, r)
}

// ListModels asks who keeps the models.
func (a *api) ListModels(ctx context.Context, r *recommendationv1.ListModelsRequest) (*recommendationv1.ListModelsResponse, error) {
	if a.s.deps.Admin == nil {
		return nil, missing("models")
	}
	return a.s.deps.Admin.ListModels(ctx, r)
}

// Train asks who keeps the models.
func (a *api) Train(r *recommendationv1.TrainRequest, to grpc.ServerStreamingServer[recommendationv1.TrainResponse]) error {
	if a.s.deps.Admin == nil {
		return missing("models")
	}
	return a.s.deps.Admin.Train(r, to)
}

// Evaluate asks who keeps the models.
func (a *api) Evaluate(ctx context.Context, r *recommendationv1.EvaluateRequest) (*recommendationv1.EvaluateResponse, error) {
	if a.s.deps.Admin == nil {
		return nil, missing("models")
	}
	return a.s.deps.Admin.Evaluate(ctx, r)
}

// Promote asks who keeps the models.
func (a *api) Promote(ctx context.Context, r *recommendationv1.PromoteRequest) (*recommendationv1.PromoteResponse, error) {
	if a.s.deps.Admin == nil {
		return nil, missing("models")
	}
	return a.s.deps.Admin.Promote(ctx, r)
}

// Rollback asks who keeps the models.
func (a *api) Rollback(ctx context.Context, r *recommendationv1.RollbackRequest) (*recommendationv1.RollbackResponse, error) {
	if a.s.deps.Admin == nil {
		return nil, missing("models")
	}
	return a.s.deps.Admin.Rollback(ctx, r)
}
