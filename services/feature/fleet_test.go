package feature

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/pkg/testkit"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
)

// replica is one of several processes of feature.
type replica struct {
	*Service
	fleet   *fleet.Fleet
	client  featurev1.FeatureServiceClient
	metrics *prometheus.Registry
	stop    func()
}

// replica starts one, with a local store, a server and metrics of its own.
func (s *stack) replica() *replica {
	s.t.Helper()
	r, address := &replica{metrics: prometheus.NewRegistry()}, ""
	var mu sync.Mutex
	fellows, err := fleet.New(fleet.Deps{Logger: s.quiet(), Metrics: r.metrics, Broker: s.broker, Now: s.now, Address: func() string {
		mu.Lock()
		defer mu.Unlock()
		return address
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	r.fleet, r.Service = fellows, s.serviceIn(fellows, r.metrics)
	conn := s.serve(func(g grpc.ServiceRegistrar) { r.Register(g); fellows.Register(g) })
	mu.Lock()
	address = conn.Target()
	mu.Unlock()
	r.client = featurev1.NewFeatureServiceClient(conn)
	known, part := s.run(fellows.Run), s.run(r.Run)
	r.stop = sync.OnceFunc(func() { part(); known(); _ = conn.Close() })
	return r
}

// ready waits until these replicas have all partitions, each some.
func (s *stack) ready(partitions int, all ...*replica) {
	s.t.Helper()
	testkit.Eventually(s.t, soon, func() error {
		n := 0
		for _, r := range all {
			if err := errors.Join(r.Ready(), r.fleet.Ready()); err != nil {
				return err
			}
			if len(r.processor.Owned()) == 0 {
				return errors.New("a replica has no partition")
			}
			n += len(r.processor.Owned())
		}
		if n != partitions {
			return fmt.Errorf("%d of %d partitions", n, partitions)
		}
		return nil
	})
}

// counted adds up what a replica counted under a name.
func (r *replica) counted(t *testing.T, name string, labels ...string) float64 {
	t.Helper()
	families, err := r.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			match := f.GetName() == name
			for _, want := range labels {
				in := false
				for _, l := range m.GetLabel() {
					in = in || l.GetValue() == want
				}
				match = match && in
			}
			if match {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

func (s *stack) idOf(person string) string {
	s.t.Helper()
	got, err := s.identity.Resolve(s.t.Context(), &identityv1.ResolveRequest{Identifiers: []*eventv1.Identifier{{Type: "user_id", Value: person}}})
	if err != nil {
		s.t.Fatal(err)
	}
	return got.GetCustomerId()
}

// Three replicas share the customers and the work; each answers for all of them, alone, in batches and with the profile, also for one whose state was merged
// into a partition that another replica has.
func TestAnyReplicaAnswersForAnyCustomer(t *testing.T) {
	const partitions = 6
	s := newStackOf(t, partitions)
	all := []*replica{s.replica(), s.replica(), s.replica()}
	s.ready(partitions, all...)
	r := rand.New(rand.NewPCG(3, 4))
	var people, refs []string
	for n := range 24 {
		people = append(people, fmt.Sprintf("p%d", n))
		refs = append(refs, "user_id:"+people[n])
	}
	for range 10 {
		for _, p := range people {
			s.send(p, r, "user_id:"+p)
		}
	}
	for n, at := range all {
		for _, p := range people {
			testkit.Eventually(t, soon, func() error {
				answer, err := at.client.GetFeatures(t.Context(), &featurev1.GetFeaturesRequest{Id: "user_id:" + p})
				if err != nil {
					return err
				}
				return s.matches(p, answer)
			})
			if profile, err := at.client.GetProfile(t.Context(), &featurev1.GetProfileRequest{Id: "user_id:" + p}); err != nil || profile.GetVersion() == 0 {
				t.Errorf("replica %d, the profile of %s: %v, %v", n, p, profile.GetVersion(), err)
			}
		}
		batch, err := at.client.BatchGetFeatures(t.Context(), &featurev1.BatchGetFeaturesRequest{Ids: append(slices.Clone(refs), "user_id:nobody")})
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range people {
			if err := s.matches(p, batch.GetAnswers()[i].GetFeatures()); err != nil {
				t.Errorf("replica %d, in a batch: %v", n, err)
			}
		}
		if last := batch.GetAnswers()[len(people)]; last.GetError() == "" || last.GetFeatures() != nil {
			t.Errorf("nobody: %v", last)
		}
	}
	for n, at := range all {
		owned, applied := len(at.processor.Owned()), at.counted(t, "freshet_feature_events_applied_total")
		here, there := at.counted(t, "freshet_fleet_keys_total", "here"), at.counted(t, "freshet_fleet_keys_total", "there")
		t.Logf("replica %d: %d partitions, %v of 240 events, %v keys read here, %v there, %v given to others", n, owned, applied, here, there, at.counted(t, "freshet_fleet_served_total"))
		if owned != partitions/len(all) || applied == 0 || here == 0 || there == 0 {
			t.Errorf("replica %d does not share the work", n)
		}
	}
	s.followsMerges(all, people[0], r)
}

// followsMerges merges devices into a person, over the partitions of several replicas, and reads what is gone by its old id, as one does whom identity has not told yet.
func (s *stack) followsMerges(all []*replica, person string, r *rand.Rand) {
	s.t.Helper()
	for n := range 4 {
		phone := fmt.Sprintf("phone-%d", n)
		s.send(person, r, "anonymous_id:"+phone)
		testkit.Eventually(s.t, soon, func() error { // else the events may come in the other order, and nothing is merged
			_, err := s.identity.Resolve(s.t.Context(), &identityv1.ResolveRequest{Identifiers: []*eventv1.Identifier{{Type: "anonymous_id", Value: phone}}})
			return err
		})
		s.send(person, r, "anonymous_id:"+phone, "user_id:"+person)
	}
	survivor := s.idOf(person)
	var gone []string
	testkit.Eventually(s.t, soon, func() error {
		got, err := s.identity.GetCustomer(s.t.Context(), &identityv1.GetCustomerRequest{Id: survivor})
		if gone = got.GetCustomer().GetMergedIds(); err == nil && len(gone) < 4 {
			return fmt.Errorf("%d of 4 are merged", len(gone))
		}
		return err
	})
	ownerOf := func(id string) int {
		return slices.IndexFunc(all, func(at *replica) bool {
			return slices.Contains(at.processor.Owned(), broker.PartitionFor([]byte(id), 6))
		})
	}
	if !slices.ContainsFunc(gone, func(id string) bool { return ownerOf(id) != ownerOf(survivor) }) {
		s.t.Error("no device was of another replica than the person")
	}
	for n, at := range all {
		testkit.Eventually(s.t, soon, func() error {
			answers, err := at.lives(s.t.Context(), "default", gone...)
			if err != nil {
				return err
			}
			for i, a := range answers {
				if a.id != survivor || a.version == 0 {
					return fmt.Errorf("replica %d reads %s version %d for %s", n, a.id, a.version, gone[i])
				}
				if err := s.matches(person, shipped.tell(a, nil)); err != nil {
					return fmt.Errorf("replica %d: %w", n, err)
				}
			}
			return nil
		})
	}
}

// A replica ends in the middle. Readers of the others never see a customer's version or moment go back, get every customer again once it is replaced, and are told to come again until
// then.
func TestAReplicaThatEndsIsReplaced(t *testing.T) {
	const partitions = 6
	s := newStackOf(t, partitions)
	all := []*replica{s.replica(), s.replica(), s.replica()}
	s.ready(partitions, all...)
	r := rand.New(rand.NewPCG(5, 6))
	people := []string{"ada", "bob", "cleo", "dan", "eve", "fay", "gus", "hal", "ida", "jon"}
	round := func() {
		for _, p := range people {
			s.send(p, r, "user_id:"+p)
		}
	}
	round()
	for _, p := range people {
		testkit.Eventually(t, soon, func() error {
			_, err := all[0].client.GetFeatures(t.Context(), &featurev1.GetFeaturesRequest{Id: "user_id:" + p})
			return err
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var readers sync.WaitGroup
	var answered, refused int
	readers.Go(func() {
		versions, moments := map[string]int64{}, map[string]int64{}
		for n := 0; ctx.Err() == nil; n++ {
			p := people[n%len(people)]
			hurried, done := context.WithTimeout(ctx, time.Second)
			got, err := all[n%2].client.GetFeatures(hurried, &featurev1.GetFeaturesRequest{Id: "user_id:" + p})
			done()
			if err != nil {
				if _, again := service.AgainAfter(err); !again && hurried.Err() == nil {
					t.Errorf("%s: %v", p, err)
				}
				refused++
				continue
			}
			if got.GetVersion() < versions[p] || got.GetAsOfMs() < moments[p] {
				t.Errorf("%s went back from version %d at %d to %d at %d", p, versions[p], moments[p], got.GetVersion(), got.GetAsOfMs())
			}
			versions[p], moments[p] = got.GetVersion(), got.GetAsOfMs()
			answered++
		}
	})
	for n := range 20 {
		round()
		if n == 10 {
			all[2].stop()
		}
	}
	s.ready(partitions, all[0], all[1])
	for _, at := range all[:2] {
		for _, p := range people {
			testkit.Eventually(t, soon, func() error {
				answer, err := at.client.GetFeatures(t.Context(), &featurev1.GetFeaturesRequest{Id: "user_id:" + p})
				if err != nil {
					return err
				}
				return s.matches(p, answer)
			})
		}
	}
	cancel()
	readers.Wait()
	t.Logf("%d reads answered, %d refused", answered, refused)
	if answered < 100 {
		t.Errorf("%d reads were answered", answered)
	}
}

// While replicas are replaced one by one for a new catalogue, one of before is asked for a state that one of after keeps: it says to come again, not that something is broken.
func TestAStateOfAnotherCatalogueSaysToComeAgain(t *testing.T) {
	_, err := decodeRecord(bookOf(small).engine, mediumBook.living().encode(), nil)
	if _, again := service.AgainAfter(toStatus(fmt.Errorf("read customer: %w", err))); err == nil || !again {
		t.Errorf("%v", err)
	}
	if _, again := service.AgainAfter(toStatus(errors.New("another"))); again {
		t.Error("every error says to come again")
	}
}
