package broker

import (
	"context"
	"errors"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/freshet/freshet/pkg/retry"
)

// A broker that stands still keeps its connections open and answers nothing, so that a request ends with tryFor. Much shorter it must
// not be: a broker that is only slow would be sent everything again, and would get slower. But soon the others elect another
// leader, and then there is nothing to wait for. So whoever has waited for suspectAfter asks the others, and gives up when they say
// that another one leads: what it costs is the election, and not tryFor (TestALeaderThatStandsStillCostsTheElection). An append that is given up
// is one that timed out: the broker may still store it when it goes on, if nobody tells it first that it leads no more.
const (
	suspectAfter = time.Second
	// suspectEvery is how often they are asked.
	suspectEvery = 300 * time.Millisecond
	// suspectFor is how long one may take to answer.
	suspectFor = 2 * time.Second
)

// errMoved ends a request to a broker that does not lead the partition any more. It passes.
var errMoved = errors.New("the broker does not answer, and another one leads the partition by now")

// roundTrip makes a request to the leader of a partition, which answers within `usual` when all is well.
func (c *Client) roundTrip(ctx context.Context, req kafka.Request, at TopicPartition, usual time.Duration) (kafka.Response, error) {
	led := c.knownLeader(at)
	if led == noLeader {
		return c.transport.RoundTrip(ctx, c.kafka.Addr, req)
	}
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	watch := time.AfterFunc(usual+suspectAfter, func() {
		if c.awaitAnother(ctx, at, led) {
			c.avoid(led)
			giveUp(errMoved)
		}
	})
	defer watch.Stop()
	res, err := c.transport.RoundTrip(ctx, c.kafka.Addr, req)
	if err != nil && errors.Is(context.Cause(ctx), errMoved) {
		err = errMoved
	}
	return res, err
}

// awaitAnother waits until another broker leads a partition; false when ctx ends before.
func (c *Client) awaitAnother(ctx context.Context, at TopicPartition, led int) bool {
	for ctx.Err() == nil {
		if now, err := c.askLeader(ctx, at); err == nil && now >= 0 && now != led {
			return true
		}
		_ = retry.Sleep(ctx, suspectEvery)
	}
	return false
}

// askLeader asks any broker who leads a partition: the transport's own connection for that may be to the one that stands still.
func (c *Client) askLeader(ctx context.Context, at TopicPartition) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, suspectFor)
	defer cancel()
	t, err := c.askTopic(ctx, at.Topic)
	if err != nil {
		return noLeader, err
	}
	for _, p := range t.Partitions {
		if int(p.Partition) == at.Partition && p.ErrorCode == 0 {
			return int(p.Leader), nil
		}
	}
	return noLeader, nil
}

// askTopic asks for the metadata of a topic.
func (c *Client) askTopic(ctx context.Context, topic string) (kmsg.MetadataResponseTopic, error) {
	req := kmsg.NewMetadataRequest()
	req.Version = idVersion
	asked := kmsg.NewMetadataRequestTopic()
	asked.Topic = &topic
	req.Topics = append(req.Topics, asked)
	res := kmsg.NewPtrMetadataResponse()
	if err := c.ask(ctx, &req, res); err != nil {
		return kmsg.MetadataResponseTopic{}, err
	}
	for _, t := range res.Topics {
		if t.Topic == nil || *t.Topic != topic {
			continue
		}
		if t.ErrorCode != 0 {
			return t, kafka.Error(t.ErrorCode)
		}
		return t, nil
	}
	return kmsg.MetadataResponseTopic{}, kafka.UnknownTopicOrPartition
}
