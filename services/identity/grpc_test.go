package identity

import (
	"context"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"

	"github.com/freshet/freshet/pkg/customer"
)

// client serves the service's API on a loopback port.
func (r *running) client() identityv1.IdentityServiceClient {
	r.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	server := grpc.NewServer()
	r.Register(server)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close(); server.Stop(); <-done })
	return identityv1.NewIdentityServiceClient(conn)
}

func ask(words ...string) *identityv1.ResolveRequest {
	r := &identityv1.ResolveRequest{Workspace: "w"}
	for _, id := range names(words...) {
		r.Identifiers = append(r.Identifiers, &eventv1.Identifier{Type: id.Type, Value: id.Value})
	}
	return r
}

func TestAPI(t *testing.T) {
	w := newWorld(t, 1)
	s := w.start(w.dir("a"))
	w.send("anonymous_id:a1", "email:ann@x.org", "user_id:ann email:ann@x.org anonymous_id:a1", "user_id:bob")
	w.waitResolved(4)
	api := s.client()
	ann, away := customer.ID("w", "anonymous_id", "a1", 0), customer.ID("w", "email", "ann@x.org", 0)

	t.Run("resolve", func(t *testing.T) {
		for name, c := range map[string]struct {
			req  *identityv1.ResolveRequest
			want string
			code codes.Code
		}{
			"one identifier":                     {req: ask("user_id:ann"), want: ann},
			"two of one customer":                {req: ask("anonymous_id:a1", "email:ann@x.org"), want: ann},
			"an unknown one beside":              {req: ask("user_id:zoe", "user_id:ann"), want: ann},
			"as a person types it":               {req: ask("email: Ann@X.org "), want: ann},
			"none":                               {req: ask(), code: codes.InvalidArgument},
			"an empty value":                     {req: ask("user_id:"), code: codes.InvalidArgument},
			"too many":                           {req: ask(make([]string, 101)...), code: codes.InvalidArgument},
			"unknown":                            {req: ask("user_id:zoe"), code: codes.NotFound},
			"known, but in another workspace":    {req: &identityv1.ResolveRequest{Identifiers: ask("user_id:ann").GetIdentifiers()}, code: codes.NotFound},
			"identifiers of different customers": {req: ask("user_id:ann", "user_id:bob"), code: codes.FailedPrecondition},
		} {
			got, err := api.Resolve(t.Context(), c.req)
			if status.Code(err) != c.code || got.GetCustomerId() != c.want {
				t.Errorf("%s: %v %v", name, got, err)
			}
			if err == nil && got.GetIdentityEpoch() != int64(len(w.log())-1) {
				t.Errorf("%s: epoch %d, the log has %d records", name, got.GetIdentityEpoch(), len(w.log()))
			}
		}
	})
	t.Run("customer", func(t *testing.T) {
		events := w.resolved()
		linked := func(typ, value, event string) *identityv1.LinkedIdentifier {
			return &identityv1.LinkedIdentifier{Identifier: &eventv1.Identifier{Type: typ, Value: value}, EventId: event,
				LinkedAt: timestamp(events[event].GetEvent().GetReceivedMs())}
		}
		want := &identityv1.Customer{CustomerId: ann, Workspace: "w", MergedIds: []string{away},
			CreatedAt: timestamp(events["e0"].GetEvent().GetReceivedMs()),
			Identifiers: []*identityv1.LinkedIdentifier{
				linked("anonymous_id", "a1", "e0"), linked("email", "ann@x.org", "e1"), linked("user_id", "ann", "e2")}}
		for _, ref := range []string{ann, away, "user_id:ann", "email:ANN@x.org"} {
			got, err := api.GetCustomer(t.Context(), &identityv1.GetCustomerRequest{Workspace: "w", Id: ref})
			if err != nil {
				t.Errorf("%s: %v", ref, err)
				continue
			}
			if diff := cmp.Diff(want, got.GetCustomer(), protocmp.Transform()); diff != "" {
				t.Errorf("%s:\n%s", ref, diff)
			}
		}
		for ref, code := range map[string]codes.Code{
			"user_id:zoe": codes.NotFound, customer.ID("w", "user_id", "zoe", 0): codes.NotFound,
			"": codes.InvalidArgument, "ann": codes.InvalidArgument,
		} {
			if _, err := api.GetCustomer(t.Context(), &identityv1.GetCustomerRequest{Workspace: "w", Id: ref}); status.Code(err) != code {
				t.Errorf("%q: %v, want %s", ref, err, code)
			}
		}
		if _, err := api.GetCustomer(t.Context(), &identityv1.GetCustomerRequest{Id: ann}); status.Code(err) != codes.NotFound {
			t.Errorf("seen from another workspace: %v", err)
		}
	})
	t.Run("not running", func(t *testing.T) {
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		if _, err := api.Resolve(context.Background(), ask("user_id:ann")); status.Code(err) != codes.Unavailable {
			t.Errorf("after the stop: %v", err)
		}
		if _, err := api.GetCustomer(context.Background(), &identityv1.GetCustomerRequest{Workspace: "w", Id: ann}); status.Code(err) != codes.Unavailable {
			t.Errorf("after the stop: %v", err)
		}
	})
}

func TestConfig(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	err := Config{CacheBytes: 5, SeenCacheBytes: -1, MaxBatch: 100_001, Pace: -1}.Validate()
	want := "dir: name a folder for the local stores\ncache_bytes: 5 is below 1048576\nseen_cache_bytes: -1 is below 1048576\nmax_batch: 100001 is not within 1 and 100000\npace: -1ns is not within 0 and 1s"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if _, err := New(Config{}, Deps{}); err == nil {
		t.Error("a wrong configuration was taken")
	}
}
