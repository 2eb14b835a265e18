// Package backend opens what a service's process stands on, each with its end: Kafka, ClickHouse, the services that it asks, its fellow replicas. What is opened here is closed when
// everything that was added to the process later has stopped (service.Process.OnStop), so open before you add what uses it. TestSeparateBinaries runs every binary over it.
package backend

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/lifecycle"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/pkg/topics"
)

// Kafka connects, makes the topics that are not there, and shows the client's metrics. It waits for Kafka as long as ctx lasts.
func Kafka(ctx context.Context, p *service.Process, cfg broker.Config, list ...topics.Topic) (*broker.Client, error) {
	client, err := broker.Open(ctx, cfg, p.Logger, list...)
	if err != nil {
		return nil, err
	}
	p.OnStop("broker", func(context.Context) error { client.Close(); return nil })
	return client, client.Register(p.Metrics)
}

// ClickHouse connects to where the facts are.
func ClickHouse(ctx context.Context, p *service.Process, cfg clickhouse.Config) (driver.Conn, error) {
	conn, err := clickhouse.Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	p.OnStop("clickhouse", func(context.Context) error { return conn.Close() })
	return conn, nil
}

// Service is a connection to another service of the suite, at "host:port" or a gRPC name. It connects with the first call, so the other need not be there yet. name is its, for errors.
func Service(p *service.Process, name, address string) (*grpc.ClientConn, error) {
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(p.TracerProvider))))
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", name, address, err)
	}
	p.OnStop(name+" connection", func(context.Context) error { return conn.Close() })
	return conn, nil
}

// Fleet joins the other replicas of the service, on the process's gRPC server.
func Fleet(p *service.Process, cfg fleet.Config, client *broker.Client) (*fleet.Fleet, error) {
	f, err := fleet.New(fleet.Deps{Logger: p.Logger, Metrics: p.Metrics, TracerProvider: p.TracerProvider, Broker: client, Address: cfg.Address(p.GRPC(nil).Addr)})
	if err != nil {
		return nil, err
	}
	f.Register(p.GRPC(nil))
	p.Ready("fleet", f.Ready)
	p.Add(lifecycle.Component{Name: "fleet", Run: f.Run})
	return f, nil
}
