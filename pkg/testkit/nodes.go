package testkit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/freshet/freshet/pkg/broker"
)

// NodesVariable is the environment variable with the addresses (host:port,host:port) of
// the Apache Kafka brokers that scripts/kafka.sh has started, for tests that end, stop and
// damage them. The script finds them by its own variables, which have to be set as at its start.
const NodesVariable = "FRESHET_TEST_KAFKA_NODES"

// Nodes are several Apache Kafka brokers on this machine, each a process of its own.
// They are numbered from 1, as in Kafka's answers.
type Nodes struct {
	// Addresses are where to connect to, in the order of the numbers.
	Addresses []string

	t      testing.TB
	script string
}

// KafkaNodes gives the brokers that NodesVariable names, all of them up and without topics, and sees at the
// end of the test that all of them are up again. A test without them fails: they are what it is about.
func KafkaNodes(t testing.TB) *Nodes {
	t.Helper()
	list := os.Getenv(NodesVariable)
	if list == "" {
		t.Fatalf("%s is not set: run make test-kafka, or scripts/kafka.sh start 3 and set it to what that prints", NodesVariable)
	}
	n := &Nodes{Addresses: strings.Split(list, ","), t: t, script: filepath.Join(projectRoot(t), "scripts", "kafka.sh")}
	n.Up()
	if err := emptyBroker(t, n.Addresses[0]); err != nil {
		t.Fatalf("empty the brokers at %s: %v", list, err)
	}
	t.Cleanup(n.Up)
	return n
}

// Kill ends a broker as a power cut of its process does (SIGKILL).
func (n *Nodes) Kill(node int) { n.run("kill", node) }

// Halt ends a broker in good order: it hands its partitions over first.
func (n *Nodes) Halt(node int) { n.run("halt", node) }

// Again starts a broker that was ended, on the data it left.
func (n *Nodes) Again(node int) { n.run("again", node) }

// Pause stops a broker where it stands (SIGSTOP): its connections stay open and nobody answers.
func (n *Nodes) Pause(node int) { n.run("pause", node) }

// Wake lets a broker that was paused go on.
func (n *Nodes) Wake(node int) { n.run("wake", node) }

// Up starts what is down, wakes what is paused and waits until every broker takes part again.
func (n *Nodes) Up() {
	for i := range n.Addresses {
		n.run("up", i+1)
	}
	Eventually(n.t, time.Minute, func() error {
		have, err := n.brokers()
		if err == nil && have != len(n.Addresses) {
			err = fmt.Errorf("%d of %d brokers take part", have, len(n.Addresses))
		}
		return err
	})
}

// LogBytes is how large a partition's last log file is on a broker.
func (n *Nodes) LogBytes(node int, at broker.TopicPartition) int64 {
	n.t.Helper()
	info, err := os.Stat(n.logFile(node, at))
	if err != nil {
		n.t.Fatal(err)
	}
	return info.Size()
}

// CutLog leaves only the beginning of a partition's last log file on a broker, as a power cut does that took what had
// not reached the disk. The broker must be down.
func (n *Nodes) CutLog(node int, at broker.TopicPartition, left int64) {
	n.t.Helper()
	if have := n.LogBytes(node, at); have <= left {
		n.t.Fatalf("the log of %s has %d bytes: there is nothing to cut behind %d", at, have, left)
	}
	if err := os.Truncate(n.logFile(node, at), left); err != nil {
		n.t.Fatal(err)
	}
}

func (n *Nodes) logFile(node int, at broker.TopicPartition) string {
	n.t.Helper()
	dir := filepath.Join(n.run("data", node), fmt.Sprintf("%s-%d", at.Topic, at.Partition))
	files, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(files) == 0 {
		n.t.Fatalf("no log of %s in %s: %v", at, dir, err)
	}
	return files[len(files)-1]
}

// Partition is what the brokers that answer say of a partition: who leads it, who is in sync.
func (n *Nodes) Partition(at broker.TopicPartition) (kafka.Partition, error) {
	var problem error
	for _, address := range n.Addresses {
		all, err := partitionsAt(address, at.Topic)
		if err != nil {
			problem = err
			continue
		}
		i := slices.IndexFunc(all, func(p kafka.Partition) bool { return p.ID == at.Partition })
		if i >= 0 && all[i].Leader.ID > 0 {
			return all[i], nil
		}
		problem = fmt.Errorf("%s has no leader", at)
	}
	return kafka.Partition{}, problem
}

// Leader waits until a partition is led and returns by whom.
func (n *Nodes) Leader(at broker.TopicPartition) int {
	n.t.Helper()
	var p kafka.Partition
	Eventually(n.t, time.Minute, func() (err error) {
		p, err = n.Partition(at)
		return err
	})
	return p.Leader.ID
}

// AwaitInSync waits until a partition has this many replicas in sync.
func (n *Nodes) AwaitInSync(at broker.TopicPartition, want int) {
	n.t.Helper()
	Eventually(n.t, time.Minute, func() error {
		p, err := n.Partition(at)
		if err == nil && len(p.Isr) != want {
			err = fmt.Errorf("%d of %d replicas of %s are in sync", len(p.Isr), want, at)
		}
		return err
	})
}

// brokers counts those that take part, as the first that answers says.
func (n *Nodes) brokers() (int, error) {
	conn, err := dialBroker(n.Addresses[0])
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	all, err := conn.Brokers()
	return len(all), err
}

func partitionsAt(address, topic string) ([]kafka.Partition, error) {
	conn, err := dialBroker(address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	return conn.ReadPartitions(topic)
}

// dialBroker connects to one broker, which answers within two seconds or not at all.
func dialBroker(address string) (*kafka.Conn, error) {
	conn, err := (&kafka.Dialer{Timeout: 2 * time.Second}).DialContext(context.Background(), "tcp", address)
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(2 * time.Second))
}

// run runs a verb of the script on one broker and returns what it prints.
func (n *Nodes) run(verb string, node int) string {
	n.t.Helper()
	var out, problem strings.Builder
	// Not the test's context: the brokers are also mended in a cleanup, when that has ended.
	cmd := exec.Command(n.script, verb, strconv.Itoa(node)) //nolint:gosec,noctx // our own script
	cmd.Stdout, cmd.Stderr = &out, &problem
	cmd.WaitDelay = time.Second // what it leaves running has its own files
	if err := cmd.Run(); err != nil {
		n.t.Fatalf("%s %s %d: %v: %s", n.script, verb, node, err, problem.String())
	}
	return strings.TrimSpace(out.String())
}
