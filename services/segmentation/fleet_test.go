package segmentation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/testkit"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// replica starts a further process of the service, with a store and a server of its own.
func (w *world) replica(name string) *Service {
	w.t.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	fellows, err := fleet.New(fleet.Deps{Logger: quiet, Broker: w.client, Address: func() string { return listener.Addr().String() }})
	if err != nil {
		w.t.Fatal(err)
	}
	cfg := w.cfg
	cfg.Dir = filepath.Join(w.dir, name)
	s, err := New(cfg, Deps{Logger: quiet, Broker: w.client, Population: &w.people, Identity: knowsAll{}, Fleet: fellows,
		Now: func() time.Time { return time.UnixMilli(w.now.Load()) }})
	if err != nil {
		w.t.Fatal(err)
	}
	server := grpc.NewServer()
	fellows.Register(server)
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	for _, run := range []func() error{
		func() error { return server.Serve(listener) },
		func() error { return fellows.Run(ctx) },
		func() error { return s.Run(ctx) },
	} {
		parts.Go(func() {
			if err := run(); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
				w.t.Error(err)
			}
		})
	}
	w.t.Cleanup(func() { server.Stop(); cancel(); parts.Wait() })
	return s
}

// Two replicas have a partition each. Both list all segments with their whole size, all members, and the segments of every customer; the one that computes
// cut points knows how many customers there are in all.
func TestEveryReplicaListsEverybody(t *testing.T) {
	w := newWorld(t, bigSpender)
	w.cfg.Endpoints = endpoint(nowhere)
	replicas := []*Service{w.replica("a"), w.replica("b")}
	testkit.Eventually(t, 2*within, func() error {
		for _, s := range replicas {
			if err := s.Ready(); err != nil || len(s.processor.Owned()) != 1 {
				return fmt.Errorf("%d partitions; %w", len(s.processor.Owned()), err)
			}
		}
		return nil
	})
	var everybody []string
	for i := range 30 {
		w.send(spend(id(i), int64(600+i)))
		everybody = append(everybody, id(i))
	}
	slices.Sort(everybody)
	for n, s := range replicas {
		a := &api{s: s}
		testkit.Eventually(t, within, func() error {
			got, err := a.ListSegments(t.Context(), &segmentationv1.ListSegmentsRequest{})
			if err != nil {
				return err
			}
			if got.GetCustomers() != 30 || size(got, "big_spender") != 30 {
				return fmt.Errorf("replica %d: %d customers, %d in the segment", n, got.GetCustomers(), size(got, "big_spender"))
			}
			return nil
		})
		var members []string
		for req := (&segmentationv1.ListMembersRequest{Name: "big_spender", PageSize: 7}); ; {
			page, err := a.ListMembers(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range page.GetMembers() {
				members = append(members, m.GetCustomerId())
			}
			if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
				break
			}
		}
		if !slices.Equal(members, everybody) {
			t.Errorf("replica %d: %d members in pages of 7, want %d in the order of their ids", n, len(members), len(everybody))
		}
		for _, c := range everybody {
			if got, err := a.GetCustomerSegments(t.Context(), &segmentationv1.GetCustomerSegmentsRequest{Id: c}); err != nil || len(got.GetMemberships()) != 2 {
				t.Errorf("replica %d, %s: %v, %v", n, c, got, err)
			}
		}
		all, first, err := s.sizesIfFirst(t.Context())
		if err != nil || first != slices.Contains(s.processor.Owned(), 0) || first && all["default"].customers != 30 {
			t.Errorf("replica %d counts %v, %v, %v", n, all, first, err)
		}
	}
}
