package segmentation

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/freshet/freshet/pkg/customer"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
	"github.com/freshet/freshet/services/segmentation/tier"
)

// Page sizes of ListMembers.
const (
	defaultPage = 100
	maxPage     = 10_000
)

// api is the gRPC face of the service.
type api struct {
	segmentationv1.UnimplementedSegmentationServiceServer
	s *Service
}

// Register adds the API to a server.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	segmentationv1.RegisterSegmentationServiceServer(r, &api{s: s})
}

// ListSegments reads every segment with its size.
func (a *api) ListSegments(ctx context.Context, req *segmentationv1.ListSegmentsRequest) (*segmentationv1.ListSegmentsResponse, error) {
	workspace := customer.Workspace(req.GetWorkspace())
	all, err := a.s.sizes(ctx)
	if err != nil {
		return nil, err
	}
	n := all[workspace]
	resp := &segmentationv1.ListSegmentsResponse{Customers: n.customers}
	cuts := a.s.board.of(workspace)
	for _, name := range tier.Names {
		resp.Segments = append(resp.Segments, &segmentationv1.Segment{
			Name: name, Description: tier.Descriptions[name], Rule: tier.Rule(name, cuts),
			Version: cuts.GetVersion(), Size: n.segments[name], Tier: true,
		})
	}
	for _, r := range a.s.book.set.Rules {
		resp.Segments = append(resp.Segments, &segmentationv1.Segment{
			Name: r.Name, Description: r.Description, Rule: r.When, Version: r.Version,
			Size: n.segments[r.Name], Alert: a.s.book.alerts(r.Name, true) != "",
		})
	}
	return resp, nil
}

// ListMembers reads a page of a segment's members.
func (a *api) ListMembers(ctx context.Context, req *segmentationv1.ListMembersRequest) (*segmentationv1.ListMembersResponse, error) {
	if !a.s.book.known(req.GetName()) {
		return nil, status.Errorf(codes.NotFound, "no segment is named %q", req.GetName())
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultPage
	}
	if size < 1 || size > maxPage {
		return nil, status.Errorf(codes.InvalidArgument, "page_size: %d is not within 1 and %d", size, maxPage)
	}
	after, err := parseToken(req.GetName(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	found, err := a.s.members(ctx, customer.Workspace(req.GetWorkspace()), req.GetName(), after, size+1)
	if err != nil {
		return nil, err
	}
	resp := &segmentationv1.ListMembersResponse{}
	if len(found) > size {
		found = found[:size]
		resp.NextPageToken = token(req.GetName(), found[size-1].id)
	}
	for _, m := range found {
		resp.Members = append(resp.Members, asProto(m.id, membership{segment: req.GetName(), version: m.version, sinceMs: m.sinceMs}))
	}
	return resp, nil
}

// GetCustomerSegments reads the segments one customer is in.
func (a *api) GetCustomerSegments(
	ctx context.Context, req *segmentationv1.GetCustomerSegmentsRequest,
) (*segmentationv1.GetCustomerSegmentsResponse, error) {
	workspace := customer.Workspace(req.GetWorkspace())
	id, err := customer.Lookup(ctx, a.s.deps.Identity, workspace, req.GetId())
	if err != nil {
		return nil, err
	}
	id, r, err := a.s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	if r == nil || !r.counts() || r.workspace != workspace {
		return nil, status.Errorf(codes.NotFound, "customer %q has no features yet", req.GetId())
	}
	resp := &segmentationv1.GetCustomerSegmentsResponse{CustomerId: id}
	for _, m := range a.s.present(r) {
		resp.Memberships = append(resp.Memberships, asProto(id, m))
	}
	return resp, nil
}

func asProto(id string, m membership) *segmentationv1.Membership {
	return &segmentationv1.Membership{
		CustomerId: id, Segment: m.segment, Version: m.version, EnteredAt: timestamppb.New(time.UnixMilli(m.sinceMs)),
	}
}

// token names the place after a member: the segment is in it, so that a token of another
// segment is refused.
func token(segment, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(segment + "/" + id))
}

// parseToken is the reverse of token; the empty token is the first page.
func parseToken(segment, text string) (after string, err error) {
	if text == "" {
		return "", nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(text)
	after, ok := strings.CutPrefix(string(plain), segment+"/")
	if err != nil || !ok || !customer.IsID(after) {
		return "", status.Error(codes.InvalidArgument, "page_token: not one that was handed out for this segment")
	}
	return after, nil
}
