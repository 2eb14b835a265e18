package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	"github.com/freshet/freshet/services/collector"
	"github.com/freshet/freshet/services/collector/directory"
	"github.com/freshet/freshet/services/feature"
	"github.com/freshet/freshet/services/identity"
	"github.com/freshet/freshet/services/recommendation/assembly"
	"github.com/freshet/freshet/services/segmentation"
	"github.com/freshet/freshet/services/warehouse"
)

const alertRules = `
endpoints:
  - name: pager
segments:
  - name: buyer
    description: has bought
    when: orders_lifetime >= 1
    alert: pager
`

// line is a whole line of services on real engines, each of which can be stopped and started.
type line struct {
	t      *testing.T
	kafka  string
	broker *broker.Client
	make   map[string]func() (interface{ Run(context.Context) error }, error)
	stops  map[string]func()

	intake    atomic.Pointer[collector.Service]
	spoolReg  atomic.Pointer[prometheus.Registry]
	spoolHTTP *httptest.Server
	n         int
}

func newLine(t *testing.T, h *hook) *line {
	t.Helper()
	l := &line{t: t, kafka: testkit.Kafka(t), stops: map[string]func(){}}
	l.broker = l.dial(l.kafka)
	if err := l.broker.EnsureTopics(t.Context(), topics.All()...); err != nil {
		t.Fatal(err)
	}
	prefix := "w" + uuid.NewString()[:8] + "_"
	conn, err := clickhouse.Open(t.Context(), testkit.ClickHouse(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, d := range []string{"ods", "dw", "dm"} {
			_ = conn.Exec(context.Background(), "DROP DATABASE IF EXISTS "+prefix+d)
		}
		_ = conn.Close()
	})
	nobody, err := grpc.NewClient("127.0.0.1:1", grpc.WithTransportCredentials(insecure.NewCredentials())) // only reads would ask it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nobody.Close() })
	people := identityv1.NewIdentityServiceClient(nobody)
	dir := t.TempDir()
	rules := filepath.Join(dir, "rules.yaml")
	if err := os.WriteFile(rules, []byte(alertRules), 0o600); err != nil {
		t.Fatal(err)
	}
	type part = interface{ Run(context.Context) error }
	tracer := noop.NewTracerProvider().Tracer("test")
	l.make = map[string]func() (part, error){
		stageIdentity: func() (part, error) {
			cfg := identity.Default()
			cfg.Dir = filepath.Join(dir, "identity")
			return identity.New(cfg, identity.Deps{Logger: quiet(), Metrics: prometheus.NewRegistry(), Broker: l.broker})
		},
		stageFeature: func() (part, error) {
			cfg := feature.Default()
			cfg.Dir = filepath.Join(dir, "feature")
			return feature.New(cfg, feature.Deps{Logger: quiet(), Metrics: prometheus.NewRegistry(), Broker: l.broker, Identity: people, ClickHouse: conn})
		},
		stageSegmentation: func() (part, error) {
			cfg := segmentation.Default()
			cfg.Dir, cfg.Rules, cfg.Endpoints = filepath.Join(dir, "segmentation"), rules, h.endpoints()
			cfg.CutPoints.Database, cfg.CutPoints.CheckEvery = prefix+"dw", 200*time.Millisecond
			cfg.Webhook.Waits = slices.Repeat([]time.Duration{3 * time.Second}, 20)
			cfg.Webhook.IdentityWait = 100 * time.Millisecond // nobody answers here, and the alerts go without names
			facts, err := segmentation.NewFacts(conn, cfg.CutPoints.Database)
			if err != nil {
				return nil, err
			}
			return segmentation.New(cfg, segmentation.Deps{Logger: quiet(), Metrics: prometheus.NewRegistry(), Broker: l.broker, Identity: people, Population: facts})
		},
		stageRecommendation: func() (part, error) {
			cfg := assembly.Default()
			cfg.Places.Dir, cfg.Places.Bucket, cfg.Places.DatabasePrefix = filepath.Join(dir, "recommendation"), filepath.Join(dir, "models"), prefix
			return assembly.New(t.Context(), cfg, assembly.Deps{Logger: quiet(), Metrics: prometheus.NewRegistry(), Broker: l.broker, Identity: people})
		},
		stageWarehouse: func() (part, error) {
			cfg := warehouse.Default()
			cfg.DatabasePrefix, cfg.FlushEvery, cfg.SessionTimeout = prefix, 50*time.Millisecond, 6*time.Second
			return warehouse.New(cfg, warehouse.Deps{Logger: quiet(), Metrics: prometheus.NewRegistry(), Tracer: tracer, Broker: l.broker, ClickHouse: conn})
		},
		stageCollector: func() (part, error) { return l.collector(l.broker, filepath.Join(dir, "spool")) },
		// A collector that does not find Kafka: its events stay in the same spool.
		"collector without Kafka": func() (part, error) { return l.collector(l.lost(), filepath.Join(dir, "spool")) },
	}
	l.spoolHTTP = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		promhttp.HandlerFor(l.spoolReg.Load(), promhttp.HandlerOpts{}).ServeHTTP(w, r)
	}))
	t.Cleanup(l.spoolHTTP.Close)
	return l
}

