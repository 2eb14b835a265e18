package gateway_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	fleetv1 "github.com/freshet/freshet/proto/gen/freshet/fleet/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
)

// TestCallsGoToTheReplicasInTurn: any replica answers for any customer, and each is asked as often as another, once a call.
func TestCallsGoToTheReplicasInTurn(t *testing.T) {
	a, b, c := (&backend{getCustomer: echo}).serve(t, "127.0.0.1:0"), (&backend{getCustomer: echo}).serve(t, "127.0.0.1:0"), (&backend{getCustomer: echo}).serve(t, "127.0.0.1:0")
	g := run(t, config(a.address, b.address, c.address))
	for range 9 {
		if resp, body := g.do(t, "GET", "/v1/customers/a1/identity", ""); resp.StatusCode != 200 || !strings.Contains(body, "a1") {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
		answer, err := identityv1.NewIdentityServiceClient(g.conn).GetCustomer(t.Context(), &identityv1.GetCustomerRequest{Id: "b1"})
		if err != nil || answer.GetCustomer().GetCustomerId() != "b1" {
			t.Errorf("over gRPC: %v %v", answer, err)
		}
	}
	if a.calls.Load() != 6 || b.calls.Load() != 6 || c.calls.Load() != 6 {
		t.Errorf("of 18 calls the replicas got %d, %d and %d", a.calls.Load(), b.calls.Load(), c.calls.Load())
	}
}

// What replicas of a service say to each other is none of the gateway's calls, whoever asks.
func TestReplicasAreNotReachedThroughTheGateway(t *testing.T) {
	b := (&backend{getCustomer: echo}).serve(t, "127.0.0.1:0")
	g := run(t, config(b.address))
	_, err := fleetv1.NewFleetServiceClient(g.conn).Read(t.Context(), &fleetv1.ReadRequest{Task: "feature.state"})
	if status.Code(err) != codes.Unimplemented || !strings.Contains(err.Error(), "behind this gateway") {
		t.Errorf("%v, want UNIMPLEMENTED by the gateway", err)
	}
}

func TestOnlyUnavailableIsAskedAgain(t *testing.T) {
	refuse := func(context.Context, *identityv1.GetCustomerRequest) (*identityv1.GetCustomerResponse, error) {
		return nil, status.Error(codes.NotFound, "not owner of the word")
	}
	a, b := (&backend{getCustomer: refuse}).serve(t, "127.0.0.1:0"), (&backend{getCustomer: refuse}).serve(t, "127.0.0.1:0")
	g := run(t, config(a.address, b.address))
	if resp, body := g.do(t, "GET", "/v1/customers/x/identity", ""); resp.StatusCode != 404 || a.calls.Load()+b.calls.Load() != 1 {
		t.Errorf("%d %s after %d calls", resp.StatusCode, body, a.calls.Load()+b.calls.Load())
	}
}

func TestAReplicaThatIsDown(t *testing.T) {
	a, b := (&backend{getCustomer: echo}).serve(t, "127.0.0.1:0"), (&backend{getCustomer: echo}).serve(t, "127.0.0.1:0")
	g := run(t, config(a.address, b.address))
	a.stop()
	for range 4 {
		if resp, body := g.do(t, "GET", "/v1/customers/a1/identity", ""); resp.StatusCode != 200 {
			t.Errorf("the other replica was not asked: %d %s", resp.StatusCode, body)
		}
	}
	b.stop()
	resp, body := g.do(t, "GET", "/v1/customers/a1/identity", "")
	if resp.StatusCode != 503 || !strings.Contains(body, "identity ("+a.address) || !strings.Contains(body, "does not answer") {
		t.Errorf("all are down: %d %s", resp.StatusCode, body)
	}
	if n := counter(t, g); n == 0 {
		t.Error("replicas that were passed over are not counted")
	}
	(&backend{getCustomer: echo}).serve(t, a.address) // back at the same address
	for deadline := time.Now().Add(10 * time.Second); ; {
		if resp, _ := g.do(t, "GET", "/v1/customers/a1/identity", ""); resp.StatusCode == 200 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("a replica that came back was not found within 10 s")
		}
	}
}

func TestANameThatDoesNotResolve(t *testing.T) {
	b := (&backend{getCustomer: echo}).serve(t, "127.0.0.1:0")
	cfg := config(b.address)
	cfg.Upstreams.Churn = []string{"churn.invalid:9000"}
	g := run(t, cfg)
	if resp, body := g.do(t, "GET", "/v1/customers/a1/identity", ""); resp.StatusCode != 200 {
		t.Errorf("another upstream's name matters: %d %s", resp.StatusCode, body)
	}
	if resp, body := g.do(t, "GET", "/v1/customers/a1/churn", ""); resp.StatusCode != 503 || !strings.Contains(body, "churn.invalid") {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
}

func TestOneNameForAllReplicas(t *testing.T) {
	b := (&backend{getCustomer: echo}).serve(t, "127.0.0.1:0")
	_, port, err := net.SplitHostPort(b.address)
	if err != nil {
		t.Fatal(err)
	}
	g := run(t, config("localhost:"+port)) // resolves to 127.0.0.1 and, on most machines, ::1, where nobody listens
	for range 4 {
		if resp, body := g.do(t, "GET", "/v1/customers/a1/identity", ""); resp.StatusCode != 200 {
			t.Errorf("got %d %s", resp.StatusCode, body)
		}
	}
}

// counter finds how often identity's replicas were passed over.
func counter(t *testing.T, g *running) float64 {
	t.Helper()
	families, err := g.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "freshet_gateway_passed_over_total" && m.GetLabel()[0].GetValue() == "identity" {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}
