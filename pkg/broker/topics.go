package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/pkg/topics"
)

// maxCommitBytes is max.message.bytes of compacted topics: a stream commit is one record batch.
const maxCommitBytes = 16 << 20

// maxEventBytes is max.message.bytes of the other topics: an imported order of a thousand lines fits.
const maxEventBytes = 8 << 20

// topicsWithin is how long topics may take to be made at a first start.
const topicsWithin = time.Minute

// Open is Dial and then EnsureTopics, for a minute at most: what a service does at its start.
func Open(ctx context.Context, cfg Config, logger *slog.Logger, list ...topics.Topic) (*Client, error) {
	c, err := Dial(ctx, cfg, logger)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, topicsWithin)
	defer cancel()
	if err := c.EnsureTopics(ctx, list...); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// EnsureTopics makes the topics that are missing and waits until each has a leader.
// A topic that exists is left as it is, but for who stamps its records.
func (c *Client) EnsureTopics(ctx context.Context, list ...topics.Topic) error {
	req := &kafka.CreateTopicsRequest{}
	for _, t := range list {
		n := c.cfg.Partitions
		if t.Single {
			n = 1
		}
		req.Topics = append(req.Topics, kafka.TopicConfig{
			Topic: t.Name, NumPartitions: n, ReplicationFactor: c.cfg.Replication, ConfigEntries: topicConfig(t, c.cfg.Replication),
		})
	}
	res, err := c.kafka.CreateTopics(ctx, req)
	if err != nil {
		return fmt.Errorf("create %d topics: %w", len(list), err)
	}
	var before []string
	for name, err := range res.Errors {
		switch {
		case errors.Is(err, kafka.TopicAlreadyExists):
			before = append(before, name)
		case err != nil:
			return fmt.Errorf("create topic %s: %w", name, err)
		}
	}
	for _, t := range list {
		if _, err := c.waitForLeaders(ctx, t.Name); err != nil {
			return err
		}
	}
	if len(before) > 0 {
		c.stampByBroker(ctx, before)
	}
	return nil
}

func topicConfig(t topics.Topic, replication int) []kafka.ConfigEntry {
	entry := func(k, v string) kafka.ConfigEntry { return kafka.ConfigEntry{ConfigName: k, ConfigValue: v} }
	always := []kafka.ConfigEntry{stampSetting}
	if replication > 2 {
		// acks=all means all that are in sync, which can be the leader alone: what it confirms is gone with its disk. With this
		// it refuses instead (NotEnoughReplicas), and one broker of three can still be away. Of two none could.
		always = append(always, entry("min.insync.replicas", strconv.Itoa(replication-1)))
	}
	if t.Compacted {
		return append(always,
			entry("cleanup.policy", "compact"),
			entry("max.message.bytes", strconv.Itoa(maxCommitBytes)),
			// Readers judge a record by what stood before it (package stream); give them an hour of the uncompacted log.
			entry("min.compaction.lag.ms", strconv.FormatInt(time.Hour.Milliseconds(), 10)),
		)
	}
	retention := int64(-1)
	if t.Retention > 0 {
		retention = t.Retention.Milliseconds()
	}
	return append(always,
		entry("cleanup.policy", "delete"),
		entry("retention.ms", strconv.FormatInt(retention, 10)),
		entry("max.message.bytes", strconv.Itoa(maxEventBytes)),
	)
}

// Partitions returns how many partitions a topic has. The answer is kept: partitions are never added.
func (c *Client) Partitions(ctx context.Context, topic string) (int, error) {
	c.mu.Lock()
	n, ok := c.partitions[topic]
	c.mu.Unlock()
	if ok {
		return n, nil
	}
	n, err := c.waitForLeaders(ctx, topic)
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	c.partitions[topic] = n
	c.mu.Unlock()
	return n, nil
}

// waitForLeaders returns the partition count once every partition has a leader; it gives up after 15 s.
func (c *Client) waitForLeaders(ctx context.Context, topic string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		n, err := c.leaders(ctx, topic)
		if err == nil {
			return n, nil
		}
		if retry.Sleep(ctx, 100*time.Millisecond) != nil {
			return 0, fmt.Errorf("find the partitions of topic %s: %w", topic, err)
		}
	}
}

