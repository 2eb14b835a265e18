package feature

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/service"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/feature/tally"
)

// earliest is the first as_of whose longest window the warehouse's times can hold.
var earliest = time.Date(1902, 1, 1, 0, 0, 0, 0, time.UTC)

// server answers the gRPC API.
type server struct {
	featurev1.UnimplementedFeatureServiceServer
	s *Service
}

// Register adds the gRPC API to r.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	featurev1.RegisterFeatureServiceServer(r, server{s: s})
}

// GetFeatures reads all features of one customer, whichever replica has the customer's state.
func (g server) GetFeatures(ctx context.Context, req *featurev1.GetFeaturesRequest) (*featurev1.GetFeaturesResponse, error) {
	workspace := customer.Workspace(req.GetWorkspace())
	if err := checkAsOf(req.GetAsOf(), g.s.deps.Now()); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	id, err := customer.Lookup(ctx, g.s.deps.Identity, workspace, req.GetId())
	if err != nil {
		return nil, err
	}
	if err := g.s.book.known(req.GetNames()); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	var a *answer
	if req.GetAsOf() == nil {
		a, err = g.s.live(ctx, workspace, id)
	} else {
		a, err = g.s.past(ctx, workspace, id, req.GetAsOf().AsTime())
	}
	if err != nil {
		return nil, toStatus(err)
	}
	return g.s.book.tell(a, req.GetNames()), nil
}

// BatchGetFeatures reads the features of several customers.
func (g server) BatchGetFeatures(ctx context.Context, req *featurev1.BatchGetFeaturesRequest) (*featurev1.BatchGetFeaturesResponse, error) {
	if n := len(req.GetIds()); n > maxBatch {
		return nil, status.Errorf(codes.InvalidArgument, "ids: %d customers, at most %d are allowed", n, maxBatch)
	}
	if err := g.s.book.known(req.GetNames()); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	workspace := customer.Workspace(req.GetWorkspace())
	out := &featurev1.BatchGetFeaturesResponse{}
	var ids []string
	var known []*featurev1.BatchedFeatures
	for _, ref := range req.GetIds() {
		one := &featurev1.BatchedFeatures{Id: ref}
		out.Answers = append(out.Answers, one)
		id, err := customer.Lookup(ctx, g.s.deps.Identity, workspace, ref)
		switch status.Code(err) {
		case codes.OK:
			ids, known = append(ids, id), append(known, one)
		case codes.NotFound, codes.InvalidArgument:
			one.Error = status.Convert(err).Message()
		default:
			return nil, err
		}
	}
	answers, err := g.s.lives(ctx, workspace, ids...)
	if err != nil {
		return nil, toStatus(err)
	}
	for i, a := range answers {
		known[i].Features = g.s.book.tell(a, req.GetNames())
	}
	return out, nil
}

// ListFeatures lists the features of the catalogue.
func (g server) ListFeatures(_ context.Context, req *featurev1.ListFeaturesRequest) (*featurev1.ListFeaturesResponse, error) {
	done, filling := g.s.filler.progress()
	out := &featurev1.ListFeaturesResponse{Schema: g.s.book.catalog.Layout().Fingerprint, FilledPercent: int32(100 * done), FileNote: g.s.fileNote()}
	for i := range g.s.book.catalog.Features {
		if f := &g.s.book.catalog.Features[i]; req.GetLevel() == "" || req.GetLevel() == f.Level {
			out.Features = append(out.Features, featureOf(f))
			_, out.Features[len(out.Features)-1].Filling = slices.BinarySearch(filling, i)
		}
	}
	return out, nil
}

// ListTags lists the tags of the catalogue.
func (g server) ListTags(_ context.Context, req *featurev1.ListTagsRequest) (*featurev1.ListTagsResponse, error) {
	out := &featurev1.ListTagsResponse{}
	for i := range g.s.book.catalog.Tags {
		if t := &g.s.book.catalog.Tags[i]; req.GetLevel() == "" || req.GetLevel() == t.Level {
			out.Tags = append(out.Tags, tagOf(t))
		}
	}
	return out, nil
}

// maxBatch is how many customers one request may name.
const maxBatch = 1000

// toStatus words an error for a caller.
func toStatus(err error) error {
	if errors.Is(err, tally.ErrUnknownPlan) { // another replica's, which has the catalogue of tomorrow: this one is to be replaced
		return service.ComeAgain("the customer's state is kept by a catalogue that this replica does not know, as while replicas are replaced one by one", again)
	}
	return err
}

// checkAsOf refuses moments that no answer can be given for; nil means now.
func checkAsOf(at *timestamppb.Timestamp, now time.Time) error {
	if at == nil {
		return nil
	}
	if err := at.CheckValid(); err != nil {
		return fmt.Errorf("as_of: %w", err)
	}
	switch t := at.AsTime(); {
	case t.After(now):
		return fmt.Errorf("as_of: %s is in the future", t.Format(time.RFC3339Nano))
	case t.Before(earliest):
		return fmt.Errorf("as_of: %s is before %s", t.Format(time.RFC3339Nano), earliest.Format(time.DateOnly))
	}
	return nil
}
