package testkit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	embeddedkafka "github.com/freshet/freshet/pkg/embedded/kafka"
)

// KafkaVariable is the environment variable that has tests use a real broker at
// host:port. Run such tests one package at a time (go test -p 1): each test
// begins by deleting every topic.
const KafkaVariable = "FRESHET_TEST_KAFKA"

// emptyWithin is how long a real broker may take to delete its topics.
const emptyWithin = time.Minute

// lent is whether the broker that KafkaVariable names is in use by a test.
var lent atomic.Bool

// Kafka returns the host:port of a broker without topics: a fresh in-memory one for
// this test, or the one that KafkaVariable names, emptied first. There is only one of
// those: a test that asks for a second cluster gets an in-memory one beside it.
func Kafka(t testing.TB) string {
	t.Helper()
	if address := os.Getenv(KafkaVariable); address != "" && lent.CompareAndSwap(false, true) {
		t.Cleanup(func() { lent.Store(false) })
		if err := emptyBroker(t, address); err != nil {
			t.Fatalf("empty the broker at %s: %v", address, err)
		}
		return address
	}
	b, err := embeddedkafka.Start(embeddedkafka.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b.Addr()
}

// deleteTopics asks again while the client knows of no broker: just after a test has ended its connections its metadata may name none.
func deleteTopics(ctx context.Context, client *kafka.Client, names []string) (*kafka.DeleteTopicsResponse, error) {
	for {
		resp, err := client.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: names})
		if !errors.Is(err, kafka.BrokerNotAvailable) || ctx.Err() != nil {
			return resp, err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// emptyBroker deletes every topic that is not the broker's own and waits until they are gone.
func emptyBroker(t testing.TB, address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), emptyWithin)
	defer cancel()
	transport := &kafka.Transport{MetadataTTL: 100 * time.Millisecond}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(address), Transport: transport, Timeout: emptyWithin}
	names, err := topicNames(ctx, client)
	if err != nil || len(names) == 0 {
		return err
	}
	resp, err := deleteTopics(ctx, client, names)
	if err != nil {
		return fmt.Errorf("delete topics: %w", err)
	}
	for name, err := range resp.Errors {
		if err != nil && !errors.Is(err, kafka.UnknownTopicOrPartition) {
			return fmt.Errorf("delete topic %s: %w", name, err)
		}
	}
	Eventually(t, emptyWithin, func() error {
		left, err := topicNames(ctx, client)
		if err == nil && len(left) > 0 {
			err = fmt.Errorf("topics %v are still there", left)
		}
		return err
	})
	return nil
}

// topicNames asks the broker itself: a client's own metadata may be a while old.
func topicNames(ctx context.Context, client *kafka.Client) ([]string, error) {
	conn, err := (&kafka.Dialer{}).DialContext(ctx, "tcp", client.Addr.String())
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	defer func() { _ = conn.Close() }()
	partitions, err := conn.ReadPartitions()
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	seen := map[string]bool{}
	var names []string
	for _, p := range partitions {
		if !seen[p.Topic] && p.Topic != "__consumer_offsets" && p.Topic != "__transaction_state" {
			seen[p.Topic] = true
			names = append(names, p.Topic)
		}
	}
	return names, nil
}
