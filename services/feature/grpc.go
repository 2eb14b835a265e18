package feature

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/stream"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
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

// GetFeatures reads all features of one customer. UNAVAILABLE with a message that
// begins with "not owner": another replica has the customer's state.
func (g server) GetFeatures(ctx context.Context, req *featurev1.GetFeaturesRequest) (*featurev1.GetFeaturesResponse, error) {
	workspace := customer.Workspace(req.GetWorkspace())
	if err := checkAsOf(req.GetAsOf(), g.s.deps.Now()); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	id, err := customer.Lookup(ctx, g.s.deps.Identity, workspace, req.GetId())
	if err != nil {
		return nil, err
	}
	var fs *featurev1.FeatureSet
	if req.GetAsOf() == nil {
		fs, err = g.s.live(ctx, workspace, id)
	} else {
		fs, err = g.s.past(ctx, workspace, id, req.GetAsOf().AsTime())
	}
	if errors.Is(err, stream.ErrNotOwner) {
		return nil, status.Errorf(codes.Unavailable, "not owner: %v", err)
	}
	if err != nil {
		return nil, err
	}
	return &featurev1.GetFeaturesResponse{Features: fs}, nil
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
