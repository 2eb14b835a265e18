package broker

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"
)

// noLeader stands for the leader of a partition that has none, as far as is known.
const noLeader = -1

// leader is the id of the broker that leads a partition. It may have changed since: good for grouping requests, no more.
func (c *Client) leader(ctx context.Context, tp TopicPartition) int {
	if id := c.knownLeader(tp); id != noLeader {
		return id
	}
	if id, ok := c.lookUpLeaders(ctx, tp.Topic)[tp.Partition]; ok {
		return id
	}
	return noLeader
}

// knownLeader is leader without asking anybody.
func (c *Client) knownLeader(tp TopicPartition) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id, ok := c.led[tp.Topic][tp.Partition]; ok {
		return id
	}
	return noLeader
}

func (c *Client) lookUpLeaders(ctx context.Context, topic string) map[int]int {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	t, err := c.layout(ctx, topic)
	if err != nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	led := map[int]int{}
	for _, p := range t.Partitions {
		if p.Error == nil {
			led[p.ID] = p.Leader.ID
			c.brokers[p.Leader.ID] = net.JoinHostPort(p.Leader.Host, strconv.Itoa(p.Leader.Port))
		}
	}
	if len(led) == len(t.Partitions) {
		c.led[topic] = led
	}
	return led
}

// refreshEvery is how often, at most, the leaders are asked for out of turn.
const refreshEvery = 100 * time.Millisecond

// avoid has a broker that stands still passed over by those who look for one to ask.
func (c *Client) avoid(leader int) {
	c.mu.Lock()
	address := c.brokers[leader]
	c.mu.Unlock()
	c.dialer.avoid(address)
}

// lostLeader has the leaders of a topic looked up anew after a request failed. A broker that says it does not lead, or that
// cannot be reached, means that the others know better than what the transport keeps for MetadataTTL: after an election
// the new leader is found at once, not ten seconds later (TestANewLeaderIsFoundAtOnce).
func (c *Client) lostLeader(topic string, err error) {
	if RecordFault(err) {
		return
	}
	c.mu.Lock()
	delete(c.led, topic)
	again := time.Since(c.refreshed) >= refreshEvery && movedAway(err)
	if again {
		c.refreshed = time.Now()
	}
	c.mu.Unlock()
	if again {
		// The transport has no call for it; without its pools it has to ask. Requests under way keep theirs until they end.
		c.transport.CloseIdleConnections()
	}
}

// movedAway says that an error may come of a partition having another leader now.
func movedAway(err error) bool {
	var code kafka.Error
	if !errors.As(err, &code) {
		return !errors.Is(err, context.Canceled)
	}
	switch code {
	case kafka.NotLeaderForPartition, kafka.LeaderNotAvailable, kafka.UnknownTopicOrPartition, kafka.FencedLeaderEpoch,
		kafka.UnknownLeaderEpoch, kafka.KafkaStorageError, kafka.NetworkException, kafka.ReplicaNotAvailable, kafka.BrokerNotAvailable:
		return true
	}
	return false
}
