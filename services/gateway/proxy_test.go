package gateway_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	collectorv1 "github.com/freshet/freshet/proto/gen/freshet/collector/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// TestForwardsEverything: metadata and deadline go one way; header, trailer, answer
// and status with details come back.
func TestForwardsEverything(t *testing.T) {
	var seen metadata.MD
	var left time.Duration
	b := (&backend{getCustomer: func(ctx context.Context, r *identityv1.GetCustomerRequest) (*identityv1.GetCustomerResponse, error) {
		seen, _ = metadata.FromIncomingContext(ctx)
		deadline, _ := ctx.Deadline()
		left = time.Until(deadline)
		if err := grpc.SetHeader(ctx, metadata.Pairs("x-head", "h", "x-bin", "\x00\xff")); err != nil {
			return nil, err
		}
		if err := grpc.SetTrailer(ctx, metadata.Pairs("x-tail", "t")); err != nil {
			return nil, err
		}
		if r.GetId() == "fail" {
			st, err := status.New(codes.FailedPrecondition, "two customers").WithDetails(&errdetails.ErrorInfo{Reason: "AMBIGUOUS"})
			if err != nil {
				return nil, err
			}
			return nil, st.Err()
		}
		return echo(ctx, r)
	}}).serve(t, "127.0.0.1:0")
	g := run(t, config(b.address))
	client := identityv1.NewIdentityServiceClient(g.conn)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Basic abc", "x-twice", "1", "x-twice", "2")
	var header, trailer metadata.MD
	answer, err := client.GetCustomer(ctx, &identityv1.GetCustomerRequest{Id: "user_id:42"}, grpc.Header(&header), grpc.Trailer(&trailer))
	if err != nil || answer.GetCustomer().GetCustomerId() != "user_id:42" {
		t.Fatal(answer, err)
	}
	if got := strings.Join(append(seen.Get("authorization"), seen.Get("x-twice")...), " "); got != "1 2" {
		t.Errorf("the service saw %q: what passes is the caller's own, what it proves itself with stays here", got)
	}
	if left <= 0 || left > time.Minute {
		t.Errorf("the service had %s left of 1m", left)
	}
	if header.Get("x-head")[0] != "h" || header.Get("x-bin")[0] != "\x00\xff" || trailer.Get("x-tail")[0] != "t" {
		t.Errorf("the client saw %v and %v", header, trailer)
	}
	_, err = client.GetCustomer(ctx, &identityv1.GetCustomerRequest{Id: "fail"}, grpc.Trailer(&trailer))
	st := status.Convert(err)
	if st.Code() != codes.FailedPrecondition || st.Message() != "two customers" || len(st.Details()) != 1 || trailer.Get("x-tail")[0] != "t" {
		t.Errorf("got %v %v with trailer %v", err, st.Details(), trailer)
	}
}

func TestWhatIsNotForwarded(t *testing.T) {
	g := run(t, config((&backend{}).serve(t, "127.0.0.1:0").address))
	_, err := recommendationv1.NewRecommendationServiceClient(g.conn).GetItem(t.Context(), &recommendationv1.GetItemRequest{ItemId: "sku-1"})
	if status.Code(err) != codes.Unimplemented || !strings.Contains(err.Error(), "started without that part") {
		t.Errorf("recommendation's own words are lost: %v", err)
	}
	_, err = collectorv1.NewCollectorServiceClient(g.conn).Ingest(t.Context(), &collectorv1.IngestRequest{})
	if st := status.Convert(err); st.Code() != codes.Unimplemented || st.Message() != "there is no method /freshet.collector.v1.CollectorService/Ingest behind this gateway" {
		t.Errorf("got %v", err)
	}
}

func TestHealthAndReflection(t *testing.T) {
	g := run(t, config((&backend{}).serve(t, "127.0.0.1:0").address))
	health, err := healthv1.NewHealthClient(g.conn).Check(t.Context(), &healthv1.HealthCheckRequest{}, grpc.WaitForReady(true))
	if err != nil || health.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		t.Errorf("health: %v %v", health, err)
	}
	stream, err := reflectionv1.NewServerReflectionClient(g.conn).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ask := func(r *reflectionv1.ServerReflectionRequest) *reflectionv1.ServerReflectionResponse {
		if err := stream.Send(r); err != nil {
			t.Fatal(err)
		}
		answer, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	var names []string
	for _, s := range ask(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}).GetListServicesResponse().GetService() {
		names = append(names, s.GetName())
	}
	for _, name := range []string{"freshet.identity.v1.IdentityService", "freshet.feature.v1.FeatureService", "freshet.segmentation.v1.SegmentationService",
		"freshet.churn.v1.ChurnService", "freshet.recommendation.v1.RecommendationService"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is not listed in %v", name, names)
		}
		answer := ask(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: name}})
		if len(answer.GetFileDescriptorResponse().GetFileDescriptorProto()) == 0 {
			t.Errorf("%s is not described: %v", name, answer.GetErrorResponse())
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Error(err)
	}
}
