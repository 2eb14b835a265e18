package feature

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/feature/fill"
	"github.com/freshet/freshet/services/feature/tally"
)

// bare is a features file that leaves one definition of the shipped catalogue.
func bare(t *testing.T) string {
	t.Helper()
	var names []string
	for _, tag := range shipped.catalog.Tags {
		names = append(names, tag.Name)
	}
	for _, d := range shipped.catalog.Definitions {
		if d.Name != "events" {
			names = append(names, d.Name)
		}
	}
	file := filepath.Join(t.TempDir(), "features.yaml")
	if err := os.WriteFile(file, []byte("remove: ["+strings.Join(names, ", ")+"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// crowd sends events of people with several devices, in rounds; in round tied these turn out to be one person each.
func (s *stack) crowd(r *rand.Rand, people []string, rounds, tied int) {
	for round := range rounds {
		for _, p := range people {
			s.send(p, r, "user_id:"+p)
			s.send(p, r, "anonymous_id:phone-"+p)
			s.send(p, r, "anonymous_id:laptop-"+p)
			if round == tied {
				s.send(p, r, "anonymous_id:phone-"+p, "anonymous_id:laptop-"+p)
				s.send(p, r, "user_id:"+p, "anonymous_id:phone-"+p)
			}
		}
	}
}

// settled waits until everybody's lifetime count is what was sent.
func (s *stack) settled(client featurev1.FeatureServiceClient, people []string) {
	s.t.Helper()
	for _, p := range people {
		testkit.Eventually(s.t, soon, func() error {
			got, err := client.GetFeatures(s.t.Context(), &featurev1.GetFeaturesRequest{Id: "user_id:" + p})
			if err != nil {
				return err
			}
			i, _ := shipped.catalog.Layout().Position("events_lifetime")
			if n, want := got.GetValues()["events_lifetime"].GetCount(), s.truth.Values(shipped.catalog, p, got.GetAsOfMs())[i].Int; n != want {
				return fmt.Errorf("%s has %d events, want %d", p, n, want)
			}
			return nil
		})
	}
}

// A catalogue that grows from one feature to all of the shipped ones, on the real services: what is new is absent, and said to be filling, until the facts are
// in; events, refunds and merges go on meanwhile; the process ends in the middle and another goes on; in the end live reads, and reads of
// the facts, are what the oracle says of everybody.
func TestANewFeatureIsFilledFromTheFacts(t *testing.T) {
	s := newStack(t)
	s.features = bare(t)
	client, stop := s.start()
	r := rand.New(rand.NewPCG(3, 4))
	people, late := []string{"ada", "bob", "cleo"}, []string{"dan", "eve"}
	s.crowd(r, late, 4, -1) // six customers until the last of them is filled, then two
	s.crowd(r, people, 6, 3)
	s.settled(client, people)
	stop()

	s.features = ""
	service := s.service()
	var gate atomic.Bool
	fold := service.filler.fold
	service.filler.most = 1
	pages := atomic.Int64{}
	service.filler.fold = func(ctx context.Context, wants []fill.Want, passedMs int64) ([]*tally.State, int64, error) {
		if !gate.Load() || pages.Add(1) > 1 {
			return nil, 0, errors.New("ClickHouse is away")
		}
		return fold(ctx, wants, passedMs)
	}
	client, stop = featurev1.NewFeatureServiceClient(s.serve(service.Register)), s.run(service.Run)
	s.crowd(r, people, 1, -1)
	s.filling(client, people)
	gate.Store(true)
	testkit.Eventually(t, soon, func() error {
		if pages.Load() < 2 {
			return errors.New("no page was filled")
		}
		return nil
	})
	stop() // when one page is filled, and no more

	client, stop = s.start()
	s.crowd(r, late, 3, 0)
	s.crowd(r, people, 2, -1)
	people = append(people, late...)
	s.converges(client, people)
	for _, p := range people {
		got, err := client.GetFeatures(t.Context(), &featurev1.GetFeaturesRequest{Id: "user_id:" + p})
		if err != nil || len(got.GetFilling()) > 0 {
			t.Errorf("%s: still filling %v, %v", p, got.GetFilling(), err)
		}
	}
	stop()
}

// filling checks that everybody's old feature is served and goes on, and that the new ones are absent and told to be filling.
func (s *stack) filling(client featurev1.FeatureServiceClient, people []string) {
	s.t.Helper()
	s.settled(client, people)
	for _, p := range people {
		got, err := client.GetFeatures(s.t.Context(), &featurev1.GetFeaturesRequest{Id: "user_id:" + p})
		if err != nil {
			s.t.Fatal(err)
		}
		if !slices.Contains(got.GetFilling(), "product_views_lifetime") && !slices.Contains(got.GetFilling(), "product_views_1h") {
			s.t.Errorf("%s: told to be filling is %v", p, got.GetFilling())
		}
		for _, name := range got.GetFilling() {
			if v := got.GetValues()[name]; v.GetValue() != nil {
				s.t.Errorf("%s: %s is %v though it is not filled", p, name, v)
			}
		}
	}
	testkit.Eventually(s.t, soon, func() error { // once the fill has looked
		list, err := client.ListFeatures(s.t.Context(), &featurev1.ListFeaturesRequest{})
		if err != nil {
			return err
		}
		filling := 0
		for _, f := range list.GetFeatures() {
			if f.GetFilling() {
				filling++
			}
		}
		if filling == 0 || filling == len(list.GetFeatures()) || list.GetFilledPercent() >= 100 {
			return fmt.Errorf("%d features are listed as filling, %d %% done", filling, list.GetFilledPercent())
		}
		return nil
	})
}

// What the states hold is read when the warehouse has stored it, not before.
func TestAFillWaitsForTheWarehouse(t *testing.T) {
	s := newStack(t)
	r := rand.New(rand.NewPCG(5, 6))
	s.crowd(r, []string{"ada"}, 3, 0)
	client, stop := s.start()
	s.settled(client, []string{"ada"})
	w := fill.Warehouse{Broker: s.broker, Group: "warehouse.facts"}
	ends, err := w.Ends(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	nobody := fill.Warehouse{Broker: s.broker, Group: "nobody"}
	if n, err := nobody.Behind(t.Context(), ends); err != nil || n < 9 {
		t.Errorf("a group that never came has %d records to go, %v; want all", n, err)
	}
	testkit.Eventually(t, soon, func() error {
		n, err := w.Behind(t.Context(), ends)
		if err == nil && n > 0 {
			err = fmt.Errorf("%d records to go", n)
		}
		return err
	})
	service := s.service()
	service.cfg.WarehouseGroup = "nobody"
	settle := newFiller(service).settle
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	waits := atomic.Int64{}
	if err := settle(ctx, func(int64) {
		if waits.Add(1) > 3 {
			cancel()
		}
	}); err == nil {
		t.Error("it goes on though nobody has stored anything")
	}
	if waits.Load() < 3 {
		t.Errorf("it waited %d times", waits.Load())
	}
	stop()
}
