package embeddedkafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/freshet/freshet/pkg/embedded/dirlock"
)

func TestRecordsAndOffsetsSurviveClose(t *testing.T) {
	dir := t.TempDir()
	b := startHere(t, dir)
	writeSample(t, b.Addr())
	b.Close()
	b.Close() // again: nothing happens
	checkSample(t, startHere(t, dir).Addr())
}

func TestRecordsAndOffsetsSurviveKill(t *testing.T) {
	dir := t.TempDir()
	address, kill := startProcess(t, dir)
	writeSample(t, address)
	kill()
	address, kill = startProcess(t, dir)
	checkSample(t, address)
	kill()
	checkSample(t, startHere(t, dir).Addr())
}

// TestAcknowledgedSurvivesKillUnderLoad kills the broker while a producer writes and
// looks for every record that was acknowledged.
func TestAcknowledgedSurvivesKillUnderLoad(t *testing.T) {
	dir := t.TempDir()
	address, kill := startProcess(t, dir)
	createTopic(t, address, "facts", 1)
	acked := make(chan string, 1<<16)
	go func() {
		defer close(acked)
		c := &kafka.Client{Addr: kafka.TCP(address), Transport: &kafka.Transport{}, Timeout: 20 * time.Second}
		for i := 0; i < cap(acked); i++ {
			value := fmt.Sprint("v", i)
			if produce(context.Background(), c, "facts", record("k", value)) != nil {
				return
			}
			acked <- value
		}
	}()
	var want []string
	for value := range acked {
		if want = append(want, value); len(want) == 500 {
			kill()
		}
	}
	if len(want) < 500 {
		t.Fatalf("only %d records were acknowledged before the kill", len(want))
	}
	got := readAll(t, startHere(t, dir).Addr(), "facts", 0)
	if len(got) < len(want) || len(got) > len(want)+1 {
		t.Fatalf("%d records after the kill, want the %d acknowledged ones and at most one in flight", len(got), len(want))
	}
	for i, value := range want {
		if want := fmt.Sprintf("%d k=%s", i, value); got[i] != want {
			t.Fatalf("record %d is %q, want %q", i, got[i], want)
		}
	}
}

func writeSample(t *testing.T, address string) {
	t.Helper()
	ctx := context.Background()
	c := client(t, address)
	createTopic(t, address, "facts", 1, kafka.ConfigEntry{ConfigName: "retention.ms", ConfigValue: "86400000"})
	for i := range 3 {
		if err := produce(ctx, c, "facts", record("k", fmt.Sprint("v", i))); err != nil {
			t.Fatal(err)
		}
	}
	resp, err := c.OffsetCommit(ctx, &kafka.OffsetCommitRequest{
		GroupID: "g", GenerationID: -1,
		Topics: map[string][]kafka.OffsetCommit{"facts": {{Partition: 0, Offset: 2, Metadata: `{"plan":[2,3]}`}}},
	})
	if err == nil {
		err = resp.Topics["facts"][0].Error
	}
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
}

