package broker

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// heartbeatVersion is one without tags, which every broker of today takes.
const heartbeatVersion = 1

// Attest asks the group's coordinator whether this generation is still in force; nil says that it was at some moment after Attest was called. From then on the
// member's partitions go to nobody else before Session has passed, or the member joins again itself. ErrStaleMember when the group has moved on
// (TestAMemberIsAttestedWhileItsGenerationIsInForce).
//
// kafka-go's own Client.Heartbeat (0.4.51) cannot be used: it reads the answer's error where the throttle time stands, and so says yes to everybody.
func (m *Membership) Attest(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerFor)
	defer cancel()
	err := m.heartbeat(ctx)
	switch {
	case err == nil:
		return nil
	case stale(err):
		return fmt.Errorf("ask group %s for this member: %w (%w)", m.gen.GroupID, ErrStaleMember, err)
	}
	m.coordinator.Store(nil) // it may be another by now
	return fmt.Errorf("ask group %s for this member: %w", m.gen.GroupID, err)
}

func (m *Membership) heartbeat(ctx context.Context) error {
	at := m.coordinator.Load()
	if at == nil {
		found, err := m.client.kafka.FindCoordinator(ctx, &kafka.FindCoordinatorRequest{Key: m.gen.GroupID, KeyType: kafka.CoordinatorKeyTypeConsumer})
		if err == nil {
			err = found.Error
		}
		if err != nil {
			return fmt.Errorf("find the coordinator: %w", err)
		}
		address := net.JoinHostPort(found.Coordinator.Host, strconv.Itoa(found.Coordinator.Port))
		at = &address
		m.coordinator.Store(at)
	}
	conn, err := m.client.transport.Dial(ctx, "tcp", *at)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	req, res := kmsg.NewPtrHeartbeatRequest(), kmsg.NewPtrHeartbeatResponse()
	req.Version, req.Group, req.Generation, req.MemberID = heartbeatVersion, m.gen.GroupID, m.gen.ID, m.gen.MemberID
	if err := askOn(ctx, conn, req, res); err != nil {
		return err
	}
	if res.ErrorCode != 0 {
		return kafka.Error(res.ErrorCode)
	}
	return nil
}
