// Package broker is Freshet's way to Kafka: topics, durable production, following
// partitions and consumer groups with offset metadata, on kafka-go.
//
// Delivery: Produce and Append return nil only after acks=all. A call that fails
// may still have been stored (at least once); consumers are idempotent. Records
// produced by one Producer to one partition keep their order.
//
// Everybody who reads on and on uses Follow: see Follower for its guarantee and what becomes of faults, fetcher for how the
// partitions of a process share requests and memory, GapPolicy for records that are gone. What passes (Passing) is waited
// out there and by Produce; only the caller knows what to do about the rest.
//
// Whose offset it is: an offset means nothing in a log that was made anew or lost its tail. Who keeps one keeps a
// Place, and asks Client.Stand whether it still is one (TestStand); if not, the Break says what is missing and where to
// go on so that nothing new is left out.
//
// It is not for state, exactly-once processing or outboxes: see package stream.
package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/freshet/freshet/pkg/retry"
)

// Header is a record header.
type Header = kafka.Header

// Record is one record read from a partition.
type Record struct {
	Topic     string
	Partition int
	Offset    int64
	// Key and Value are the record's bytes, valid for as long as the Record is kept. Nil stands for null.
	Key, Value []byte
	Headers    []Header
	// Time is what the producer or the broker stamped.
	Time time.Time
	// Life is that of the log, where the reader keeps a Place; else 0. With it, partition and offset name the record for good.
	Life uint32
}

// Header returns the value of the first header called key, or nil.
func (r Record) Header(key string) []byte { return headerOf(r.Headers, key) }

// Message is a record to be written. The partition follows from the key.
type Message struct {
	Topic      string
	Key, Value []byte
	Headers    []Header
}

// TopicPartition names one partition.
type TopicPartition struct {
	Topic     string
	Partition int
}

// String gives topic/partition.
func (tp TopicPartition) String() string { return fmt.Sprintf("%s/%d", tp.Topic, tp.Partition) }

// Span is what a partition holds: offsets First to Next-1.
type Span struct{ First, Next int64 }

// Config says where Kafka is.
type Config struct {
	// Addresses are host:port of one or more brokers to start from. Needed.
	Addresses []string `koanf:"addresses"`
	// Partitions is how many partitions a topic gets when it is made. 1 to 1,000; zero means 4.
	// It cannot be changed once there is data.
	Partitions int `koanf:"partitions"`
	// Replication is how many brokers keep each partition. Zero means 1; 3 in production.
	Replication int `koanf:"replication"`
	// Gaps is what to do when records are gone before they were read, because retention removed them or a topic was cut or
	// made anew: hold stops that partition and says so, skip goes on and counts what is lost. Empty means hold.
	Gaps GapPolicy `koanf:"gaps"`
	// FetchBytes is the memory of the process, in bytes, for records that were fetched and are not taken yet, whatever the
	// number of partitions. 1,048,576 to 4,294,967,296; zero means 64 MiB.
	FetchBytes int64 `koanf:"fetch_bytes"`
	// Dial makes connections where the broker is nearer than the network: in this process. Nil: through the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error) `koanf:"-"`
}

// defaultFetchBytes is Config.FetchBytes unless said otherwise.
const defaultFetchBytes = 64 << 20

// Default is one broker on this machine with four partitions.
func Default() Config {
	return Config{Addresses: []string{"127.0.0.1:9092"}, Partitions: 4, Replication: 1, Gaps: GapHold, FetchBytes: defaultFetchBytes}
}

// Validate reports every fault, under the key the user typed.
func (c Config) Validate() error {
	var errs []error
	if len(c.Addresses) == 0 {
		errs = append(errs, errors.New("addresses: give at least one host:port"))
	}
	for _, a := range c.Addresses {
		if _, _, err := net.SplitHostPort(a); err != nil {
			errs = append(errs, fmt.Errorf("addresses: %q is not host:port", a))
		}
	}
	if c.Partitions < 0 || c.Partitions > 1000 {
		errs = append(errs, fmt.Errorf("partitions: %d is not within 1 and 1000", c.Partitions))
	}
	if c.Replication < 0 {
		errs = append(errs, fmt.Errorf("replication: %d is below 1", c.Replication))
	}
	if c.FetchBytes != 0 && (c.FetchBytes < 1<<20 || c.FetchBytes > 4<<30) {
		errs = append(errs, fmt.Errorf("fetch_bytes: %d is not within 1048576 and 4294967296", c.FetchBytes))
	}
	if err := c.Gaps.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("gaps: %w", err))
	}
	return errors.Join(errs...)
}

