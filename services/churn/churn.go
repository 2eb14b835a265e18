// Package churn will say how likely a customer is to leave. In this release the
// process, its configuration and its contract exist, and every answer is
// UNIMPLEMENTED with the name of what to use instead.
//
// Delivery: it reads no topic and writes none.
package churn

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
)

// Service is the churn API. The zero value works.
type Service struct {
	churnv1.UnimplementedChurnServiceServer
}

// Register adds the API to a gRPC server.
func (s *Service) Register(r grpc.ServiceRegistrar) { churnv1.RegisterChurnServiceServer(r, s) }

// GetChurnScore answers UNIMPLEMENTED.
func (s *Service) GetChurnScore(context.Context, *churnv1.GetChurnScoreRequest) (*churnv1.GetChurnScoreResponse, error) {
	return nil, status.Error(codes.Unimplemented,
		"churn scores are not part of this release; use the segment churn_risk, which GET /v1/customers/{id}/segments shows")
}
