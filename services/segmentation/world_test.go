package segmentation

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
	"github.com/freshet/freshet/services/segmentation/tier"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// within bounds every wait of these tests.
const within = 60 * time.Second

const (
	hourMs = int64(3_600_000)
	dayMs  = 24 * hourMs
	start  = int64(1_700_000_000_000)
)

const testSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// world is a broker, a clock that stands still, and a service that can be stopped and started.
type world struct {
	t      testing.TB
	client *broker.Client
	out    *broker.Producer
	now    atomic.Int64
	dir    string
	people population
	cfg    Config
	s      *Service
	stop   func()
	sent   map[string]int64 // the last version of features sent, by customer
	scored map[string]int64 // the last version of scores sent, by customer
}

// population is what tests let cut points be computed from.
type population struct {
	mu  sync.Mutex
	all []tier.Customer
}

func (p *population) Customers(_ context.Context, _ string, _ time.Time, each func(tier.Customer) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.all {
		if err := each(c); err != nil {
			return err
		}
	}
	return nil
}

func (p *population) set(all []tier.Customer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = all
}

func newWorld(t testing.TB, rules string) *world {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	if testing.Verbose() {
		logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	c, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{testkit.Kafka(t)}, Partitions: 2}, logger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.EnsureTopics(t.Context(), Topics()...); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, client: c, out: c.NewProducer(broker.ProducerConfig{}), dir: t.TempDir(), sent: map[string]int64{}, scored: map[string]int64{}}
	w.now.Store(start)
	w.cfg = Default()
	w.cfg.Dir = filepath.Join(w.dir, "state")
	w.cfg.CutPoints.CheckEvery = 20 * time.Millisecond
	w.rules(rules)
	return w
}

