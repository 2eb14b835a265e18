package embeddedkafka

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

// childDirVariable turns this test binary into a broker on the directory it names.
const childDirVariable = "FRESHET_TEST_BROKER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDirVariable); dir != "" {
		b, err := Start(Config{Dir: dir})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(b.Addr())
		_, _ = io.Copy(io.Discard, os.Stdin) // until the test that started us ends
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// startProcess starts a broker on dir in a process of its own and returns its address and its death.
func startProcess(t *testing.T, dir string) (address string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDirVariable+"="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = stdin.Close()
	}
	t.Cleanup(kill)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("broker process: %v", err)
	}
	return strings.TrimSpace(line), kill
}

func startHere(t *testing.T, dir string) *Broker {
	t.Helper()
	b, err := Start(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func client(t *testing.T, address string) *kafka.Client {
	t.Helper()
	transport := &kafka.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &kafka.Client{Addr: kafka.TCP(address), Transport: transport, Timeout: 20 * time.Second}
}

func createTopic(t *testing.T, address, name string, partitions int, config ...kafka.ConfigEntry) {
	t.Helper()
	resp, err := client(t, address).CreateTopics(context.Background(), &kafka.CreateTopicsRequest{
		Topics: []kafka.TopicConfig{{Topic: name, NumPartitions: partitions, ReplicationFactor: 1, ConfigEntries: config}},
	})
	if err == nil {
		err = resp.Errors[name]
	}
	if err != nil {
		t.Fatalf("create topic %s: %v", name, err)
	}
}

func produce(ctx context.Context, c *kafka.Client, topic string, records ...kafka.Record) error {
	resp, err := c.Produce(ctx, &kafka.ProduceRequest{
		Topic: topic, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(records...),
	})
	if err != nil {
		return err
	}
	return resp.Error
}

func record(key, value string) kafka.Record {
	r := kafka.Record{Key: kafka.NewBytes([]byte(key)), Time: time.Now()}
	if value != "" {
		r.Value = kafka.NewBytes([]byte(value))
	}
	return r
}

// readAll returns "offset key=value" of every record of partition 0 from offset on.
func readAll(t *testing.T, address, topic string, from int64) []string {
	t.Helper()
	ctx := context.Background()
	c := client(t, address)
	var got []string
	for {
		resp, err := c.Fetch(ctx, &kafka.FetchRequest{Topic: topic, Offset: from, MinBytes: 0, MaxBytes: 32 << 20, MaxWait: time.Millisecond})
		if err == nil {
			err = resp.Error
		}
		if err != nil {
			t.Fatalf("fetch %s at %d: %v", topic, from, err)
		}
		next := from
		for {
			r, err := resp.Records.ReadRecord()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("read %s: %v", topic, err)
			}
			key, _ := kafka.ReadAll(r.Key)
			value, _ := kafka.ReadAll(r.Value)
			if r.Offset >= from {
				got = append(got, fmt.Sprintf("%d %s=%s", r.Offset, key, value))
			}
			next = max(next, r.Offset+1)
		}
		if next == from || next >= resp.HighWatermark {
			return got
		}
		from = next
	}
}

// next is the offset that the topic's partition 0 gives to its next record.
func next(t *testing.T, address, topic string) int64 {
	t.Helper()
	resp, err := client(t, address).ListOffsets(context.Background(), &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{topic: {kafka.LastOffsetOf(0)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp.Topics[topic][0].LastOffset
}
