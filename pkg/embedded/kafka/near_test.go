package embeddedkafka

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
)

var nearTopic = topics.Topic{Name: "test.near.v1"}

// What one writes within the process another reads through the kernel, and the other way round: it is one broker.
func TestConnectionsFromWithinAndThroughTheKernelSeeOneLog(t *testing.T) {
	b, err := Start(Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var within, sockets atomic.Int64
	near := connect(t, b, func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := b.Dial(ctx, network, address)
		if _, socket := conn.(*net.TCPConn); socket {
			sockets.Add(1)
		}
		within.Add(1)
		return conn, err
	})
	far := connect(t, b, nil)
	if err := near.EnsureTopics(t.Context(), nearTopic); err != nil {
		t.Fatal(err)
	}
	at := broker.TopicPartition{Topic: nearTopic.Name}
	for i, c := range []*broker.Client{near, far, near} {
		if got, err := c.Append(t.Context(), at, []broker.Message{{Value: []byte{byte(i)}}}); err != nil || got != int64(i) {
			t.Fatalf("record %d stands at %d: %v", i, got, err)
		}
	}
	for name, c := range map[string]*broker.Client{"within": near, "through the kernel": far} {
		if got, err := c.Fetch(t.Context(), at, 0, broker.FetchOptions{}); err != nil || len(got.Records) != 1 && len(got.Records) != 3 {
			t.Errorf("%s: %d records, %v", name, len(got.Records), err)
		}
	}
	if within.Load() == 0 || sockets.Load() > 0 {
		t.Errorf("%d connections from within, of them %d through the kernel", within.Load(), sockets.Load())
	}
}

// A broker that is gone looks to its own process as it does to others: a fault that passes.
func TestABrokerThatIsGoneIsAPassingFaultFromWithin(t *testing.T) {
	b, err := Start(Config{})
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, b, b.Dial)
	if err := c.EnsureTopics(t.Context(), nearTopic); err != nil {
		t.Fatal(err)
	}
	b.Close()
	if _, err := b.Dial(t.Context(), "tcp", b.Addr()); err == nil || !broker.Passing(err) {
		t.Errorf("a connection to it: %v, want a passing fault", err)
	}
	_, err = c.Append(t.Context(), broker.TopicPartition{Topic: nearTopic.Name}, []broker.Message{{Value: []byte("x")}})
	if err == nil || !broker.Passing(err) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an append: %v, want a passing fault at once", err)
	}
}

func connect(t testing.TB, b *Broker, dial func(context.Context, string, string) (net.Conn, error)) *broker.Client {
	t.Helper()
	c, err := broker.Connect(broker.Config{Addresses: []string{b.Addr()}, Partitions: 1, Dial: dial}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}
