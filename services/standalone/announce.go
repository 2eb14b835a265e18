package standalone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	embeddedclickhouse "github.com/freshet/freshet/pkg/embedded/clickhouse"
	"github.com/freshet/freshet/pkg/lifecycle"
	"github.com/freshet/freshet/pkg/stack"
	"github.com/freshet/freshet/services/gateway"
)

const (
	// lookEvery is how often a starting stack looks whether it is ready.
	lookEvery = 20 * time.Millisecond
	// complainEvery is how often it says what it waits for.
	complainEvery = 10 * time.Second
)

// announcement waits until every part is ready and tells the world where the doors are.
func (s *Stack) announcement() lifecycle.Component {
	return lifecycle.Component{
		Name: "addresses",
		Run: func(ctx context.Context) error {
			if !s.untilReady(ctx) {
				return nil // told to stop before
			}
			if err := s.announce(); err != nil {
				return err
			}
			<-ctx.Done()
			return nil
		},
		Stop: func(context.Context) error {
			s.ready.Stop()
			s.apiReady.Stop()
			if s.cfg.AddressesFile == "" {
				return nil
			}
			if err := os.Remove(s.cfg.AddressesFile); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("remove the addresses file: %w", err)
			}
			return nil
		},
	}
}

// untilReady returns true when every part is ready, false when ctx ended before.
func (s *Stack) untilReady(ctx context.Context) bool {
	look, complain := time.NewTicker(lookEvery), time.NewTicker(complainEvery)
	defer look.Stop()
	defer complain.Stop()
	for {
		err := s.ready.Check()
		if err == nil {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-complain.C:
			s.logger.Warn("still starting", "waiting_for", err.Error())
		case <-look.C:
		}
	}
}

func (s *Stack) announce() error {
	a := stack.Addresses{
		CollectorHTTP: s.intake.http.Addr(), CollectorGRPC: s.intake.grpc.Addr(),
		APIHTTP: s.api.http.Addr(), APIGRPC: s.api.grpc.Addr(),
		Kafka: s.kafka.Addr(), ClickHouseNative: s.clickhouse.Native(), ClickHouseHTTP: s.clickhouse.HTTP(),
		Metrics: s.admin.Addr(), ClickHouseUser: embeddedclickhouse.Reader, ClickHousePassword: s.readerPassword, APIToken: s.cfg.APIToken,
	}
	s.mu.Lock()
	s.addresses = a
	s.mu.Unlock()
	if s.cfg.AddressesFile != "" {
		if err := writeWhole(s.cfg.AddressesFile, a); err != nil {
			return fmt.Errorf("write the addresses file: %w", err)
		}
	}
	s.logger.Info("ready", "collector_http", a.CollectorHTTP, "api_http", a.APIHTTP, "metrics", a.Metrics, "dir", s.cfg.Dir)
	close(s.started)
	return nil
}

// writeWhole writes v as JSON so that a reader sees all of it or nothing.
func writeWhole(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// page lists the doors for the page at the API's root.
func (s *Stack) page() []gateway.Address {
	a := s.Addresses()
	return []gateway.Address{
		{Name: "collector, HTTP", Value: a.CollectorHTTP}, {Name: "collector, gRPC", Value: a.CollectorGRPC},
		{Name: "API, HTTP", Value: a.APIHTTP}, {Name: "API, gRPC", Value: a.APIGRPC},
		{Name: "Kafka", Value: a.Kafka},
		{Name: "ClickHouse, native (user and password: in the addresses file)", Value: a.ClickHouseNative},
		{Name: "ClickHouse, HTTP", Value: a.ClickHouseHTTP},
		{Name: "metrics", Value: a.Metrics},
	}
}