// rules writes the rules file; the next start reads it.
func (w *world) rules(text string) {
	w.cfg.Rules = filepath.Join(w.dir, "rules.yaml")
	if err := os.WriteFile(w.cfg.Rules, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// begin starts the service, and stops it before that when it runs.
func (w *world) begin() {
	w.t.Helper()
	w.end()
	s, err := New(w.cfg, Deps{
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Broker: w.client, Population: &w.people, Identity: knowsAll{},
		Now: func() time.Time { return time.UnixMilli(w.now.Load()) },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	w.s, w.stop = s, func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("run: %v", err)
		}
	}
	w.t.Cleanup(w.end)
	testkit.Eventually(w.t, within, s.Ready)
}

func (w *world) end() {
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
}

// id is the customer number n.
func id(n int) string { return customer.ID("default", "user_id", fmt.Sprint(n), 0) }

// send publishes feature sets, with the next version unless they have one.
func (w *world) send(sets ...*featurev1.FeatureSet) {
	w.t.Helper()
	var msgs []broker.Message
	for _, fs := range sets {
		if fs.Version == 0 {
			fs.Version = w.sent[fs.CustomerId] + 1
		}
		w.sent[fs.CustomerId] = max(fs.Version, w.sent[fs.CustomerId])
		if fs.Workspace == "" {
			fs.Workspace = "default"
		}
		value, err := proto.Marshal(fs)
		if err != nil {
			w.t.Fatal(err)
		}
		msgs = append(msgs, broker.Message{Topic: topics.Features.Name, Key: []byte(fs.CustomerId), Value: value})
	}
	if err := w.out.Produce(w.t.Context(), msgs...); err != nil {
		w.t.Fatal(err)
	}
}

// record reads a customer's committed state, nil when there is none.
func (w *world) record(id string) (*record, error) {
	n, err := w.s.processor.Partitions(w.t.Context())
	if err != nil {
		return nil, err
	}
	v, err := w.s.processor.View(broker.PartitionFor([]byte(id), n))
	if err != nil {
		return nil, err
	}
	data, ok, err := v.Get(customerKey(id))
	if err != nil || !ok {
		return nil, err
	}
	return decodeRecord(data)
}

// settled waits until everything sent is folded and no timer is overdue.
func (w *world) settled() {
	w.t.Helper()
	testkit.Eventually(w.t, within, func() error {
		for id, version := range w.scored {
			if r, err := w.record(id); err != nil || r == nil || r.scored.version < version {
				return fmt.Errorf("customer %s is not scored: %+v, want version %d: %w", id, r, version, err)
			}
		}
		for id, version := range w.sent {
			r, err := w.record(id)
			if err != nil {
				return err
			}
			if r == nil || r.version < version || (r.dueMs != 0 && r.dueMs <= w.now.Load()) {
				return fmt.Errorf("customer %s is not settled: %+v, want version %d", id, r, version)
			}
		}
		return nil
	})
}

// swept waits until every partition is brought to the present rules and cut points.
func (w *world) swept() {
	w.t.Helper()
	testkit.Eventually(w.t, within, func() error {
		for p := range 2 {
			v, err := w.s.processor.View(p)
			if err != nil {
				return err
			}
			data, ok, err := v.Get([]byte(keySweep))
			if err != nil || !ok {
				return fmt.Errorf("partition %d: no sweep yet %w", p, err)
			}
			if s, err := decodeSweep(data); err != nil || !s.done || s.rules != w.s.book.fingerprint || s.cuts != w.s.board.mark() {
				return fmt.Errorf("partition %d: sweep %+v %w", p, s, err)
			}
		}
		return nil
	})
}

// at moves the clock and waits until all that is due then has happened.
func (w *world) at(ms int64) {
	w.t.Helper()
	w.now.Store(ms)
	w.settled()
}

// in lists the segments a customer is in, without the tiers.
func (w *world) in(id string) []string {
	w.t.Helper()
	r, err := w.record(id)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, m := range w.s.present(r) {
		if !isTier(m.segment) {
			names = append(names, m.segment)
		}
	}
	return names
}

// all reads a topic's messages, partition by partition.
func all[M any, P interface {
	*M
	proto.Message
}](w *world, topic topics.Topic) []P {
	w.t.Helper()
	var out []P
	for _, rec := range testkit.Records(w.t, w.client, topic) {
		m := P(new(M))
		if err := proto.Unmarshal(rec.Value, m); err != nil {
			w.t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

// transitions reads all of a customer's, as "+name REASON now+ms" in their order; repeats are
// dropped by id, and a repeat with another content fails the test. Tiers only when asked for.
func (w *world) transitions(id string, tiers bool) []string {
	w.t.Helper()
	seen := map[string]*segmentationv1.Transition{}
	var out []string
	for _, t := range all[segmentationv1.Transition](w, topics.SegmentTransitions) {
		if old, ok := seen[t.TransitionId]; ok {
			if !proto.Equal(old, t) {
				w.t.Errorf("transition %s was sent with two contents:\n%v\n%v", t.TransitionId, old, t)
			}
			continue
		}
		seen[t.TransitionId] = t
		if t.CustomerId != id || (!tiers && isTier(t.Segment)) {
			continue
		}
		sign := "-"
		if t.Kind == segmentationv1.TransitionKind_TRANSITION_KIND_ENTERED {
			sign = "+"
		}
		out = append(out, fmt.Sprintf("%s%s %s %+d", sign, t.Segment, t.Reason.String()[len("TRANSITION_REASON_"):], t.AtMs-start))
	}
	return out
}

// expect compares a customer's transitions, waiting for the outbox: the committed state is
// seen before its records are out.
func (w *world) expect(id string, want ...string) {
	w.t.Helper()
	var got []string
	testkit.Eventually(w.t, within, func() error {
		if got = w.transitions(id, false); len(got) < len(want) {
			return fmt.Errorf("transitions %q, want %q", got, want)
		}
		return nil
	})
	if !slices.Equal(got, want) {
		w.t.Errorf("transitions %q\nwant        %q", got, want)
	}
}

// alerts lists the alerts made, as "+name REASON".
func (w *world) alerts() []string {
	w.t.Helper()
	var out []string
	seen := map[string]bool{}
	for _, a := range all[segmentationv1.Alert](w, topics.Alerts) {
		if seen[a.AlertId] { // sent again after a restart
			continue
		}
		seen[a.AlertId] = true
		sign := "-"
		if a.Transition.Kind == segmentationv1.TransitionKind_TRANSITION_KIND_ENTERED {
			sign = "+"
		}
		if a.AlertId != a.Transition.TransitionId {
			w.t.Errorf("alert id %s of transition %s", a.AlertId, a.Transition.TransitionId)
		}
		out = append(out, sign+a.Transition.Segment+" "+a.Transition.Reason.String()[len("TRANSITION_REASON_"):])
	}
	return out
}
