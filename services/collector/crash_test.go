package collector

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/pkg/topics"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/identity"
)

// process is freshet-collector as a process of its own.
type process struct {
	t       testing.TB
	binary  string
	env     []string
	address string
	cmd     *exec.Cmd
	log     *bytes.Buffer
}

// build builds the binary once and prepares a process of it.
func build(t testing.TB, kafka string) *process {
	t.Helper()
	p := &process{t: t, binary: filepath.Join(t.TempDir(), "freshet-collector"), address: freeAddress(t)}
	if out, err := exec.Command("go", "build", "-o", p.binary, "./cmd/freshet-collector").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, setting := range []string{
		"BROKER__ADDRESSES=" + kafka, "HTTP_ADDRESS=" + p.address, "GRPC__ADDRESS=127.0.0.1:0", "ADMIN__ADDRESS=127.0.0.1:0",
		"SPOOL__DIR=" + filepath.Join(t.TempDir(), "spool"), "SPOOL__AFTER=200ms",
		"SOURCES=[{name: web, workspace: default, write_key: " + testKey + "}]",
	} {
		p.env = append(p.env, "FRESHET_COLLECTOR_"+setting)
	}
	t.Cleanup(p.kill)
	return p
}

func freeAddress(t testing.TB) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(10_000)) // below those the system gives away
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatal("no free port between 20000 and 30000")
	return ""
}

// start starts the process and waits until it answers.
func (p *process) start() {
	p.t.Helper()
	p.log = &bytes.Buffer{}
	p.cmd = exec.Command(p.binary)
	p.cmd.Env = append(os.Environ(), p.env...)
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	testkit.Eventually(p.t, 20*time.Second, func() error {
		resp, err := http.Get("http://" + p.address + "/readyz")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("readyz %d", resp.StatusCode)
		}
		return nil
	})
}

// kill ends the process with SIGKILL.
func (p *process) kill() {
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
	if p.t.Failed() && p.log != nil {
		p.t.Logf("collector: %s", p.log)
	}
	p.cmd = nil
}

// send sends batches of 10 until n are acknowledged; ids say which.
func (p *process) send(name string, n int) (acked []string) {
	p.t.Helper()
	s := sender{url: "http://" + p.address, client: http.DefaultClient}
	for i := range n {
		var events, ids []string
		for j := range 10 {
			ids = append(ids, fmt.Sprintf("%s-%d-%d", name, i, j))
			events = append(events, fmt.Sprintf(`{"type":"track","event":"E","userId":"u%d","messageId":%q}`, j, ids[j]))
		}
		if status := s.batch(`{"batch":[` + strings.Join(events, ",") + `]}`); status != http.StatusOK {
			p.t.Fatalf("%s: batch %d was answered %d", name, i, status)
		}
		acked = append(acked, ids...)
	}
	return acked
}

func (s *sender) batch(body string) int {
	req, err := http.NewRequest(http.MethodPost, s.url+"/v1/batch", strings.NewReader(body))
	if err != nil {
		return 0
	}
	req.SetBasicAuth(testKey, "")
	resp, err := s.client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// The collector is killed with acknowledged events in its spool, while Kafka is away and again while they
// drain, and comes up without Kafka. Every acknowledged event reaches Kafka, and downstream of identity each is once.
func TestCollectorKilledWithSpool(t *testing.T) {
	kafka := startLasting(t)
	client, err := broker.Dial(t.Context(), broker.Config{Addresses: []string{kafka.address}, Partitions: 4}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.EnsureTopics(t.Context(), identity.Topics()...); err != nil {
		t.Fatal(err)
	}
	p := build(t, kafka.address)
	p.start()
	acked := p.send("before", 5)
	kafka.stop()
	acked = append(acked, p.send("during", 100)...)
	p.kill()
	p.start() // without Kafka
	acked = append(acked, p.send("restarted", 100)...)
	p.kill()
	kafka.start()
	p.start()
	wait(t, time.Duration(rand.IntN(150))*time.Millisecond, func() {})
	p.kill() // while it drains, or just before or after
	p.start()
	acked = append(acked, p.send("after", 5)...)

	if client, err = broker.Dial(t.Context(), broker.Config{Addresses: []string{kafka.address}}, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err) // the one from before the outage may need a while to find Kafka again
	}
	t.Cleanup(client.Close)
	r := &rig{t: t, client: client}
	slices.Sort(acked)
	testkit.Eventually(t, time.Minute, func() error {
		if missing := len(acked) - len(unique(r.ids())); missing > 0 {
			return fmt.Errorf("%d acknowledged events are missing in Kafka", missing)
		}
		return nil
	})
	raw := r.ids()
	if got := slices.Sorted(slices.Values(unique(raw))); !slices.Equal(got, acked) {
		t.Errorf("%d acknowledged, %d different in Kafka", len(acked), len(got))
	}
	resolved := resolve(t, client, len(acked))
	t.Logf("%d acknowledged, %d records in Kafka, %d resolved events", len(acked), len(raw), len(resolved))
	if slices.Sort(resolved); !slices.Equal(resolved, acked) {
		t.Errorf("%d acknowledged, %d resolved, %d of them different", len(acked), len(resolved), len(unique(resolved)))
	}
}

// resolve runs identity until it has read all there is, and returns the ids it passed on.
func resolve(t testing.TB, client *broker.Client, want int) (ids []string) {
	t.Helper()
	cfg := identity.Default()
	cfg.Dir = t.TempDir()
	reg := prometheus.NewRegistry()
	svc, err := identity.New(cfg, identity.Deps{Logger: slog.New(slog.DiscardHandler), Metrics: reg, Broker: client})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- svc.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	// One more per partition behind all of them: when these are there, all others are.
	end := 0
	producer := client.NewProducer(broker.ProducerConfig{})
	for n := range 64 {
		e := &eventv1.Event{EventId: fmt.Sprint("end-", n), Workspace: "default", Source: "web", Type: eventv1.EventType_EVENT_TYPE_TRACK, Name: "End",
			ReceivedMs: time.Now().UnixMilli(), OccurredMs: time.Now().UnixMilli(), Identifiers: []*eventv1.Identifier{{Type: "user_id", Value: fmt.Sprint("end", n)}}}
		value, err := proto.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if err := producer.Produce(t.Context(), broker.Message{Topic: topics.EventsRaw.Name, Key: []byte(fmt.Sprint(n)), Value: value}); err != nil {
			t.Fatal(err)
		}
		end++
	}
	r := &rig{t: t, client: client}
	testkit.Eventually(t, time.Minute, func() error {
		ids = ids[:0]
		ends := 0
		for _, rec := range r.records(topics.EventsResolved) {
			e := &eventv1.ResolvedEvent{}
			if err := proto.Unmarshal(rec.Value, e); err != nil {
				return err
			}
			if strings.HasPrefix(e.GetEvent().GetEventId(), "end-") {
				ends++
				continue
			}
			ids = append(ids, e.GetEvent().GetEventId())
		}
		if ends < end || len(ids) < want {
			return fmt.Errorf("identity has passed on %d of %d events, and %d of the %d last", len(ids), want, ends, end)
		}
		return nil
	})
	return ids
}
