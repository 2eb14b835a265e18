package collector

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	embeddedkafka "github.com/freshet/freshet/pkg/embedded/kafka"
	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/collector/decode"
)

func ackWithin(d time.Duration) func(*setup) {
	return func(s *setup) { s.cfg.AckTimeout = d }
}

// withoutSpool has every answer depend on the broker.
func withoutSpool(s *setup) { s.cfg.Spool.Enabled = false }

// Without a spool, the broker goes away and comes back: 503 with Retry-After while it is gone, never a
// 200, and what was answered 200 before and after is there.
func TestBrokerGoneIs503AndBackIs200(t *testing.T) {
	dir := t.TempDir()
	kafka, err := embeddedkafka.Start(embeddedkafka.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, func(s *setup) { s.kafka = kafka.Addr() }, ackWithin(300*time.Millisecond), withoutSpool)
	r.taken(track("before"))
	kafka.Close()
	for _, body := range []string{track("during"), `{"type":"track"}`} {
		begun := time.Now()
		g := r.post("/v1/track", body)
		if g.Status != http.StatusServiceUnavailable || g.Success || g.Header.Get("Retry-After") != "1" || g.Error != "not_stored" || g.Accepted != 0 {
			t.Errorf("broker gone: %+v", g)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("broker gone: answered after %s", took)
		}
	}
	testkit.Eventually(t, time.Minute, func() error {
		if r.svc.Ready() == nil {
			return errors.New("ready without a broker")
		}
		return nil
	})
	if kafka, err = embeddedkafka.Start(embeddedkafka.Config{Dir: dir, Address: kafka.Addr()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	r.taken(track("after"))
	testkit.Eventually(t, time.Minute, r.svc.Ready)
	events := r.events()
	if events["before"] == nil || events["after"] == nil {
		t.Errorf("acknowledged events are missing: %d there", len(events))
	}
}

// stubborn is a broker that does with produce requests what the test wants.
func stubborn(t *testing.T) (address string, control func(func(kmsg.Request) (kmsg.Response, error, bool))) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.ListenAddrs()[0], func(f func(kmsg.Request) (kmsg.Response, error, bool)) {
		c.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			return f(req)
		})
	}
}

// refuseProduce is the answer of a broker that stores nothing, for the reason of code.
func refuseProduce(req kmsg.Request, code int16) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.ProduceResponse)
	resp.Version = req.GetVersion()
	for _, topic := range req.(*kmsg.ProduceRequest).Topics {
		out := kmsg.NewProduceResponseTopic()
		out.Topic, out.TopicID = topic.Topic, topic.TopicID
		for _, p := range topic.Partitions {
			partition := kmsg.NewProduceResponseTopicPartition()
			partition.Partition, partition.ErrorCode = p.Partition, code
			out.Partitions = append(out.Partitions, partition)
		}
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}

// A broker that takes the request and refuses it (too few replicas) has not stored it.
func TestBrokerThatRefusesIsNever200(t *testing.T) {
	address, control := stubborn(t)
	r := start(t, func(s *setup) { s.kafka = address }, ackWithin(300*time.Millisecond), withoutSpool)
	control(func(req kmsg.Request) (kmsg.Response, error, bool) {
		return refuseProduce(req, kerr.NotEnoughReplicas.Code), nil, true
	})
	for range 3 {
		if g := r.post("/v1/track", track("1")); g.Status != http.StatusServiceUnavailable {
			t.Errorf("not enough replicas: %+v", g)
		}
	}
}

// A broker that says nothing holds a client no longer than the deadline.
func TestBrokerThatHangsIs503AtTheDeadline(t *testing.T) {
	address, control := stubborn(t)
	r := start(t, func(s *setup) { s.kafka = address }, ackWithin(400*time.Millisecond), withoutSpool)
	release := make(chan struct{})
	defer close(release)
	control(func(kmsg.Request) (kmsg.Response, error, bool) {
		<-release
		return nil, nil, false
	})
	begun := time.Now()
	g := r.post("/v1/track", track("1"))
	if took := time.Since(begun); g.Status != http.StatusServiceUnavailable || took < 300*time.Millisecond || took > 3*time.Second {
		t.Errorf("answered %d after %s, want 503 after 400ms", g.Status, took)
	}
}

// Many clients at once: every 2xx is in Kafka, exactly as many as were answered.
func TestEveryAcknowledgedEventIsInKafka(t *testing.T) {
	r := start(t)
	const clients, requests, batch = 8, 20, 25
	var wg sync.WaitGroup
	var accepted atomic.Int64
	for c := range clients {
		wg.Go(func() {
			for n := range requests {
				items := make([]string, batch)
				for i := range items {
					items[i] = track(fmt.Sprintf("%d-%d-%d", c, n, i))
				}
				g := r.post("/v1/batch", `{"batch":[`+strings.Join(items, ",")+`]}`)
				if g.Status == http.StatusOK {
					accepted.Add(int64(g.Accepted))
				}
			}
		})
	}
	wg.Wait()
	if n := len(r.events()); int64(n) != accepted.Load() || n != clients*requests*batch {
		t.Errorf("%d acknowledged, %d in Kafka, want %d", accepted.Load(), n, clients*requests*batch)
	}
}

