package feature

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/featuretopic"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// A watch tells old and new values of the features and tags it names, in order, and nothing else.
func TestAWatchTellsWhatChanged(t *testing.T) {
	w := newWatching(t)
	s := w.open(t.Context(), &featurev1.WatchFeaturesRequest{Names: []string{"events_1h", "favourite_brand", "big_spender"}, LiveOnly: true})
	history := func(fs *featurev1.FeatureSet) { fs.History = true }
	foreign := func(fs *featurev1.FeatureSet) { fs.Workspace = "other" }
	w.publish(
		set(1, 1, map[string]int64{"events_1h": 1, "events_24h": 1}, nil),
		set(1, 2, map[string]int64{"events_1h": 1, "events_24h": 2}, nil), // nothing that is watched
		set(1, 3, map[string]int64{"events_1h": 2, "favourite_brand": 3}, nil),
		set(1, 3, map[string]int64{"events_1h": 2, "favourite_brand": 3}, nil),     // a repeat
		set(1, 2, map[string]int64{"events_1h": 1, "events_24h": 2}, nil),          // an old one
		set(1, 4, map[string]int64{"events_1h": 3, "favourite_brand": 3}, history), // not live, and known from then on
		set(1, 5, map[string]int64{"events_1h": 4, "big_spender": 77}, foreign),
		set(1, 5, map[string]int64{"events_1h": 4, "big_spender": 77}, nil),
		set(1, 6, map[string]int64{"events_1h": 4}, nil),
		set(1, 7, nil, func(fs *featurev1.FeatureSet) { fs.MergedInto = id(2) }),
	)
	count := func(n int64) *featurev1.FeatureValue {
		return &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Count{Count: n}}
	}
	brand := &featurev1.FeatureValue{Value: &featurev1.FeatureValue_Text{Text: "xxx"}}
	one := func(version int64, c *featurev1.CustomerChange) *featurev1.CustomerChange {
		c.CustomerId, c.Version, c.AsOfMs, c.ReceivedMs, c.Reason = id(1), version, 1000*version, 7, featurev1.ChangeReason_CHANGE_REASON_EVENT
		return c
	}
	want := []*featurev1.CustomerChange{
		one(1, &featurev1.CustomerChange{First: true, Features: []*featurev1.FeatureChange{{Name: "events_1h", New: count(1)}}}),
		one(3, &featurev1.CustomerChange{Features: []*featurev1.FeatureChange{
			{Name: "events_1h", Old: count(1), New: count(2)}, {Name: "favourite_brand", Old: &featurev1.FeatureValue{}, New: brand}}}),
		one(5, &featurev1.CustomerChange{
			Features: []*featurev1.FeatureChange{{Name: "events_1h", Old: count(3), New: count(4)}, {Name: "favourite_brand", Old: brand, New: &featurev1.FeatureValue{}}},
			Tags:     []*featurev1.TagChange{{Name: "big_spender", Holds: true, SinceMs: 77}}}),
		one(6, &featurev1.CustomerChange{Tags: []*featurev1.TagChange{{Name: "big_spender", SinceMs: 77}}}),
		one(7, &featurev1.CustomerChange{MergedInto: id(2)}),
	}
	if d := cmp.Diff(want, takes(t, s, len(want)), protocmp.Transform()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// Who names customers is told of them alone, and of who they become.
func TestAWatchFollowsWhoItNames(t *testing.T) {
	w := newWatching(t)
	i, _ := shipped.catalog.Layout().Position("events_1h")
	c := newChanges(shipped.catalog, []int{i}, "default", map[string]bool{id(1): true}, false)
	var told []string
	for _, fs := range []*featurev1.FeatureSet{
		set(2, 1, map[string]int64{"events_1h": 1}, nil), set(3, 1, map[string]int64{"events_1h": 9}, nil), set(1, 1, map[string]int64{"events_1h": 1}, nil),
		set(1, 2, nil, func(fs *featurev1.FeatureSet) { fs.MergedInto = id(2) }),
		set(3, 2, map[string]int64{"events_1h": 8}, nil), set(2, 2, map[string]int64{"events_1h": 2}, nil),
	} {
		value, err := proto.Marshal(fs)
		if err != nil {
			t.Fatal(err)
		}
		if change := c.of(t.Context(), w.service, broker.Record{Key: []byte(fs.GetCustomerId()), Value: value}); change != nil {
			told = append(told, fmt.Sprintf("%s %d", change.GetCustomerId(), change.GetVersion()))
		}
	}
	if want := []string{id(1) + " 1", id(1) + " 2", id(2) + " 2"}; !cmp.Equal(want, told) {
		t.Errorf("told %v, want %v", told, want)
	}
}

// However often a watch is cut off, whoever goes on with the last token gets every change, in order for each customer.
func TestAWatchGoesOnFromItsToken(t *testing.T) {
	w := newWatching(t)
	r := rand.New(rand.NewPCG(3, 4))
	const people, versions = 7, 60
	ctx, cancel := context.WithCancel(t.Context())
	s, err := w.client.WatchFeatures(ctx, &featurev1.WatchFeaturesRequest{Names: []string{"events_1h"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recv(); err != nil {
		t.Fatal(err)
	}
	for v := 1; v <= versions; v++ {
		var sets []*featurev1.FeatureSet
		for p := range people {
			sets = append(sets, set(p, v, map[string]int64{"events_1h": int64(v)}, nil))
		}
		w.publish(sets...)
	}
	last := map[string]int64{}
	cuts := 0
	for done := 0; done < people; {
		a, err := s.Recv()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range a.GetChanges() {
			if c.GetVersion() > last[c.GetCustomerId()]+1 {
				t.Fatalf("%s: version %d after %d", c.GetCustomerId(), c.GetVersion(), last[c.GetCustomerId()])
			}
			if last[c.GetCustomerId()] = max(last[c.GetCustomerId()], c.GetVersion()); c.GetVersion() == versions {
				done++
			}
		}
		if r.IntN(3) == 0 && done < people {
			cancel()
			cuts++
			ctx, cancel = context.WithCancel(t.Context())
			if s, err = w.client.WatchFeatures(ctx, &featurev1.WatchFeaturesRequest{Names: []string{"events_1h"}, Resume: a.GetResume()}); err != nil {
				t.Fatal(err)
			}
		}
	}
	cancel()
	if t.Logf("%d cuts", cuts); len(last) != people {
		t.Errorf("%d customers were told of, want %d", len(last), people)
	}
}

// Who takes nothing is told to go, with a token from which nothing is missing; meanwhile nothing piles up.
func TestASlowWatcherIsToldToGo(t *testing.T) {
	w := newWatching(t)
	w.service.watches.patience = 500 * time.Millisecond
	req := &featurev1.WatchFeaturesRequest{Names: []string{"favourite_brand", "events_1h"}}
	s := w.open(t.Context(), req)
	const versions = 3000
	var sets []*featurev1.FeatureSet
	for v := 1; v <= versions; v++ {
		sets = append(sets, set(1, v, map[string]int64{"favourite_brand": int64(100 + v%100), "events_1h": int64(v)}, nil))
	}
	w.publish(sets...)
	testkit.Eventually(t, soon, func() error { // the watch has ended here though nobody has read that
		if n := len(w.service.watches.places); n > 0 {
			return fmt.Errorf("%d watches are open", n)
		}
		return nil
	})
	var last int64
	var end error
	for end == nil {
		var a *featurev1.WatchFeaturesResponse
		if a, end = s.Recv(); end == nil {
			for _, c := range a.GetChanges() {
				if last++; c.GetVersion() != last {
					t.Fatalf("version %d, want %d", c.GetVersion(), last)
				}
			}
		}
	}
	message := status.Convert(end).Message()
	if status.Code(end) != codes.ResourceExhausted || last == 0 || last == versions {
		t.Fatalf("after %d changes: %v", last, end)
	}
	if n := testutil.ToFloat64(w.service.watches.metrics.slow); n != 1 {
		t.Errorf("%v slow watches are counted", n)
	}
	req.Resume = message[strings.LastIndex(message, " ")+1:]
	w.service.watches.patience = watchPatience
	s, err := w.client.WatchFeatures(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	for last < versions {
		a, err := s.Recv()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range a.GetChanges() {
			if c.GetVersion() > last+1 {
				t.Fatalf("version %d after %d: some are missing", c.GetVersion(), last)
			}
			last = max(last, c.GetVersion())
		}
	}
}

// A watch without changes says that it lives; one whose replica stops ends, and says what to do.
func TestAWatchLivesUntilItsReplicaStops(t *testing.T) {
	w := newWatching(t)
	w.service.watches.beat = 5 * time.Millisecond
	s := w.open(t.Context(), &featurev1.WatchFeaturesRequest{})
	for range 3 {
		if a, err := s.Recv(); err != nil || len(a.GetChanges()) > 0 || a.GetResume() == "" {
			t.Fatalf("a sign of life: %v, %v", a, err)
		}
	}
	w.service.StopStreams(t.Context())
	var err error
	for err == nil {
		_, err = s.Recv()
	}
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "resume") {
		t.Errorf("a replica that stops: %v", err)
	}
}

// A set that was made with another catalogue is read by name.
func TestAWatchReadsSetsOfAnotherCatalogue(t *testing.T) {
	w := newWatching(t)
	other := bookOf(small)
	m := describe(other.catalog)
	value, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	msg := broker.Message{Topic: topics.FeatureCatalogue.Name, Key: featuretopic.Key(m.GetSchema()), Value: value}
	if err := w.broker.NewProducer(broker.ProducerConfig{}).Produce(t.Context(), msg); err != nil {
		t.Fatal(err)
	}
	s := w.open(t.Context(), &featurev1.WatchFeaturesRequest{Names: []string{"spend_30d", "favourite_brand"}})
	row := make([]catalog.Value, len(other.catalog.Features))
	row[other.catalog.Feature("spend_30d").Position] = catalog.Value{Present: true, Int: 1_500_000}
	w.publish(
		set(1, 1, nil, func(fs *featurev1.FeatureSet) { fs.Schema = 12345 }), // nobody knows it: passed over
		set(1, 2, nil, func(fs *featurev1.FeatureSet) {
			fs.Schema, fs.Values = m.GetSchema(), other.catalog.Layout().Encode(nil, row)
		}))
	got := takes(t, s, 1)[0]
	if f := got.GetFeatures(); len(f) != 1 || f[0].GetName() != "spend_30d" || f[0].GetNew().GetDecimal() != "1.5" || got.GetVersion() != 2 {
		t.Errorf("told %v", got)
	}
}

func TestWatchesAreRefused(t *testing.T) {
	w := newWatching(t)
	places, err := w.service.places(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	ahead := append([]broker.Place(nil), places...)
	ahead[1].Offset += 1000
	for what, x := range map[string]struct {
		request *featurev1.WatchFeaturesRequest
		want    codes.Code
		says    string
	}{
		"no such feature":       {&featurev1.WatchFeaturesRequest{Names: []string{"nothing"}}, codes.InvalidArgument, `"nothing"`},
		"a personal one":        {&featurev1.WatchFeaturesRequest{Names: []string{"gender"}}, codes.PermissionDenied, "reveal"},
		"no token":              {&featurev1.WatchFeaturesRequest{Resume: "nonsense"}, codes.InvalidArgument, "no token"},
		"half a token":          {&featurev1.WatchFeaturesRequest{Resume: tokenOf(places)[:40]}, codes.InvalidArgument, "no token"},
		"another topic's token": {&featurev1.WatchFeaturesRequest{Resume: tokenOf(places[:1])}, codes.OutOfRange, "watch from now"},
		"a lost log's token":    {&featurev1.WatchFeaturesRequest{Resume: tokenOf(ahead)}, codes.OutOfRange, "watch from now"},
		"too many customers":    {&featurev1.WatchFeaturesRequest{Ids: make([]string, maxWatched+1)}, codes.InvalidArgument, "at most 1000"},
	} {
		s, err := w.client.WatchFeatures(t.Context(), x.request)
		for err == nil {
			_, err = s.Recv()
		}
		if status.Code(err) != x.want || !strings.Contains(status.Convert(err).Message(), x.says) {
			t.Errorf("%s: %v, want %s with %q", what, err, x.want, x.says)
		}
	}
	for range maxWatches {
		w.open(t.Context(), &featurev1.WatchFeaturesRequest{})
	}
	s, err := w.client.WatchFeatures(t.Context(), &featurev1.WatchFeaturesRequest{})
	if err == nil {
		_, err = s.Recv()
	}
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("one too many: %v", err)
	}
}

// The old values that a watch keeps are bounded, and what it forgot it meets anew.
func TestAWatchKeepsNoMoreThanItMay(t *testing.T) {
	i, _ := shipped.catalog.Layout().Position("favourite_brand")
	c := newChanges(shipped.catalog, []int{i}, "default", nil, false)
	l := shipped.catalog.Layout()
	for who := range 50_000 {
		fs := set(who, 1, map[string]int64{"favourite_brand": 200}, nil)
		if !c.into(&featurev1.CustomerChange{CustomerId: id(who), Version: 1}, catalog.NewVector(l, fs.GetValues())) {
			t.Fatal("a first set is told")
		}
	}
	held := 0
	for _, s := range c.known.Values() {
		held += knownCost + len(s.values)
	}
	if held != c.bytes || held > knownBytes || held < knownBytes/2 {
		t.Errorf("%d bytes are held, %d counted, %d allowed", held, c.bytes, knownBytes)
	}
	if _, met := c.known.Get(id(0)); met {
		t.Error("the first is still known")
	}
}

func FuzzTokens(f *testing.F) {
	f.Add(tokenOf([]broker.Place{{Offset: 3}, {Offset: 1 << 40, Proof: 5, Life: 7}}))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		places, err := parseToken(text)
		if err != nil {
			return
		}
		again, err := parseToken(tokenOf(places))
		if err != nil || !cmp.Equal(places, again) {
			t.Errorf("%q: %v, then %v, %v", text, places, again, err)
		}
	})
}
