// Package recommendation will say what to offer a customer next. In this release
// the process, its configuration and its contract exist, and every answer is
// UNIMPLEMENTED with the name of what to use instead.
//
// Delivery: it reads no topic and writes none.
package recommendation

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// Service is the recommendation API. The zero value works.
type Service struct {
	recommendationv1.UnimplementedRecommendationServiceServer
}

// Register adds the API to a gRPC server.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	recommendationv1.RegisterRecommendationServiceServer(r, s)
}

// Recommend answers UNIMPLEMENTED.
func (s *Service) Recommend(context.Context, *recommendationv1.RecommendRequest) (*recommendationv1.RecommendResponse, error) {
	return nil, status.Error(codes.Unimplemented,
		"recommendations are not part of this release; dw.order_items in ClickHouse holds what each customer bought")
}
