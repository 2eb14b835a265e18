// Package embeddedkafka runs a broker that speaks the real Kafka protocol inside
// this process, on a loopback port: for a laptop, a demo and every test. It is
// not a Kafka for production: one node, no replication, no access control.
//
// Delivery: a produce is answered after the write to the log file; it survives
// the death of this process, and with Config.SyncWrites the death of the machine. What is lost all the same (the end of a file, by a power cut; bytes in
// its middle) is told at the next Start, and to every reader that comes to it; see rescue.
//
// Old data are given back at Start only, never while the broker serves: see tidy.
package embeddedkafka

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/embedded/dirlock"
)

// MaxMessageBytes is the largest record batch the broker takes where a topic does
// not say otherwise: the stream runtime writes a whole commit as one batch.
const MaxMessageBytes = 16 << 20

// never is an interval, in milliseconds, that no process lives to see (100 years).
const never = int64(100 * 365 * 24 * time.Hour / time.Millisecond)

// logDir is the library's part of Config.Dir.
const logDir = "log"

// Config says where the broker listens and what it keeps.
type Config struct {
	// Dir is where topics, offsets and records are kept. Empty keeps them in memory.
	Dir string
	// Address is the loopback host:port to listen on; port 0, or an empty Address,
	// takes a free port. Only 127.0.0.1 and localhost are accepted.
	Address string
	// SyncWrites has each produce wait for the disk. Without it an acknowledged record
	// outlives this process but not a power cut of the machine.
	SyncWrites bool
	// Logger receives what the broker complains about. Nil means silence.
	Logger *slog.Logger
}

// Broker is a running broker. It is safe for concurrent use.
type Broker struct {
	cluster *kfake.Cluster
	addr    string
	near    *near
	lock    *dirlock.Lock
	closed  sync.Once
	lost    []Lost
}

// Start opens the log in cfg.Dir and serves it. The caller must Close the Broker.
// Topics are never made by themselves: a client that names an unknown topic is told so.
func Start(cfg Config) (*Broker, error) {
	port, err := loopbackPort(cfg.Address)
	if err != nil {
		return nil, err
	}
	b := &Broker{}
	if cfg.Dir != "" {
		if b.lock, err = dirlock.Acquire(cfg.Dir, "kafka.lock"); err != nil {
			return nil, fmt.Errorf("start embedded Kafka: %w", err)
		}
	}
	if err := b.prepare(cfg); err != nil {
		b.unlock()
		return nil, fmt.Errorf("start embedded Kafka: %w", err)
	}
	if b.cluster, err = kfake.NewCluster(append(options(cfg, port), kfake.ListenFn(b.listen))...); err != nil {
		b.unlock()
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("start embedded Kafka: port %d is taken by another process: %w", port, err)
		}
		return nil, fmt.Errorf("start embedded Kafka: %w", err)
	}
	b.addr = b.cluster.ListenAddrs()[0]
	return b, nil
}

// listen takes connections through the kernel and from within this process.
func (b *Broker) listen(network, address string) (net.Listener, error) {
	l, err := net.Listen(network, address) //nolint:noctx // the library hands down no context
	if err != nil {
		return nil, err
	}
	b.near = withNear(l)
	return guardedListener{b.near}, nil
}

// Addr is the host:port that clients dial.
func (b *Broker) Addr() string { return b.addr }

// Lost are the records that were found to be lost at this start.
func (b *Broker) Lost() []Lost { return b.lost }

// Close stops serving and leaves the log ready for the next Start. Calling it again does nothing.
func (b *Broker) Close() {
	b.closed.Do(func() {
		b.cluster.Close()
		b.unlock()
	})
}

func (b *Broker) unlock() {
	if b.lock != nil {
		_ = b.lock.Close()
	}
}

// prepare makes the log whole and gives back what is old.
func (b *Broker) prepare(cfg Config) (err error) {
	if cfg.Dir == "" {
		return nil
	}
	dir := filepath.Join(cfg.Dir, logDir)
	if err := recoverReplaced(filepath.Join(dir, "partitions")); err != nil {
		return err
	}
	logger := cfg.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	if b.lost, err = rescue(dir, logger); err != nil {
		return err
	}
	return tidy(dir, time.Now(), compactFrom)
}

func options(cfg Config, port int) []kfake.Opt {
	opts := []kfake.Opt{
		kfake.Ports(port),
		kfake.ClusterID(broker.EmbeddedCluster),
		kfake.DefaultNumPartitions(1),
		kfake.WithLogger(logger{cfg.Logger}),
		kfake.BrokerConfigs(map[string]string{
			"log.segment.bytes": strconv.Itoa(segmentBytes),
			"message.max.bytes": strconv.Itoa(MaxMessageBytes),
			// What a topic does not say about its retention means: keep.
			"log.retention.ms": "-1",
			// The library's cleaner deletes a compacted log before it writes the new one, so a
			// crash in between loses the partition, and its retention can empty a partition, whose
			// offsets then begin again at 0. It must never run.
			"log.cleaner.backoff.ms": strconv.FormatInt(never, 10),
			// A laptop that was shut for a week must not forget where its groups stood.
			"offset.retention.ms": strconv.FormatInt(never, 10),
		}),
	}
	if cfg.Dir != "" {
		opts = append(opts, kfake.DataDir(filepath.Join(cfg.Dir, logDir)))
	}
	if cfg.SyncWrites {
		opts = append(opts, kfake.SyncWrites())
	}
	return opts
}

// loopbackPort checks that address is on the loopback interface and returns its port.
func loopbackPort(address string) (int, error) {
	if address == "" {
		return 0, nil
	}
	host, p, err := net.SplitHostPort(address)
	if err != nil {
		return 0, fmt.Errorf("embedded Kafka address %q: %w", address, err)
	}
	if host != "" && host != "localhost" && host != "127.0.0.1" {
		return 0, fmt.Errorf("embedded Kafka address %q: it listens on 127.0.0.1 only", address)
	}
	port, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("embedded Kafka address %q: %w", address, err)
	}
	return int(port), nil
}
