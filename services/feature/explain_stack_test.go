package feature

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/testkit"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// On the real services, what is explained is what is served, now and of the past, its parts come to it, and its events are those that were sent.
func TestExplanationsOnARealStack(t *testing.T) {
	s := newStack(t)
	client, _ := s.start()
	r := rand.New(rand.NewPCG(1, 2))
	for range 80 {
		s.send("ada", r, "user_id:ada", "anonymous_id:phone")
	}
	s.converges(client, []string{"ada"})
	for i := range shipped.catalog.Features {
		f := &shipped.catalog.Features[i]
		if i%3 == 0 {
			s.explained(client, f, nil)
		}
		if i%15 == 0 {
			s.explained(client, f, timestamppb.New(time.Now().Add(-time.Duration(i)*8*time.Hour)))
		}
	}
	s.tellsEvents(client)
	s.explainsTags(client)
	s.refusesExplanations(client)
}

// explained compares an explanation with what is served.
func (s *stack) explained(client featurev1.FeatureServiceClient, f *catalog.Feature, asOf *timestamppb.Timestamp) {
	s.t.Helper()
	testkit.Eventually(s.t, soon, func() error { // until both are of one moment of a sliding value
		served, err := client.GetFeatures(s.t.Context(), &featurev1.GetFeaturesRequest{Id: "user_id:ada", Names: []string{f.Name}, AsOf: asOf})
		if err != nil {
			return err
		}
		out, err := client.ExplainFeature(s.t.Context(), &featurev1.ExplainFeatureRequest{Id: "user_id:ada", Name: f.Name, AsOf: asOf, Reveal: true})
		if err != nil {
			return err
		}
		if d := cmp.Diff(served.GetValues()[f.Name], out.GetValue(), protocmp.Transform()); d != "" {
			return fmt.Errorf("%s, %v (-served +explained):\n%s", f.Name, asOf, d)
		}
		v, err := rebuilt(f, out)
		if err != nil {
			return err
		}
		want := out.GetValue()
		for _, x := range want.GetList().GetEntries() {
			x.Source = ""
		}
		if d := cmp.Diff(want, asTold(f, v), protocmp.Transform()); d != "" {
			return fmt.Errorf("%s, %v (-value +parts):\n%s", f.Name, asOf, d)
		}
		if out.GetCustomerId() != served.GetCustomerId() || out.GetSentence() == "" || out.GetFeature().GetName() != f.Name || strings.Contains(out.GetEventsNote(), "does not answer") {
			return fmt.Errorf("%s: %v", f.Name, out)
		}
		return nil
	})
}

// tellsEvents holds the last events against those that were sent.
func (s *stack) tellsEvents(client featurev1.FeatureServiceClient) {
	s.t.Helper()
	explain := func(name string) *featurev1.ExplainFeatureResponse {
		out, err := client.ExplainFeature(s.t.Context(), &featurev1.ExplainFeatureRequest{Id: "user_id:ada", Name: name})
		if err != nil {
			s.t.Fatal(err)
		}
		return out
	}
	all := explain("events_lifetime")
	if len(all.GetEvents()) != lastEvents {
		s.t.Fatalf("80 events, of which %d are told: %v", len(all.GetEvents()), all.GetEventsNote())
	}
	for i, e := range all.GetEvents() {
		if !strings.HasPrefix(e.GetEventId(), "e") || i > 0 && e.GetOccurredMs() > all.GetEvents()[i-1].GetOccurredMs() {
			s.t.Errorf("event %d: %v", i, e)
		}
	}
	spend, sum := explain("spend_lifetime"), int64(0)
	for _, e := range spend.GetEvents() {
		if sum += steps(e.GetAmount()); e.GetOrderId() == "" || e.GetEventId() != "" {
			s.t.Errorf("an order: %v", e)
		}
	}
	if sum != steps(spend.GetValue()) || sum == 0 {
		s.t.Errorf("the orders come to %d, the value is %v", sum, spend.GetValue())
	}
	if none := explain("complaints_365d"); len(none.GetEvents()) > 0 || none.GetEventsNote() != "" {
		s.t.Errorf("nobody complained: %v", none)
	}
}