func checkSample(t *testing.T, address string) {
	t.Helper()
	if got, want := readAll(t, address, "facts", 0), "[0 k=v0 1 k=v1 2 k=v2]"; fmt.Sprint(got) != want {
		t.Errorf("records %v, want %s", got, want)
	}
	resp, err := client(t, address).OffsetFetch(context.Background(), &kafka.OffsetFetchRequest{
		GroupID: "g", Topics: map[string][]int{"facts": {0}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if p := resp.Topics["facts"][0]; p.CommittedOffset != 2 || p.Metadata != `{"plan":[2,3]}` {
		t.Errorf("group stands at %d with %q, want 2 with its plan", p.CommittedOffset, p.Metadata)
	}
	if got := configOf(t, address, "facts", "retention.ms"); got != "86400000" {
		t.Errorf("retention.ms is %q, want 86400000", got)
	}
}

func configOf(t *testing.T, address, topic, name string) string {
	t.Helper()
	resp, err := client(t, address).DescribeConfigs(context.Background(), &kafka.DescribeConfigsRequest{
		Resources: []kafka.DescribeConfigRequestResource{{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: topic, ConfigNames: []string{name},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range resp.Resources[0].ConfigEntries {
		if entry.ConfigName == name {
			return entry.ConfigValue
		}
	}
	return ""
}

func TestBatchSizeLimits(t *testing.T) {
	address := startHere(t, "").Addr()
	createTopic(t, address, "changelog", 1, kafka.ConfigEntry{ConfigName: "cleanup.policy", ConfigValue: "compact"})
	createTopic(t, address, "small", 1, kafka.ConfigEntry{ConfigName: "max.message.bytes", ConfigValue: "1000"})
	big := strings.Repeat("x", MaxMessageBytes-1000)
	for name, tc := range map[string]struct {
		topic, value string
		want         error
	}{
		"a commit of nearly 16 MiB":             {topic: "changelog", value: big},
		"more than 16 MiB":                      {topic: "changelog", value: big + big[:2000], want: kafka.MessageSizeTooLarge},
		"more than the topic's own small limit": {topic: "small", value: big[:1001], want: kafka.MessageSizeTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			err := produce(context.Background(), client(t, address), tc.topic, record("k", tc.value))
			if !errors.Is(err, tc.want) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
		})
	}
	if got := readAll(t, address, "changelog", 0); len(got) != 1 || len(got[0]) != len("0 k=")+len(big) {
		t.Errorf("read back %d records, want the big one", len(got))
	}
}

func TestTopicsAreNotMadeByThemselves(t *testing.T) {
	address := startHere(t, "").Addr()
	w := &kafka.Writer{Addr: kafka.TCP(address), Topic: "typo", AllowAutoTopicCreation: true, MaxAttempts: 1}
	defer w.Close()
	if err := w.WriteMessages(context.Background(), kafka.Message{Value: []byte("x")}); !errors.Is(err, kafka.UnknownTopicOrPartition) {
		t.Errorf("got %v, want UnknownTopicOrPartition", err)
	}
}

func TestAddresses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	for name, tc := range map[string]struct{ address, want string }{
		"a port in use":         {address: "127.0.0.1:" + port, want: "port " + port + " is taken by another process"},
		"every interface":       {address: "0.0.0.0:9092", want: "127.0.0.1 only"},
		"no port":               {address: "127.0.0.1", want: "missing port"},
		"a port past the limit": {address: "127.0.0.1:70000", want: "out of range"},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := Start(Config{Address: tc.address, Dir: t.TempDir()})
			if err == nil {
				b.Close()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %q, want it to say %q", err, tc.want)
			}
		})
	}
}

func TestOneBrokerADirectory(t *testing.T) {
	dir := t.TempDir()
	startHere(t, dir)
	if _, err := Start(Config{Dir: dir}); !errors.Is(err, dirlock.ErrHeld) {
		t.Errorf("second broker on the directory: got %v, want ErrHeld", err)
	}
}

// TestForeignClients: a browser, or anything else, on the port must not hurt the broker.
func TestForeignClients(t *testing.T) {
	b := startHere(t, "")
	browser := http.Client{Timeout: 10 * time.Second}
	if _, err := browser.Get("http://" + b.Addr()); err == nil || isTimeout(err) {
		t.Errorf("HTTP gave %v, want the connection closed", err)
	}
	for name, frame := range map[string]string{
		"a frame of 2 GiB":    "\x7f\xff\xff\xff",
		"an unknown request":  "\x00\x00\x00\x0c\x7f\xff\x00\x00\x00\x00\x00\x01\xff\xff\x00\x00",
		"a frame of 2 bytes":  "\x00\x00\x00\x02\x00\x00",
		"an empty frame":      "\x00\x00\x00\x00",
		"a known one, broken": "\x00\x00\x00\x0c\x00\x00\x00\x09\x00\x00\x00\x01\xff\xff\xff\xff",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", b.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
			if _, err := conn.Write([]byte(frame)); err != nil {
				t.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, conn); n != 0 || isTimeout(err) {
				t.Errorf("the broker answered %d bytes, %v; want the connection closed", n, err)
			}
		})
	}
	createTopic(t, b.Addr(), "still-there", 1)
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
