package churn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/customer"
	"github.com/freshet/freshet/pkg/fleet"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// within bounds every wait of these tests.
const within = 60 * time.Second

const (
	hourMs = int64(3_600_000)
	dayMs  = 24 * hourMs
	// start is a Wednesday, 12:00 UTC.
	start = int64(1_781_524_800_000)
)

// Versions of models.
const (
	first  = "20260614T030000-00aa"
	second = "20260615T030000-00bb"
	third  = "20260616T030000-00cc"
)

// halves are bands that begin at 0.6 and 0.3.
var halves = &modelv1.Bands{High: .6, Medium: .3}

// two are the targets of these tests.
const two = `
remove: [churn_risk_90d, repurchase_30d, spend_next_365d]
targets:
  - name: churn_risk_60d
    description: Leaves.
    counts: orders_lifetime
    outcome: none
    within: 60d
    among: orders_lifetime >= 1 && days_since_last_order <= 300
    bands: {high: {cost_share: 0.05, saves: 0.1}, medium: {cost_share: 0.005, saves: 0.02}}
  - name: spend_next_90d
    description: Spends.
    counts: spend_lifetime
    outcome: sum
    within: 90d
    among: orders_lifetime >= 1
`

// world is a broker, a clock that stands still, a shelf of models, and a service that can be stopped and started.
type world struct {
	t      testing.TB
	client *broker.Client
	out    *broker.Producer
	now    atomic.Int64
	dir    string
	shelf  *shelf
	models Models // stands in for the shelf where it is given
	cfg    Config
	s      *Service
	stop   func()
	sent   map[string]int64 // the last version sent, by customer
}

func newWorld(t testing.TB) *world {
	t.Helper()
	c, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{testkit.Kafka(t)}, Partitions: 2}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.EnsureTopics(t.Context(), Topics()...); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, client: c, out: c.NewProducer(broker.ProducerConfig{}), dir: t.TempDir(), shelf: newShelf(), sent: map[string]int64{}}
	w.now.Store(start)
	w.cfg = Default()
	w.cfg.Dir = filepath.Join(w.dir, "state")
	w.cfg.Forecasts = filepath.Join(w.dir, "forecasts.yaml")
	w.forecasts(two)
	return w
}

func quiet() *slog.Logger {
	if testing.Verbose() {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(io.Discard, nil))
}

// forecasts writes the file of targets; the next start reads it.
func (w *world) forecasts(text string) {
	if err := os.WriteFile(w.cfg.Forecasts, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) deps() Deps {
	return Deps{Logger: quiet(), Broker: w.client, Identity: knowsAll{}, Registry: w.shelf, Decode: decodeSlope, Models: w.models, NewWarnings: newOldWarning, Words: plainWords{},
		Now: func() time.Time { return time.UnixMilli(w.now.Load()) }}
}

// begin starts the service, and stops it before that when it runs.
func (w *world) begin() {
	w.t.Helper()
	w.end()
	w.s, w.stop = w.start(w.cfg)
	testkit.Eventually(w.t, within, w.s.Ready)
}

func (w *world) end() {
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
}

// replica starts a further process of the service, with a store and a server of its own.
func (w *world) replica(name string) (*Service, func()) {
	w.t.Helper()
	cfg := w.cfg
	cfg.Dir = filepath.Join(w.dir, name)
	return w.start(cfg)
}

// start starts a process of the service.
func (w *world) start(cfg Config) (*Service, func()) {
	w.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	deps := w.deps()
	fellows, err := fleet.New(fleet.Deps{Logger: quiet(), Broker: w.client, Now: deps.Now, Address: func() string { return listener.Addr().String() }})
	if err != nil {
		w.t.Fatal(err)
	}
	deps.Fleet = fellows
	s, err := New(cfg, deps)
	if err != nil {
		w.t.Fatal(err)
	}
	server := grpc.NewServer()
	fellows.Register(server)
	s.Register(server)
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
	stop := sync.OnceFunc(func() { server.Stop(); cancel(); parts.Wait() })
	w.t.Cleanup(stop)
	return s, stop
}

// id is the customer number n.
func id(n int) string { return customer.ID("default", "user_id", fmt.Sprint(n), 0) }

// ordered is a feature set of somebody who bought once, so many days ago.
func ordered(n int, nowMs, daysAgo int64) *featurev1.FeatureSet {
	at := nowMs - daysAgo*dayMs
	return told(shipped.Layout(), &featurev1.FeatureSet{CustomerId: id(n), Reason: featurev1.ChangeReason_CHANGE_REASON_EVENT, ReceivedMs: nowMs - 5},
		map[string]int64{"last_order": at, "first_order": at, "orders_lifetime": 1, "spend_lifetime": 100_000_000})
}

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
	v, err := w.s.processor.View(broker.PartitionFor([]byte(id), 2))
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
		for id, version := range w.sent {
			r, err := w.record(id)
			if err != nil {
				return err
			}
			if r == nil || r.version < version || r.dueMs != 0 && r.dueMs <= w.now.Load() {
				return fmt.Errorf("customer %s is not settled: %+v, want version %d", id, r, version)
			}
		}
		return nil
	})
}

// swept waits until every partition that has customers is brought to the present boards and the present night.
func (w *world) swept() {
	w.t.Helper()
	testkit.Eventually(w.t, within, func() error {
		for p := range 2 {
			s, ok, err := w.sweep(p)
			if err != nil {
				return err
			}
			n, err := newNights(w.cfg)
			if err != nil {
				return err
			}
			j := w.s.newJudge()
			want, err := w.mark(p, j)
			if err != nil {
				return err
			}
			if night := n.number(time.UnixMilli(w.now.Load()), p, 2); !ok || !s.done || s.mark != want || s.night != night {
				return fmt.Errorf("partition %d: sweep %+v, %v; want mark %d and night %d", p, s, ok, want, night)
			}
		}
		return nil
	})
}

