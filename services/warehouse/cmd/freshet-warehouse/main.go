// Command freshet-warehouse writes facts from Kafka to ClickHouse and owns their schema.
package main

import (
	"context"

	"github.com/freshet/freshet/pkg/access"
	"github.com/freshet/freshet/pkg/backend"
	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/lifecycle"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/warehouse"
)

// config is everything the binary can be told.
type config struct {
	Process   service.Config   `koanf:",squash"`
	Warehouse warehouse.Config `koanf:",squash"`
	// Broker says where Kafka is.
	Broker broker.Config `koanf:"broker"`
	// ClickHouse says where facts go. Its user may create databases, tables, views and dictionaries, and is who ClickHouse
	// logs in as for the dictionary, unless dictionary_user says another.
	ClickHouse clickhouse.Config `koanf:"clickhouse"`
}

func main() {
	service.Main(service.Spec[config]{
		Name:    "warehouse",
		About:   "writes facts from Kafka to ClickHouse, each exactly once, and owns their schema",
		Default: config{Process: service.Default(), Warehouse: warehouse.Default(), Broker: broker.Default(), ClickHouse: clickhouse.Default()},
		Common:  func(c *config) *service.Config { return &c.Process },
		Guard:   access.ForAdmin,
		Build:   build,
	})
}

func build(ctx context.Context, p *service.Process, cfg config) error {
	client, err := backend.Kafka(ctx, p, cfg.Broker, topics.All()...)
	if err != nil {
		return err
	}
	conn, err := backend.ClickHouse(ctx, p, cfg.ClickHouse)
	if err != nil {
		return err
	}
	if cfg.Warehouse.DictionaryUser == "" {
		cfg.Warehouse.DictionaryUser, cfg.Warehouse.DictionaryPassword = cfg.ClickHouse.User, cfg.ClickHouse.Password
	}
	s, err := warehouse.New(cfg.Warehouse, warehouse.Deps{
		Logger: p.Logger, Metrics: p.Metrics, Tracer: p.Tracer, Broker: client, ClickHouse: conn,
	})
	if err != nil {
		return err
	}
	p.Ready("warehouse", s.Ready)
	p.Add(lifecycle.Component{Name: "warehouse", Run: s.Run})
	return nil
}
