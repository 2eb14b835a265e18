package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/freshet/freshet/pkg/retry"
)

// ErrStaleMember says that the group has moved on without this member: what it
// wanted to commit belongs to somebody else now.
var ErrStaleMember = errors.New("the consumer group has moved on without this member")

// GroupConfig names a consumer group.
type GroupConfig struct {
	// Group is the group's name: <service>.<purpose>.
	Group string
	// Topics are what it reads. Topics with equal partition counts are assigned alike (range assignment).
	Topics []string
	// SessionTimeout is how long a silent member keeps its partitions. Zero means 10 s.
	SessionTimeout time.Duration
}

// Membership is one generation of this member in its group.
type Membership struct {
	client   *Client
	gen      *kafka.Generation
	assigned []TopicPartition
	session  time.Duration
	// coordinator is the address that Attest has found.
	coordinator atomic.Pointer[string]
}

// Assigned lists the partitions this member has, by topic and number. It may be empty.
func (m *Membership) Assigned() []TopicPartition { return m.assigned }

// Generation counts the group's rebalances.
func (m *Membership) Generation() int { return int(m.gen.ID) }

// Session is how long a silent member keeps its partitions.
func (m *Membership) Session() time.Duration { return m.session }

// stale says that the coordinator's answer means ErrStaleMember.
func stale(err error) bool {
	return errors.Is(err, kafka.IllegalGeneration) || errors.Is(err, kafka.UnknownMemberId) || errors.Is(err, kafka.RebalanceInProgress) ||
		errors.Is(err, kafka.FencedInstanceID)
}

// Committed returns the group's offset of a partition and its metadata; -1 when there is none.
func (m *Membership) Committed(ctx context.Context, tp TopicPartition) (int64, string, error) {
	offsets, err := m.client.Committed(ctx, m.gen.GroupID, tp)
	if err != nil {
		return 0, "", err
	}
	o := offsets[tp]
	return o.Offset, o.Metadata, nil
}

// Commit stores the group's offset of a partition, with metadata. ErrStaleMember
// when the group has moved on; other errors are worth a retry.
func (m *Membership) Commit(ctx context.Context, tp TopicPartition, offset int64, metadata string) error {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	res, err := m.client.kafka.OffsetCommit(ctx, &kafka.OffsetCommitRequest{
		GroupID: m.gen.GroupID, GenerationID: int(m.gen.ID), MemberID: m.gen.MemberID,
		Topics: map[string][]kafka.OffsetCommit{tp.Topic: {{Partition: tp.Partition, Offset: offset, Metadata: metadata}}},
	})
	if err != nil {
		return fmt.Errorf("commit offset %d of %s for group %s: %w", offset, tp, m.gen.GroupID, err)
	}
	for _, p := range res.Topics[tp.Topic] {
		switch {
		case p.Error == nil:
		case stale(p.Error):
			return fmt.Errorf("commit offset %d of %s for group %s: %w (%w)", offset, tp, m.gen.GroupID, ErrStaleMember, p.Error)
		default:
			return fmt.Errorf("commit offset %d of %s for group %s: %w", offset, tp, m.gen.GroupID, p.Error)
		}
	}
	return nil
}

// CommittedOffset is a group's position in one partition.
type CommittedOffset struct {
	// Offset is the next record to read; -1 when the group never committed.
	Offset   int64
	Metadata string
}

// Committed returns a group's positions.
func (c *Client) Committed(ctx context.Context, group string, tps ...TopicPartition) (map[TopicPartition]CommittedOffset, error) {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	req := &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{}}
	for _, tp := range tps {
		req.Topics[tp.Topic] = append(req.Topics[tp.Topic], tp.Partition)
	}
	res, err := c.kafka.OffsetFetch(ctx, req)
	if err == nil {
		err = res.Error
	}
	out := make(map[TopicPartition]CommittedOffset, len(tps))
	if errors.Is(err, kafka.GroupIdNotFound) { // some brokers say so where others answer -1 for each partition
		for _, tp := range tps {
			out[tp] = CommittedOffset{Offset: -1}
		}
		return out, nil
	}
	if err != nil {
		return nil, fmt.Errorf("fetch offsets of group %s: %w", group, err)
	}
	for topic, parts := range res.Topics {
		for _, p := range parts {
			if p.Error != nil {
				return nil, fmt.Errorf("fetch offset of %s/%d for group %s: %w", topic, p.Partition, group, p.Error)
			}
			out[TopicPartition{topic, p.Partition}] = CommittedOffset{Offset: p.CommittedOffset, Metadata: p.Metadata}
		}
	}
	return out, nil
}