// explainsTags compares every tag with what is served.
func (s *stack) explainsTags(client featurev1.FeatureServiceClient) {
	s.t.Helper()
	served, err := client.GetFeatures(s.t.Context(), &featurev1.GetFeaturesRequest{Id: "user_id:ada"})
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range shipped.catalog.Tags {
		tag := &shipped.catalog.Tags[i]
		out, err := client.ExplainFeature(s.t.Context(), &featurev1.ExplainFeatureRequest{Id: "user_id:ada", Name: tag.Name})
		if err != nil {
			s.t.Fatal(err)
		}
		held := served.GetTags()[tag.Name]
		if (held != nil) != (out.GetTagValue() != nil) || (held == nil) != (out.GetAbsent() != "") || len(out.GetConditions()) == 0 {
			s.t.Errorf("%s: served %v, explained %v", tag.Name, held, out)
		}
		if held != nil && (held.GetSinceMs() != out.GetTagValue().GetSinceMs() || len(out.GetTagValue().GetBecause()) == 0) {
			s.t.Errorf("%s: served %v, explained %v", tag.Name, held, out.GetTagValue())
		}
	}
}

func (s *stack) refusesExplanations(client featurev1.FeatureServiceClient) {
	s.t.Helper()
	for what, x := range map[string]struct {
		request *featurev1.ExplainFeatureRequest
		want    codes.Code
	}{
		"nobody":          {&featurev1.ExplainFeatureRequest{Id: "user_id:eve", Name: "spend_30d"}, codes.NotFound},
		"no such feature": {&featurev1.ExplainFeatureRequest{Id: "user_id:ada", Name: "spend"}, codes.InvalidArgument},
		"the future":      {&featurev1.ExplainFeatureRequest{Id: "user_id:ada", Name: "spend_30d", AsOf: timestamppb.New(time.Now().Add(time.Hour))}, codes.InvalidArgument},
	} {
		if _, err := client.ExplainFeature(s.t.Context(), x.request); status.Code(err) != x.want {
			s.t.Errorf("%s: %v, want %s", what, err, x.want)
		}
	}
}

// A watch of one customer on the real services: each event is told with the value before it, whichever replica is asked, and a restart in between loses none.
func TestAWatchOnARealStack(t *testing.T) {
	s := newStack(t)
	client, stop := s.start()
	r := rand.New(rand.NewPCG(7, 8))
	s.send("ada", r, "user_id:ada")
	testkit.Eventually(t, soon, func() error {
		got, err := client.GetFeatures(t.Context(), &featurev1.GetFeaturesRequest{Id: "user_id:ada", Names: []string{"events_lifetime"}})
		if err == nil && got.GetValues()["events_lifetime"].GetCount() != 1 {
			err = fmt.Errorf("served %v", got)
		}
		return err
	})
	req := &featurev1.WatchFeaturesRequest{Ids: []string{"user_id:ada"}, Names: []string{"events_lifetime"}}
	w := &watching{t: t, client: client}
	stream := w.open(t.Context(), req)
	f := &follower{at: 1, known: true}
	s.follows(stream, f, func() { s.send("ada", r, "user_id:ada"); s.send("ada", r, "user_id:ada") }, req)
	stop()
	client, _ = s.start()
	s.send("ada", r, "user_id:ada")
	stream, err := client.WatchFeatures(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	f.known = false
	s.follows(stream, f, func() { s.send("ada", r, "user_id:ada") }, req)
}

// follower is what a caller knows: how many events there were, whether the watch knows that too, and the last version.
type follower struct {
	at, version int64
	known       bool
}

// follows takes changes until two more events are told, each upon the one before. Repeats have a version that was seen: a new owner tells its last ones again.
func (s *stack) follows(stream watcher, f *follower, act func(), req *featurev1.WatchFeaturesRequest) {
	s.t.Helper()
	act()
	for end := f.at + 2; f.at < end; {
		a, err := stream.Recv()
		if err != nil {
			s.t.Fatal(err)
		}
		req.Resume = a.GetResume()
		for _, c := range a.GetChanges() {
			if c.GetVersion() <= f.version {
				f.known = true
				continue
			}
			x := c.GetFeatures()[0]
			if f.known && (x.GetOld().GetCount() != f.at || c.GetFirst()) || x.GetNew().GetCount() <= f.at {
				s.t.Fatalf("after %+v: %v", f, c)
			}
			f.at, f.version, f.known = x.GetNew().GetCount(), c.GetVersion(), true
		}
	}
}
