package testkit

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/clickhouse"
	"github.com/segmentio/kafka-go"
)

func TestMain(m *testing.M) { Main(m) }

func TestClickHouseGivesEachTestADatabase(t *testing.T) {
	ctx := context.Background()
	for _, name := range []string{"first", "second"} {
		t.Run(name, func(t *testing.T) {
			conn, err := clickhouse.Open(ctx, ClickHouse(t))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.Exec(ctx, "CREATE TABLE t (x UInt64) ENGINE = MergeTree ORDER BY x"); err != nil {
				t.Fatal(err)
			}
		})
	}
	conn, err := clickhouse.Open(ctx, ClickHouse(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var left uint64
	if err := conn.QueryRow(ctx, "SELECT count() FROM system.databases WHERE name LIKE 'test%first%' OR name LIKE 'test%second%'").Scan(&left); err != nil {
		t.Fatal(err)
	}
	if left != 0 {
		t.Errorf("%d databases of passed tests are still there", left)
	}
}

func TestKafkaBeginsEmpty(t *testing.T) {
	ctx := context.Background()
	for range 2 {
		client := &kafka.Client{Addr: kafka.TCP(Kafka(t))}
		resp, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{
			Topics: []kafka.TopicConfig{{Topic: "same", NumPartitions: 1, ReplicationFactor: 1}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Errors["same"]; err != nil {
			t.Fatal(err)
		}
	}
}

func TestEventuallyRepeats(t *testing.T) {
	calls := 0
	Eventually(t, time.Minute, func() error {
		if calls++; calls < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if calls != 3 {
		t.Errorf("called %d times, want 3", calls)
	}
}
