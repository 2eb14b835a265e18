package stack

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/clickhouse"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// API is every read of Freshet over one connection.
type API struct {
	Identity        identityv1.IdentityServiceClient
	Features        featurev1.FeatureServiceClient
	Segments        segmentationv1.SegmentationServiceClient
	Churn           churnv1.ChurnServiceClient
	Recommendations recommendationv1.RecommendationServiceClient
	io.Closer
}

// API opens the gRPC reads.
func (a Addresses) API(ctx context.Context) (*API, error) {
	if err := Knock(ctx, a.APIGRPC); err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(a.APIGRPC, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(token(a.APIToken)))
	if err != nil {
		return nil, fmt.Errorf("open the API at %s: %w", a.APIGRPC, err)
	}
	return &API{Identity: identityv1.NewIdentityServiceClient(conn), Features: featurev1.NewFeatureServiceClient(conn),
		Segments: segmentationv1.NewSegmentationServiceClient(conn), Churn: churnv1.NewChurnServiceClient(conn),
		Recommendations: recommendationv1.NewRecommendationServiceClient(conn), Closer: conn}, nil
}

// token proves who asks; empty sends nothing.
type token string

// GetRequestMetadata is credentials.PerRPCCredentials.
func (t token) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	if t == "" {
		return nil, nil
	}
	return map[string]string{"authorization": "Bearer " + string(t)}, nil
}

// RequireTransportSecurity is credentials.PerRPCCredentials: the doors of a stack on this machine have no TLS.
func (token) RequireTransportSecurity() bool { return false }

// Broker opens Kafka. The caller must Close it.
func (a Addresses) Broker(ctx context.Context) (*broker.Client, error) {
	if err := Knock(ctx, a.Kafka); err != nil {
		return nil, err
	}
	c, err := broker.Dial(ctx, broker.Config{Addresses: []string{a.Kafka}}, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, fmt.Errorf("open Kafka at %s: %w", a.Kafka, err)
	}
	return c, nil
}

// Login says who reads ClickHouse. Zero means whom the addresses name, and where they name nobody the user default without a password.
type Login struct{ User, Password string }

// Login fills in what was not said.
func (a Addresses) Login(l Login) Login {
	if l.User == "" {
		l.User = a.ClickHouseUser
		if l.Password == "" {
			l.Password = a.ClickHousePassword
		}
	}
	if l.User == "" {
		l.User = "default"
	}
	return l
}

// ClickHouse opens ClickHouse for reading. The caller must Close it.
func (a Addresses) ClickHouse(ctx context.Context, login Login) (driver.Conn, error) {
	if err := Knock(ctx, a.ClickHouseNative); err != nil {
		return nil, err
	}
	login = a.Login(login)
	cfg := clickhouse.Default()
	cfg.Address, cfg.User, cfg.Password = a.ClickHouseNative, login.User, login.Password
	return clickhouse.Open(ctx, cfg)
}