// Client is a connection pool to one Kafka cluster. Safe for concurrent use.
type Client struct {
	cfg       Config
	logger    *slog.Logger
	dialer    *dialer
	transport *kafka.Transport
	kafka     *kafka.Client
	clock     clock
	idFetches atomic.Int32 // see byIDs

	fetcher  *fetcher
	metrics  *metrics
	holdUp   time.Duration // see courier
	standing chan struct{} // holds who asks for a place now: hundreds at once would open as many connections

	mu         sync.Mutex
	partitions map[string]int
	led        map[string]map[int]int // topic, partition: the leader's id
	brokers    map[int]string         // by the id of those that lead something: where they are
	couriers   map[int]*courier       // by the id of their broker
	refreshed  time.Time              // when the leaders were last asked for out of turn
}

// Connect makes a client without asking whether a broker is there: for who can do its work, or a part of
// it, until one is.
func Connect(cfg Config, logger *slog.Logger) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Partitions == 0 {
		cfg.Partitions = 4
	}
	if cfg.Replication == 0 {
		cfg.Replication = 1
	}
	if cfg.FetchBytes == 0 {
		cfg.FetchBytes = defaultFetchBytes
	}
	dialer := newDialer(cfg.Addresses, cfg.Dial)
	transport := &kafka.Transport{
		ClientID:    "freshet",
		Dial:        dialer.dial,
		DialTimeout: 5 * time.Second,
		IdleTimeout: 2 * time.Minute,
		MetadataTTL: 10 * time.Second,
	}
	c := &Client{
		cfg: cfg, logger: logger, dialer: dialer, transport: transport, metrics: newMetrics(), holdUp: defaultHoldUp, standing: make(chan struct{}, standAtOnce),
		kafka:      &kafka.Client{Addr: kafka.TCP(cfg.Addresses...), Transport: transport},
		partitions: map[string]int{}, led: map[string]map[int]int{}, brokers: map[int]string{}, couriers: map[int]*courier{},
	}
	c.fetcher = newFetcher(c, cfg.FetchBytes)
	return c, nil
}

// Dial is Connect that checks that a broker answers within 10 s.
func Dial(ctx context.Context, cfg Config, logger *slog.Logger) (*Client, error) {
	c, err := Connect(cfg, logger)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		_, err := c.kafka.ApiVersions(ctx, &kafka.ApiVersionsRequest{})
		if err == nil {
			return c, nil
		}
		if retry.Sleep(ctx, 100*time.Millisecond) != nil {
			c.transport.CloseIdleConnections()
			return nil, fmt.Errorf("reach Kafka at %s: %w", strings.Join(cfg.Addresses, ", "), err)
		}
	}
}

// Close ends following and gives back idle connections. Other calls under way are not interrupted.
func (c *Client) Close() {
	c.fetcher.close()
	c.transport.CloseIdleConnections()
}

// Ping asks a broker for its versions: nil when it answers.
func (c *Client) Ping(ctx context.Context) error {
	_, err := c.kafka.ApiVersions(ctx, &kafka.ApiVersionsRequest{})
	if err != nil {
		return fmt.Errorf("reach Kafka at %s: %w", strings.Join(c.cfg.Addresses, ", "), err)
	}
	return nil
}

// Headers builds headers from pairs of names and values.
func Headers(pairs ...string) []Header {
	hs := make([]Header, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		hs = append(hs, Header{Key: pairs[i], Value: []byte(pairs[i+1])})
	}
	return hs
}

func headerOf(hs []Header, key string) []byte {
	for _, h := range hs {
		if h.Key == key {
			return h.Value
		}
	}
	return nil
}
