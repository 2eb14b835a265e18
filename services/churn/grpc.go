package churn

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/freshet/freshet/pkg/customer"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
)

const (
	// maxBatch is how many customers one request may name.
	maxBatch = 1000
	// usualReasons and mostReasons are how many Explain gives.
	usualReasons, mostReasons = 6, 50
)

// Admin answers for what is done to models: package training.
type Admin interface {
	ListModels(context.Context, *churnv1.ListModelsRequest) (*churnv1.ListModelsResponse, error)
	Train(*churnv1.TrainRequest, grpc.ServerStreamingServer[churnv1.TrainResponse]) error
	Evaluate(context.Context, *churnv1.EvaluateRequest) (*churnv1.EvaluateResponse, error)
	Promote(context.Context, *churnv1.PromoteRequest) (*churnv1.PromoteResponse, error)
	Rollback(context.Context, *churnv1.RollbackRequest) (*churnv1.RollbackResponse, error)
}

// reader answers the reads; what is done to models it leaves to who embeds it.
type reader struct {
	churnv1.UnimplementedChurnServiceServer
	s *Service
}

// api is the whole gRPC face of the service.
type api struct {
	reader
	Admin
}

// Register adds the API to a server.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	if s.deps.Admin == nil {
		churnv1.RegisterChurnServiceServer(r, &reader{s: s})
		return
	}
	churnv1.RegisterChurnServiceServer(r, &api{reader: reader{s: s}, Admin: s.deps.Admin})
}

// one resolves and reads one customer.
func (a *reader) one(ctx context.Context, workspace, ref string) (read, error) {
	id, err := customer.Lookup(ctx, a.s.deps.Identity, workspace, ref)
	if err != nil {
		return read{}, err
	}
	found, err := a.s.reads(ctx, id)
	if err != nil {
		return read{}, err
	}
	if r := found[0].record; r == nil || r.workspace != workspace {
		return read{}, noFeatures(ref)
	}
	return found[0], nil
}

func noFeatures(ref string) error {
	return status.Errorf(codes.NotFound, "customer %q has no features yet", ref)
}

// Predict works out every score of one customer as of now.
func (a *reader) Predict(ctx context.Context, req *churnv1.PredictRequest) (*churnv1.PredictResponse, error) {
	r, err := a.one(ctx, customer.Workspace(req.GetWorkspace()), req.GetId())
	if err != nil {
		return nil, err
	}
	scores, err := a.s.predict(r)
	if err != nil {
		return nil, err
	}
	return &churnv1.PredictResponse{Scores: scores}, nil
}

// predict writes down what is said of a customer as of now.
func (s *Service) predict(r read) (scores *churnv1.ScoreSet, err error) {
	err = s.with(r, func(_ *judge, v *verdict) { scores = s.book.scoreSet(r.id, r.record, v, false) })
	return scores, err
}

// BatchPredict is Predict for several customers.
func (a *reader) BatchPredict(ctx context.Context, req *churnv1.BatchPredictRequest) (*churnv1.BatchPredictResponse, error) {
	if n := len(req.GetIds()); n > maxBatch {
		return nil, status.Errorf(codes.InvalidArgument, "ids: %d customers, at most %d are allowed", n, maxBatch)
	}
	workspace := customer.Workspace(req.GetWorkspace())
	out := &churnv1.BatchPredictResponse{}
	var ids []string
	var known []*churnv1.BatchedScores
	for _, ref := range req.GetIds() {
		one := &churnv1.BatchedScores{Id: ref}
		out.Answers = append(out.Answers, one)
		id, err := customer.Lookup(ctx, a.s.deps.Identity, workspace, ref)
		switch status.Code(err) {
		case codes.OK:
			ids, known = append(ids, id), append(known, one)
		case codes.NotFound, codes.InvalidArgument:
			one.Error = status.Convert(err).Message()
		default:
			return nil, err
		}
	}
	found, err := a.s.reads(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for i, r := range found {
		if r.record == nil || r.record.workspace != workspace {
			known[i].Error = status.Convert(noFeatures(known[i].GetId())).Message()
			continue
		}
		if known[i].Scores, err = a.s.predict(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// GetChurnScore reads the probability to leave, by the first target that is one of leaving.
func (a *reader) GetChurnScore(ctx context.Context, req *churnv1.GetChurnScoreRequest) (*churnv1.GetChurnScoreResponse, error) {
	targets := a.s.book.set.Targets
	first := -1
	for i := range targets {
		if targets[i].Leaving() {
			first = i
			break
		}
	}
	if first < 0 {
		return nil, status.Error(codes.FailedPrecondition, "no target of the forecasts file is one of leaving: give one the outcome none")
	}
	r, err := a.one(ctx, customer.Workspace(req.GetWorkspace()), req.GetId())
	if err != nil {
		return nil, err
	}
	scores, err := a.s.predict(r)
	if err != nil {
		return nil, err
	}
	s := scores.GetScores()[first]
	if s.GetMissing() != "" {
		return nil, status.Errorf(codes.FailedPrecondition, "customer %q has no score %s: %s", req.GetId(), s.GetTarget(), s.GetMissing())
	}
	return &churnv1.GetChurnScoreResponse{
		CustomerId: r.id, Probability: s.GetValue(), ModelVersion: s.GetModelVersion(), AsOf: timestamppb.New(time.UnixMilli(scores.GetAsOfMs())),
	}, nil
}

// Explain says why a score is what it is.
func (a *reader) Explain(ctx context.Context, req *churnv1.ExplainRequest) (*churnv1.ExplainResponse, error) {
	target, ok := a.s.book.set.Target(req.GetTarget())
	if !ok {
		return nil, status.Errorf(codes.InvalidArgument, "target: the forecasts file has no %q; GET /v1/models lists all", req.GetTarget())
	}
	if err := a.s.deps.Words.Check(req.GetLanguage()); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	limit := int(req.GetLimit())
	if limit == 0 {
		limit = usualReasons
	}
	if limit < 1 || limit > mostReasons {
		return nil, status.Errorf(codes.InvalidArgument, "limit: %d is not within 1 and %d", limit, mostReasons)
	}
	r, err := a.one(ctx, customer.Workspace(req.GetWorkspace()), req.GetId())
	if err != nil {
		return nil, err
	}
	out, err := a.s.explain(r, target, req.GetLanguage(), limit)
	if err == nil && out.GetScore().GetMissing() != "" {
		return nil, status.Errorf(codes.FailedPrecondition, "customer %q has no score %s: %s", req.GetId(), req.GetTarget(), out.GetScore().GetMissing())
	}
	return out, err
}