// RunGroup joins a group and calls fn once a generation, until ctx ends (nil) or
// fn fails with an error of its own. fn's context ends when the group rebalances:
// fn then finishes what is in hand and returns, soon, and RunGroup joins again.
// fn may also return nil early to give its partitions back and join anew.
func (c *Client) RunGroup(ctx context.Context, cfg GroupConfig, fn func(context.Context, *Membership) error) error {
	if cfg.SessionTimeout == 0 {
		cfg.SessionTimeout = 10 * time.Second
	}
	logger := c.logger.With("group", cfg.Group)
	shares := &assigner{}
	cg, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: cfg.Group, Brokers: c.cfg.Addresses, Topics: cfg.Topics,
		Dialer:            &kafka.Dialer{ClientID: "freshet", Timeout: 5 * time.Second, DialFunc: c.dialer.dial},
		GroupBalancers:    []kafka.GroupBalancer{shares},
		HeartbeatInterval: cfg.SessionTimeout / 10,
		SessionTimeout:    cfg.SessionTimeout,
		RebalanceTimeout:  cfg.SessionTimeout,
		JoinGroupBackoff:  500 * time.Millisecond,
		StartOffset:       kafka.FirstOffset,
		Timeout:           answerFor,
		ErrorLogger: kafka.LoggerFunc(func(msg string, args ...any) {
			logger.LogAttrs(ctx, slog.LevelWarn, "consumer group", slog.String("detail", fmt.Sprintf(msg, args...)))
		}),
	})
	if err != nil {
		return fmt.Errorf("join group %s: %w", cfg.Group, err)
	}
	pauses := retry.Backoff{First: 200 * time.Millisecond, Most: 5 * time.Second}
	for {
		gen, err := cg.Next(ctx)
		if ctx.Err() != nil {
			return closeGroup(cg, nil)
		}
		if err != nil {
			logger.Warn("joining the consumer group failed; trying again", "error", err)
			if retry.Sleep(ctx, time.Second) != nil {
				return closeGroup(cg, nil)
			}
			continue
		}
		if topic := shares.lacked(); topic != "" {
			logger.Warn("the group's coordinator does not know a topic yet; joining the group again", "topic", topic)
			joinAgain(ctx, gen, pauses.Next())
			continue
		}
		pauses.Reset()
		if err := c.runGeneration(ctx, gen, cfg.SessionTimeout, fn); err != nil && ctx.Err() == nil {
			return closeGroup(cg, err)
		}
	}
}

// joinAgain ends a generation after a while: the next one is another sharing out.
func joinAgain(ctx context.Context, gen *kafka.Generation, wait time.Duration) {
	gen.Start(func(genCtx context.Context) {
		genCtx, cancel := context.WithCancel(genCtx)
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		_ = retry.Sleep(genCtx, wait)
	})
}

// runGeneration calls fn with a context that ends with the generation or with ctx.
func (c *Client) runGeneration(ctx context.Context, gen *kafka.Generation, session time.Duration, fn func(context.Context, *Membership) error) error {
	m := &Membership{client: c, gen: gen, assigned: assignedIn(gen), session: session}
	done := make(chan error, 1)
	gen.Start(func(genCtx context.Context) {
		fnCtx, cancel := context.WithCancel(ctx)
		defer cancel()
		stop := context.AfterFunc(genCtx, cancel)
		defer stop()
		done <- fn(fnCtx, m)
	})
	return <-done
}

func assignedIn(gen *kafka.Generation) []TopicPartition {
	var out []TopicPartition
	for topic, parts := range gen.Assignments {
		for _, p := range parts {
			out = append(out, TopicPartition{topic, p.ID})
		}
	}
	slices.SortFunc(out, func(a, b TopicPartition) int {
		if a.Topic != b.Topic {
			if a.Topic < b.Topic {
				return -1
			}
			return 1
		}
		return a.Partition - b.Partition
	})
	return out
}

func closeGroup(cg *kafka.ConsumerGroup, err error) error {
	if cerr := cg.Close(); cerr != nil && !errors.Is(cerr, kafka.ErrGroupClosed) {
		return errors.Join(err, fmt.Errorf("leave the consumer group: %w", cerr))
	}
	return err
}