// A stop answers the request in hand, after the broker's confirmation, and takes no other.
func TestStopFinishesTheRequestInHand(t *testing.T) {
	address, control := stubborn(t)
	r := start(t, func(s *setup) { s.kafka = address })
	arrived, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	control(func(kmsg.Request) (kmsg.Response, error, bool) {
		once.Do(func() { close(arrived) })
		<-release
		return nil, nil, false
	})
	answered := make(chan got, 1)
	go func() { answered <- r.post("/v1/track", track("1")) }()
	<-arrived
	stopped := make(chan error, 1)
	go func() { stopped <- r.stop() }()
	testkit.Eventually(t, time.Minute, func() error {
		if r.svc.Ready() == nil {
			return errors.New("still ready")
		}
		return nil
	})
	select {
	case err := <-stopped:
		t.Fatalf("stopped with a request in hand: %v", err)
	default:
	}
	close(release)
	if g := <-answered; g.Status != http.StatusOK || g.Accepted != 1 {
		t.Errorf("the request in hand was answered %+v", g)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
	if conn, err := net.DialTimeout("tcp", r.svc.Addr(), time.Second); err == nil {
		conn.Close()
		t.Error("a stopped collector takes connections")
	}
}

// More bodies at once than memory allows: 503, and room again afterwards.
func TestMemoryOfBodiesIsBounded(t *testing.T) {
	r := start(t, func(s *setup) { s.cfg.Limits.BodyBytes, s.cfg.Limits.InFlightBytes = 100<<10, 128<<10 })
	pr, pw := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/v1/track", pr)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = 90 << 10
	req.SetBasicAuth(testKey, "")
	first := make(chan got, 1)
	go func() { first <- r.do(req) }()
	body := `{"event":"E","userId":"1","messageId":"slow","pad":"` + strings.Repeat("x", 80<<10)
	if _, err := io.WriteString(pw, body); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, time.Minute, func() error {
		if r.held() < 90<<10 {
			return errors.New("the first body is not reserved yet")
		}
		return nil
	})
	g := r.post("/v1/track", `{"event":"E","userId":"1","pad":"`+strings.Repeat("x", 60<<10)+`"}`)
	if g.Status != http.StatusServiceUnavailable || g.Error != "busy" || g.Header.Get("Retry-After") == "" {
		t.Errorf("over the bound: %+v", g)
	}
	if g := r.post("/v1/track", track("small")); g.Status != http.StatusOK {
		t.Errorf("a small one beside it: %+v", g)
	}
	if _, err := io.WriteString(pw, strings.Repeat(" ", 90<<10-len(body)-2)+`"}`); err != nil {
		t.Fatal(err)
	}
	_ = pw.Close()
	if g := <-first; g.Status != http.StatusBadRequest || g.Error != decode.ReasonTooLarge {
		t.Errorf("the first: %+v", g)
	}
	if used := r.held(); used != 0 {
		t.Errorf("%d bytes are still reserved", used)
	}
}

// A client that sends a byte now and then loses its connection at the read timeout.
func TestSlowBodyIsCutOff(t *testing.T) {
	r := start(t, func(s *setup) { s.cfg.ReadTimeout = 300 * time.Millisecond })
	conn, err := net.Dial("tcp", r.svc.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: Basic d2ViLXdyaXRlLWtleTo=\r\nContent-Length: 100\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(line, "408") {
		t.Errorf("a slow body was answered %q, %v; want 408", line, err)
	}
}

// A refusal that needs no body does not wait for it: a client that is slow to send hears at once what it need not send.
func TestARefusalDoesNotWaitForTheBody(t *testing.T) {
	r := start(t)
	const wrongKey, rightKey = "Authorization: Basic bm9ib2R5Og==\r\n", "Authorization: Basic d2ViLXdyaXRlLWtleTo=\r\n"
	for name, c := range map[string]struct {
		headers string
		status  string
	}{
		"an unknown key, 100 KB to come":          {wrongKey + "Content-Length: 100000\r\n", "401"},
		"an unknown key, nobody knows how much":   {wrongKey + "Transfer-Encoding: chunked\r\n", "401"},
		"an encoding that is not read, 100 KB":    {rightKey + "Content-Encoding: br\r\nContent-Length: 100000\r\n", "415"},
		"a body that is too large, by its length": {rightKey + "Content-Length: 100000000\r\n", "413"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", r.svc.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, "POST /v1/batch HTTP/1.1\r\nHost: x\r\n"+c.headers+"\r\n"); err != nil {
				t.Fatal(err)
			}
			if err := conn.SetReadDeadline(time.Now().Add(r.svc.cfg.ReadTimeout / 3)); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(conn).ReadString('\n')
			if err != nil || !strings.Contains(line, c.status) {
				t.Errorf("answered %q, %v; want %s", line, err, c.status)
			}
		})
	}
}

func TestHeadersAreBounded(t *testing.T) {
	r := start(t)
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, r.url+"/v1/track", strings.NewReader(track("1")))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Pad", strings.Repeat("x", 64<<10))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return // cut off while still sending
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("64 KB of headers were answered %d", resp.StatusCode)
	}
}