func (l *line) dial(address string) *broker.Client {
	c, err := broker.Dial(l.t.Context(), broker.Config{Addresses: []string{address}, Partitions: 2}, quiet())
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(c.Close)
	return c
}

// lost is a client of a broker that is not there.
func (l *line) lost() *broker.Client {
	c, err := broker.Connect(broker.Config{Addresses: []string{"127.0.0.1:1"}}, quiet())
	if err != nil {
		l.t.Fatal(err)
	}
	return c
}

func (l *line) collector(b *broker.Client, spool string) (*collector.Service, error) {
	cfg := collector.Default()
	cfg.Address, cfg.Spool.Dir, cfg.DrainTimeout = "127.0.0.1:0", spool, time.Second
	cfg.Sources = []directory.Entry{{Name: "web", Workspace: "default", WriteKey: "a-write-key"}}
	reg := prometheus.NewRegistry()
	s, err := collector.New(cfg, collector.Deps{Logger: quiet(), Metrics: reg, Tracer: noop.NewTracerProvider().Tracer("test"), Broker: b})
	if err == nil {
		err = s.Listen()
	}
	l.intake.Store(s)
	l.spoolReg.Store(reg)
	return s, err
}

func (l *line) start(names ...string) {
	l.t.Helper()
	for _, name := range names {
		p, err := l.make[name]()
		if err != nil {
			l.t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- p.Run(ctx) }()
		l.stops[name] = func() {
			cancel()
			if err := <-done; err != nil {
				l.t.Errorf("%s ended: %v", name, err)
			}
		}
	}
}

func (l *line) stop(name string) {
	if stop := l.stops[name]; stop != nil {
		delete(l.stops, name)
		stop()
	}
}

func (l *line) stopAll() {
	for name := range l.stops {
		l.stop(name)
	}
}

// buy sends a first order of somebody new: it goes through every stage, up to an alert.
func (l *line) buy() {
	l.t.Helper()
	l.n++
	who := fmt.Sprint("user-", l.n)
	body, err := json.Marshal(map[string]any{"messageId": who, "userId": who, "event": "Order Completed",
		"properties": map[string]any{"order_id": who, "total": 10, "currency": "EUR", "products": []any{map[string]any{"product_id": "P1", "price": 10, "quantity": 1}}}})
	if err != nil {
		l.t.Fatal(err)
	}
	testkit.Eventually(l.t, soon, func() error {
		req, err := http.NewRequest(http.MethodPost, "http://"+l.intake.Load().Addr()+"/v1/track", bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.SetBasicAuth("a-write-key", "")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("the collector answered %s", resp.Status)
		}
		return nil
	})
}

// lags waits until records wait before one stage and no other; "" is none at all.
func (w *watching) lags(t *testing.T, only string) {
	t.Helper()
	testkit.Eventually(t, soon, func() error {
		var behind []string
		for _, stage := range stageNames {
			n, seen := w.gauge(t, "freshet_freshness_lag_records", stage)
			if !seen {
				return fmt.Errorf("%s is not seen", stage)
			}
			if n > 0 {
				behind = append(behind, stage)
			}
		}
		if only == "" && len(behind) == 0 || len(behind) == 1 && behind[0] == only {
			return nil
		}
		return fmt.Errorf("records wait before %q, want %q", behind, only)
	})
}

// TestEachStageThatStopsIsTold stops each stage in turn under a live order: the endpoint hears of this stage and of no other, and of its end
// when the stage is back.
func TestEachStageThatStopsIsTold(t *testing.T) {
	h := newHook(t)
	l := newLine(t, h)
	defer l.stopAll()
	w := newWatch(t, l.broker, func(c *Config) {
		c.Collectors, c.Endpoints, c.Hold = []string{l.spoolHTTP.URL}, h.endpoints(), 0
		c.Stages = map[string]Lines{stageCollector: {Behaviour: 2 * time.Second}} // the spool's age is by the collector's clock, which does not jump
	})
	all := []string{stageWarehouse, stageIdentity, stageFeature, stageSegmentation, stageRecommendation, stageCollector}
	l.start(all...)
	w.run(t)
	l.buy()
	w.lags(t, "")
	for _, stage := range []string{stageIdentity, stageFeature, stageSegmentation, stageRecommendation, stageWarehouse, stageCollector, stageAlerts} {
		t.Run(stage, func(t *testing.T) {
			w.lags(t, "")
			before := len(h.all())
			switch l.stop(stage); stage {
			case stageCollector:
				l.start("collector without Kafka")
			case stageAlerts:
				h.alerts.Store(false)
			}
			l.buy()
			w.lags(t, stage)
			if stage != stageCollector {
				w.clock.jump(11 * time.Minute)
			}
			h.wait(before, "breached "+stage+" late")
			if got := w.breaching(); slices.ContainsFunc(got, func(k string) bool { return !strings.HasPrefix(k, stage+" ") }) {
				t.Errorf("breaching %q, want %s alone", got, stage) // by more than one grade where it has queues that do not say it
			}
			switch stage {
			case stageCollector:
				l.stop("collector without Kafka")
				l.start(stage)
			case stageAlerts:
				h.alerts.Store(true)
			default:
				l.start(stage)
			}
			h.wait(before, "restored "+stage+" late")
			w.lags(t, "")
			testkit.Eventually(t, soon, func() error { return w.Ready() })
			w.clock.jump(0)
		})
	}
}
