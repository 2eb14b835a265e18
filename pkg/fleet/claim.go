package fleet

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	fleetv1 "github.com/freshet/freshet/proto/gen/freshet/fleet/v1"
)

const (
	// lookEvery is how often a replica looks whether the directory names it for what it has.
	lookEvery = time.Second
	// claimWithin bounds one try to say so.
	claimWithin = 5 * time.Second
)

// Run says which partitions this process has, until ctx ends (nil).
func (t *Task) Run(ctx context.Context) error {
	if t.fleet == nil {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	producer := t.fleet.deps.Broker.NewProducer(broker.ProducerConfig{})
	for {
		if err := t.claim(ctx, producer); err != nil && ctx.Err() == nil {
			t.fleet.deps.Logger.WarnContext(ctx, "other replicas could not be told of this one's partitions; trying again", "task", t.p.Name(), "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-t.p.Changed():
		}
	}
}

// claim tells of the partitions for which the directory names somebody else, unless that is an owner of a later tenure.
func (t *Task) claim(ctx context.Context, producer *broker.Producer) error {
	address := t.fleet.deps.Address()
	if address == "" {
		return nil
	}
	claims := map[seat]owner{}
	var msgs []broker.Message
	for _, n := range t.p.Owned() {
		tenure, ok := t.p.Tenure(n)
		s, mine := seat{t.p.Name(), n}, owner{address: address, tenure: tenure}
		if named, known := t.fleet.directory.of(s); !ok || known && (named == mine || supersedes(named.tenure, tenure)) {
			continue
		}
		value, err := proto.Marshal(&fleetv1.Owner{
			Task: s.task, Partition: int32(n), Address: address, Tenure: asProto(tenure), SinceMs: t.fleet.deps.Now().UnixMilli(),
		})
		if err != nil {
			return fmt.Errorf("encode a claim: %w", err)
		}
		claims[s] = mine
		msgs = append(msgs, broker.Message{Topic: topics.TaskOwners.Name, Key: fmt.Appendf(nil, "%s/%d", s.task, n), Value: value})
	}
	if len(msgs) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, claimWithin)
	defer cancel()
	if err := producer.Produce(ctx, msgs...); err != nil {
		return err
	}
	for s, o := range claims {
		t.fleet.directory.put(s, o)
	}
	return nil
}
