package gateway_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/freshet/freshet/pkg/service"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
)

// What is away for every replica is not asked of each: the caller hears at once, and when to come again.
func TestWhatIsAwayForAllIsSaidAtOnce(t *testing.T) {
	for what, c := range map[string]struct {
		answer error
		after  string
		asked  int64
	}{
		"in two seconds":              {service.ComeAgain("ClickHouse is away", 2*time.Second), "2", 1},
		"in a moment":                 {service.ComeAgain("ClickHouse is away", 10*time.Millisecond), "1", 1},
		"in a second and a bit":       {service.ComeAgain("ClickHouse is away", 1100*time.Millisecond), "2", 1},
		"a replica that is restoring": {status.Error(codes.Unavailable, "restoring"), "1", 2},
	} {
		answer := func(context.Context, *identityv1.GetCustomerRequest) (*identityv1.GetCustomerResponse, error) {
			return nil, c.answer
		}
		a, b := (&backend{getCustomer: answer}).serve(t, "127.0.0.1:0"), (&backend{getCustomer: answer}).serve(t, "127.0.0.1:0")
		resp, body := run(t, config(a.address, b.address)).do(t, "GET", "/v1/customers/user_id:42/identity", "")
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") != c.after || a.calls.Load()+b.calls.Load() != c.asked || !strings.Contains(body, `"code":14`) {
			t.Errorf("%s: %d, Retry-After %q, %d replicas asked: %s", what, resp.StatusCode, resp.Header.Get("Retry-After"), a.calls.Load()+b.calls.Load(), body)
		}
	}
}
