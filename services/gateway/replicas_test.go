package gateway_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
)

// owner answers for ids that begin with one of its letters.
func owner(letters string) *backend {
	return &backend{getCustomer: func(ctx context.Context, r *identityv1.GetCustomerRequest) (*identityv1.GetCustomerResponse, error) {
		if !strings.Contains(letters, r.GetId()[:1]) {
			return nil, status.Error(codes.Unavailable, "not owner: partition of "+r.GetId())
		}
		return echo(ctx, r)
	}}
}

func TestAsksTheNextReplica(t *testing.T) {
	a, b, c := owner("a").serve(t, "127.0.0.1:0"), owner("b").serve(t, "127.0.0.1:0"), owner("c").serve(t, "127.0.0.1:0")
	g := run(t, config(a.address, b.address, c.address))
	for range 5 {
		for _, id := range []string{"a1", "b1", "c1"} {
			if resp, body := g.do(t, "GET", "/v1/customers/"+id+"/identity", ""); resp.StatusCode != 200 || !strings.Contains(body, id) {
				t.Errorf("%s: %d %s", id, resp.StatusCode, body)
			}
			answer, err := identityv1.NewIdentityServiceClient(g.conn).GetCustomer(t.Context(), &identityv1.GetCustomerRequest{Id: id})
			if err != nil || answer.GetCustomer().GetCustomerId() != id {
				t.Errorf("%s over gRPC: %v %v", id, answer, err)
			}
		}
	}
	resp, body := g.do(t, "GET", "/v1/customers/x1/identity", "")
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") != "1" || !strings.Contains(body, "no replica of identity") || strings.Contains(body, "not owner") {
		t.Errorf("owned by none: %d %v %s", resp.StatusCode, resp.Header, body)
	}
	if a.calls.Load() == 0 || b.calls.Load() == 0 || c.calls.Load() == 0 {
		t.Error("the calls are not spread over the replicas")
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
	a, b := owner("a").serve(t, "127.0.0.1:0"), owner("ab").serve(t, "127.0.0.1:0")
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
	if n := counter(t, g, "unreachable"); n == 0 {
		t.Error("replicas that were passed over are not counted")
	}
	owner("a").serve(t, a.address) // back at the same address
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
	b := owner("a").serve(t, "127.0.0.1:0")
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
	b := owner("a").serve(t, "127.0.0.1:0")
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

// counter finds how often identity's replicas were passed over for a reason.
func counter(t *testing.T, g *running, reason string) float64 {
	t.Helper()
	families, err := g.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "freshet_gateway_passed_over_total" && m.GetLabel()[0].GetValue() == reason {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}