func (w *world) sweep(partition int) (s sweep, ok bool, err error) {
	v, err := w.s.processor.View(partition)
	if err != nil {
		return s, false, err
	}
	data, ok, err := v.Get([]byte(keySweep))
	if err != nil || !ok {
		return s, false, err
	}
	s, err = decodeSweep(data)
	return s, true, err
}

// mark is that of a partition's boards.
func (w *world) mark(partition int, j *judge) (uint64, error) {
	v, err := w.s.processor.View(partition)
	if err != nil {
		return 0, err
	}
	var names []string
	err = v.Scan([]byte(prefixWorkspace), nil, func(k, _ []byte) (bool, error) {
		names = append(names, strings.TrimPrefix(string(k), prefixWorkspace))
		return true, nil
	})
	return j.marks(names), err
}

// at moves the clock and waits until all that is due then has happened.
func (w *world) at(ms int64) {
	w.t.Helper()
	w.now.Store(ms)
	w.settled()
}

// serve has a model serve a target.
func (w *world) serve(target, version string, m any, bands *modelv1.Bands) {
	w.shelf.put(target, version, m, bands)
	w.shelf.live(target, version)
}

// sets reads all of a customer's score sets, repeats dropped by their version; a repeat with another content fails the test.
func (w *world) sets(id string) []*churnv1.ScoreSet {
	w.t.Helper()
	var out []*churnv1.ScoreSet
	for _, rec := range testkit.Records(w.t, w.client, topics.Scores) {
		m := &churnv1.ScoreSet{}
		if err := proto.Unmarshal(rec.Value, m); err != nil {
			w.t.Fatal(err)
		}
		if m.GetCustomerId() != id {
			continue
		}
		if string(rec.Key) != id {
			w.t.Errorf("customer %s under key %s", id, rec.Key)
		}
		switch n := int(m.GetVersion()); {
		case n <= len(out):
			if !proto.Equal(out[n-1], m) {
				w.t.Errorf("set %d of customer %s was sent with two contents:\n%v\n%v", n, id, out[n-1], m)
			}
		case n == len(out)+1:
			out = append(out, m)
		default:
			w.t.Errorf("set %d of customer %s comes behind %d", n, id, len(out))
		}
	}
	return out
}

// line is a score set in short: the reason, scores as target=value/band, and the warnings.
func line(m *churnv1.ScoreSet) string {
	parts := []string{strings.TrimPrefix(m.GetReason().String(), "SCORE_REASON_")}
	if m.GetHistory() {
		parts[0] += "(history)"
	}
	if m.GetMergedInto() != "" {
		parts = append(parts, "merged")
	}
	for _, s := range m.GetScores() {
		name, _, _ := strings.Cut(s.GetTarget(), "_")
		switch {
		case s.GetMissing() != "":
			parts = append(parts, name+"=-")
		case s.GetBand() != "":
			parts = append(parts, fmt.Sprintf("%s=%.3f/%s", name, s.GetValue(), s.GetBand()))
		default:
			parts = append(parts, fmt.Sprintf("%s=%.3f", name, s.GetValue()))
		}
	}
	for _, x := range m.GetWarnings() {
		parts = append(parts, "!"+x.GetName())
	}
	return strings.Join(parts, " ")
}

// heard waits until a customer has so many score sets: what a commit tells leaves a moment behind it. More are an error.
func (w *world) heard(id string, n int) []*churnv1.ScoreSet {
	w.t.Helper()
	var got []*churnv1.ScoreSet
	testkit.Eventually(w.t, within, func() error {
		if got = w.sets(id); len(got) < n {
			return fmt.Errorf("%d score sets, want %d", len(got), n)
		}
		return nil
	})
	if len(got) > n {
		w.t.Errorf("customer %s has %d score sets, want %d: %v", id, len(got), n, got)
	}
	return got
}

// expect compares a customer's score sets in short, waiting for the outbox: the committed state is seen before its records are out.
func (w *world) expect(id string, want ...string) []*churnv1.ScoreSet {
	w.t.Helper()
	got := w.heard(id, len(want))
	var lines []string
	for _, m := range got {
		lines = append(lines, line(m))
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		w.t.Errorf("score sets\n  %s\nwant\n  %s", strings.Join(lines, "\n  "), strings.Join(want, "\n  "))
	}
	return got
}

// knowsAll is an identity service for which every id is a customer that was never merged.
type knowsAll struct {
	identityv1.IdentityServiceClient
}

// GetCustomer knows every id.
func (knowsAll) GetCustomer(_ context.Context, r *identityv1.GetCustomerRequest, _ ...grpc.CallOption) (*identityv1.GetCustomerResponse, error) {
	return &identityv1.GetCustomerResponse{Customer: &identityv1.Customer{CustomerId: r.GetId()}}, nil
}

// Resolve answers with the id that the identifier gives birth to.
func (knowsAll) Resolve(_ context.Context, r *identityv1.ResolveRequest, _ ...grpc.CallOption) (*identityv1.ResolveResponse, error) {
	i := r.GetIdentifiers()[0]
	return &identityv1.ResolveResponse{CustomerId: customer.ID("default", i.GetType(), i.GetValue(), 0)}, nil
}
