package standalone

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/clickhouse"
	embeddedclickhouse "github.com/freshet/freshet/pkg/embedded/clickhouse"
	embeddedkafka "github.com/freshet/freshet/pkg/embedded/kafka"
	"github.com/freshet/freshet/pkg/lifecycle"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/pkg/topics"
	"github.com/freshet/freshet/services/feature"
	"github.com/freshet/freshet/services/identity"
	"github.com/freshet/freshet/services/segmentation"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// factConnections is enough for every partition that the warehouse writes at once on a laptop,
// and for reads beside; a writer past it waits a moment.
const factConnections = 16

func (s *Stack) adminServer() lifecycle.Component {
	cfg := service.AdminConfig{Address: s.cfg.Listen.Metrics, Hosts: s.cfg.Hosts, Profiles: s.cfg.Profiles}
	s.admin = service.NewHTTPServer("metrics server", cfg.Address,
		service.AnswerTo(cfg.Hosts, "hosts", cfg.Address, service.AdminHandler(s.metrics, s.ready, cfg, &s.watchers)))
	return s.admin.Component()
}

// directory owns the data directory. An addresses file of a run that was killed
// is removed before anybody can take it for this run's.
func (s *Stack) directory() lifecycle.Component {
	return lifecycle.Component{
		Name: "data directory",
		Start: func(ctx context.Context) (err error) {
			if s.cfg.Dir == "" {
				s.temporary = true
				if s.cfg.Dir, err = os.MkdirTemp("", "freshet-"); err != nil {
					return fmt.Errorf("make a temporary directory: %w", err)
				}
			}
			if s.lock, err = s.lockDirectory(ctx); err != nil {
				return err
			}
			if s.cfg.AddressesFile == "" {
				return nil
			}
			if err := os.Remove(s.cfg.AddressesFile); err != nil && !errors.Is(err, os.ErrNotExist) {
				return errors.Join(fmt.Errorf("remove an old addresses file: %w", err), s.lock.Close())
			}
			return nil
		},
		Stop: func(context.Context) error {
			err := s.lock.Close()
			if s.temporary {
				err = errors.Join(err, os.RemoveAll(s.cfg.Dir))
			}
			return err
		},
	}
}

func (s *Stack) clickHouse() lifecycle.Component {
	var stopping atomic.Bool
	return lifecycle.Component{
		Name: "ClickHouse",
		Start: func(ctx context.Context) (err error) {
			if s.readerPassword, err = keptPassword(s.cfg.Dir); err != nil {
				return err
			}
			names := schema.Names{Prefix: s.cfg.Warehouse.DatabasePrefix}
			s.clickhouse, err = embeddedclickhouse.Start(ctx, embeddedclickhouse.Config{
				Dir:           filepath.Join(s.cfg.Dir, "clickhouse"),
				NativeAddress: s.cfg.Listen.ClickHouseNative,
				HTTPAddress:   s.cfg.Listen.ClickHouseHTTP,
				Password:      rand.Text(), // for this run; others read as the reader
				Logger:        s.logger,

				ReaderPassword: s.readerPassword,
				Readable:       []string{names.Database(schema.ODS), names.Database(schema.DW), names.Database(schema.DM)},
			})
			return err
		},
		Run: func(ctx context.Context) error {
			select {
			case <-s.clickhouse.Done():
				if stopping.Load() {
					return nil
				}
				return errors.New("its process ended")
			case <-ctx.Done():
				return nil
			}
		},
		Stop: func(ctx context.Context) error {
			stopping.Store(true)
			return s.clickhouse.Stop(ctx)
		},
	}
}

func (s *Stack) kafkaBroker() lifecycle.Component {
	return lifecycle.Component{
		Name: "Kafka",
		Start: func(context.Context) (err error) {
			s.kafka, err = embeddedkafka.Start(embeddedkafka.Config{
				Dir:        filepath.Join(s.cfg.Dir, "kafka"),
				Address:    s.cfg.Listen.Kafka,
				SyncWrites: s.cfg.SyncWrites,
				Logger:     s.logger,
			})
			return err
		},
		Stop: func(context.Context) error { s.kafka.Close(); return nil },
	}
}

// connections are shared by all services: one pool to each engine.
func (s *Stack) connections() lifecycle.Component {
	return lifecycle.Component{
		Name: "connections",
		Start: func(ctx context.Context) (err error) {
			cfg := broker.Config{Addresses: []string{s.kafka.Addr()}, Partitions: s.cfg.Partitions, Replication: 1, Gaps: s.cfg.Gaps, Dial: s.kafka.Dial}
			if s.broker, err = broker.Dial(ctx, cfg, s.logger); err != nil {
				return err
			}
			if err := s.broker.Register(s.metrics); err != nil {
				s.broker.Close()
				return err
			}
			all := slices.Concat(topics.All(), identity.Topics(), feature.Topics(), segmentation.Topics())
			if err := s.broker.EnsureTopics(ctx, distinct(all)...); err != nil {
				s.broker.Close()
				return err
			}
			facts := s.clickhouse.ClientConfig()
			facts.MaxConnections = factConnections
			if s.facts, err = clickhouse.Open(ctx, facts); err != nil {
				s.broker.Close()
			}
			return err
		},
		Stop: func(context.Context) error {
			s.broker.Close()
			return s.facts.Close()
		},
	}
}

// distinct keeps the first of topics that have the same name.
func distinct(all []topics.Topic) []topics.Topic {
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(t topics.Topic) bool {
		twice := seen[t.Name]
		seen[t.Name] = true
		return twice
	})
}

// schema makes the tables before those who read them start.
func (s *Stack) schema() lifecycle.Component {
	return lifecycle.Component{
		Name: "schema",
		Start: func(ctx context.Context) error {
			return schema.Migrate(ctx, s.facts, schema.Options{Logger: s.logger})
		},
	}
}
