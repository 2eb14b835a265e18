package feature

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/pkg/testkit"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
)

// knowsAll has a customer for every name.
type knowsAll struct {
	identityv1.IdentityServiceClient
}

func (knowsAll) Resolve(context.Context, *identityv1.ResolveRequest, ...grpc.CallOption) (*identityv1.ResolveResponse, error) {
	return &identityv1.ResolveResponse{CustomerId: "3c5efcf782fb1584cb5d5027dd8da267"}, nil
}

// While ClickHouse is away, a read with as_of is answered soon, with UNAVAILABLE and the time to come again; as soon as it is back it
// works again, with the same connections.
func TestAReadOfThePastWhileClickHouseIsAway(t *testing.T) {
	s := newStack(t)
	cfg := testkit.ClickHouse(t)
	gate := testkit.NewGate(t, cfg.Address)
	cfg.Address = gate.Address
	conn, err := clickhouse.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	svc := s.service()
	svc.deps.ClickHouse, svc.deps.Identity, svc.within = conn, knowsAll{}, factsWithin
	client := featurev1.NewFeatureServiceClient(s.serve(svc.Register))
	ask := func() (time.Duration, error) {
		began := time.Now()
		_, err := client.GetFeatures(t.Context(), &featurev1.GetFeaturesRequest{Id: "user_id:ada", AsOf: timestamppb.New(began.Add(-time.Hour))})
		return time.Since(began), err
	}
	if _, err := ask(); err != nil {
		t.Fatalf("while it is there: %v", err)
	}
	for what, fail := range map[string]func(){"it stands still": gate.Silence, "it is gone": gate.Shut} {
		fail()
		took, err := ask()
		if after, again := service.AgainAfter(err); status.Code(err) != codes.Unavailable || !again || after <= 0 {
			t.Errorf("%s: %v, come again after %s", what, err, after)
		}
		if took > factsWithin+10*time.Second {
			t.Errorf("%s: the answer took %s", what, took)
		}
		gate.Open()
		testkit.Eventually(t, soon, func() error { _, err := ask(); return err })
	}
}
