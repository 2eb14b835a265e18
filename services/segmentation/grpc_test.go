package segmentation

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/customer"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// GetCustomer answers with the id itself.
func (knowsAll) GetCustomer(_ context.Context, r *identityv1.GetCustomerRequest, _ ...grpc.CallOption) (*identityv1.GetCustomerResponse, error) {
	return &identityv1.GetCustomerResponse{Customer: &identityv1.Customer{CustomerId: r.GetId()}}, nil
}

// Resolve answers with the id that the identifier gives birth to.
func (knowsAll) Resolve(_ context.Context, r *identityv1.ResolveRequest, _ ...grpc.CallOption) (*identityv1.ResolveResponse, error) {
	i := r.GetIdentifiers()[0]
	return &identityv1.ResolveResponse{CustomerId: customer.ID("default", i.GetType(), i.GetValue(), 0)}, nil
}

func (w *world) listSegments() *segmentationv1.ListSegmentsResponse {
	w.t.Helper()
	resp, err := (&api{s: w.s}).ListSegments(w.t.Context(), &segmentationv1.ListSegmentsRequest{})
	if err != nil {
		w.t.Fatal(err)
	}
	return resp
}

func size(r *segmentationv1.ListSegmentsResponse, name string) int64 {
	for _, s := range r.Segments {
		if s.Name == name {
			return s.Size
		}
	}
	return -1
}

func TestReads(t *testing.T) {
	w := newWorld(t, bigSpender+`  - {name: small, description: Spends little., when: spend_30d < 10}`)
	w.cfg.Endpoints = endpoint(nowhere)
	w.begin()
	var big []string
	for i := range 30 {
		w.send(spend(id(i), int64(490+i)))
		if i >= 10 {
			big = append(big, id(i))
		}
	}
	other := spend(customer.ID("other", "user_id", "1", 0), 600)
	other.Workspace = "other"
	w.send(other)
	w.settled()
	slices.Sort(big)
	a, ctx := &api{s: w.s}, t.Context()

	t.Run("segments", func(t *testing.T) {
		got := w.listSegments()
		var names []string
		for _, s := range got.Segments {
			names = append(names, fmt.Sprintf("%s %d tier=%v alert=%v", s.Name, s.Size, s.Tier, s.Alert))
		}
		want := []string{"high_value 0 tier=true alert=false", "medium 0 tier=true alert=false", "potential 30 tier=true alert=false",
			"churn_risk 0 tier=true alert=false", "big_spender 20 tier=false alert=true", "small 0 tier=false alert=false"}
		if !slices.Equal(names, want) || got.Customers != 30 {
			t.Errorf("%d customers in %q", got.Customers, names)
		}
		if last := got.Segments[5]; last.Rule != "spend_30d < 10" || last.Description != "Spends little." || last.Version == 0 {
			t.Errorf("%v", last)
		}
	})

	t.Run("members in pages", func(t *testing.T) {
		for _, page := range []int32{1, 7, 20, 100, 0} {
			var got []string
			req := &segmentationv1.ListMembersRequest{Name: "big_spender", PageSize: page}
			for {
				resp, err := a.ListMembers(ctx, req)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range resp.Members {
					got = append(got, m.CustomerId)
					if m.EnteredAt.AsTime().UnixMilli() != start || m.Segment != "big_spender" || m.Version == 0 {
						t.Errorf("%v", m)
					}
				}
				if req.PageToken = resp.NextPageToken; req.PageToken == "" {
					break
				}
			}
			if !slices.Equal(got, big) {
				t.Errorf("pages of %d: %d members, want the %d in the order of their ids", page, len(got), len(big))
			}
		}
	})

	t.Run("one customer", func(t *testing.T) {
		for _, ref := range []string{id(15), "user_id:15"} {
			resp, err := a.GetCustomerSegments(ctx, &segmentationv1.GetCustomerSegmentsRequest{Id: ref})
			if err != nil || resp.CustomerId != id(15) || len(resp.Memberships) != 2 || resp.Memberships[0].Segment != "potential" || resp.Memberships[1].Segment != "big_spender" {
				t.Errorf("%s: %v, %v", ref, resp, err)
			}
		}
	})

	t.Run("refusals", func(t *testing.T) {
		first, err := a.ListMembers(ctx, &segmentationv1.ListMembersRequest{Name: "big_spender", PageSize: 1})
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			req  *segmentationv1.ListMembersRequest
			want codes.Code
		}{
			"unknown segment":       {&segmentationv1.ListMembersRequest{Name: "nobody"}, codes.NotFound},
			"negative page":         {&segmentationv1.ListMembersRequest{Name: "small", PageSize: -1}, codes.InvalidArgument},
			"huge page":             {&segmentationv1.ListMembersRequest{Name: "small", PageSize: 10_001}, codes.InvalidArgument},
			"invented token":        {&segmentationv1.ListMembersRequest{Name: "small", PageToken: "x"}, codes.InvalidArgument},
			"another one's token":   {&segmentationv1.ListMembersRequest{Name: "small", PageToken: first.NextPageToken}, codes.InvalidArgument},
			"an empty workspace":    {&segmentationv1.ListMembersRequest{Name: "small", Workspace: "empty"}, codes.OK},
			"a segment nobody's in": {&segmentationv1.ListMembersRequest{Name: "churn_risk"}, codes.OK},
		} {
			if _, err := a.ListMembers(ctx, c.req); status.Code(err) != c.want {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
		}
		for ref, want := range map[string]codes.Code{"user_id:999": codes.NotFound, "": codes.InvalidArgument, customer.ID("other", "user_id", "1", 0): codes.NotFound} {
			if _, err := a.GetCustomerSegments(ctx, &segmentationv1.GetCustomerSegmentsRequest{Id: ref}); status.Code(err) != want {
				t.Errorf("customer %q: %v, want %s", ref, err, want)
			}
		}
	})

	t.Run("not owner", func(t *testing.T) {
		w.end()
		_, err1 := a.ListSegments(ctx, &segmentationv1.ListSegmentsRequest{})
		_, err2 := a.ListMembers(ctx, &segmentationv1.ListMembersRequest{Name: "small"})
		_, err3 := a.GetCustomerSegments(ctx, &segmentationv1.GetCustomerSegmentsRequest{Id: id(15)})
		for _, err := range []error{err1, err2, err3} {
			if status.Code(err) != codes.Unavailable {
				t.Errorf("%v, want UNAVAILABLE", err)
			}
		}
	})
}