// leaders returns the number of partitions, once each has a leader.
func (c *Client) leaders(ctx context.Context, topic string) (int, error) {
	t, err := c.layout(ctx, topic)
	if err != nil {
		return 0, err
	}
	if len(t.Partitions) == 0 {
		return 0, kafka.LeaderNotAvailable
	}
	for _, p := range t.Partitions {
		if p.Error != nil {
			return 0, p.Error
		}
	}
	return len(t.Partitions), nil
}

// layout is what the broker last said of a topic.
func (c *Client) layout(ctx context.Context, topic string) (kafka.Topic, error) {
	res, err := c.kafka.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return kafka.Topic{}, err
	}
	i := slices.IndexFunc(res.Topics, func(t kafka.Topic) bool { return t.Name == topic })
	if i < 0 {
		return kafka.Topic{}, kafka.UnknownTopicOrPartition
	}
	return res.Topics[i], res.Topics[i].Error
}

// Spans returns what each partition of a topic holds. Elections and other faults
// that pass are waited out for up to tryFor.
func (c *Client) Spans(ctx context.Context, topic string) (map[int]Span, error) {
	n, err := c.Partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	all := make([]int, n)
	for p := range all {
		all[p] = p
	}
	return c.spansOf(ctx, topic, all)
}

func (c *Client) spansOf(ctx context.Context, topic string, partitions []int) (map[int]Span, error) {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	for {
		spans, err := c.listOffsets(ctx, topic, partitions)
		if err == nil || Permanent(err) || retry.Sleep(ctx, 50*time.Millisecond) != nil {
			return spans, err
		}
	}
}

func (c *Client) listOffsets(ctx context.Context, topic string, partitions []int) (map[int]Span, error) {
	reqs := make([]kafka.OffsetRequest, 0, 2*len(partitions))
	for _, p := range partitions {
		reqs = append(reqs, kafka.FirstOffsetOf(p), kafka.LastOffsetOf(p))
	}
	res, err := c.kafka.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{topic: reqs}})
	if err != nil {
		return nil, fmt.Errorf("list offsets of %s: %w", topic, err)
	}
	spans := make(map[int]Span, len(partitions))
	for _, p := range res.Topics[topic] {
		if p.Error != nil {
			return nil, fmt.Errorf("list offsets of %s/%d: %w", topic, p.Partition, p.Error)
		}
		spans[p.Partition] = Span{First: p.FirstOffset, Next: p.LastOffset}
	}
	return spans, nil
}

// span returns what one partition holds.
func (c *Client) span(ctx context.Context, tp TopicPartition) (Span, error) {
	spans, err := c.spansOf(ctx, tp.Topic, []int{tp.Partition})
	if err != nil {
		return Span{}, err
	}
	s, ok := spans[tp.Partition]
	if !ok {
		return Span{}, fmt.Errorf("topic %s has no partition %d", tp.Topic, tp.Partition)
	}
	return s, nil
}

// PartitionFor is the partition, 0 to n-1, of a key: murmur2, as Java's client chooses.
// A nil or empty key goes to 0.
func PartitionFor(key []byte, n int) int {
	if n <= 1 || len(key) == 0 {
		return 0
	}
	return int(murmur2(key)&0x7fffffff) % n
}

// murmur2 is the 32-bit hash of Kafka's Java client (org.apache.kafka.common.utils.Utils.murmur2).
func murmur2(data []byte) uint32 {
	const (
		seed uint32 = 0x9747b28c
		m    uint32 = 0x5bd1e995
		r           = 24
	)
	h := seed ^ uint32(len(data))
	for ; len(data) >= 4; data = data[4:] {
		k := uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16 | uint32(data[3])<<24
		k *= m
		k ^= k >> r
		k *= m
		h = h*m ^ k
	}
	switch len(data) {
	case 3:
		h ^= uint32(data[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(data[1]) << 8
		fallthrough
	case 1:
		h ^= uint32(data[0])
		h *= m
	}
	h ^= h >> 13
	h *= m
	h ^= h >> 15
	return h
}
