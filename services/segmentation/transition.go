package segmentation

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// emit publishes a transition, and its alert where one is due.
func (w *work) emit(m membership, c cause) error {
	t := &segmentationv1.Transition{
		TransitionId: transitionID(w.rec.workspace, m.segment, m.version, w.id, m.seq),
		Workspace:    w.rec.workspace, Segment: m.segment, Version: m.version, CustomerId: w.id, Seq: m.seq,
		Kind: segmentationv1.TransitionKind_TRANSITION_KIND_EXITED, Reason: c.reason,
		AtMs: m.sinceMs, History: c.history, ReceivedMs: c.receivedMs,
	}
	if m.in {
		t.Kind = segmentationv1.TransitionKind_TRANSITION_KIND_ENTERED
	}
	if err := w.send(topics.SegmentTransitions.Name, t); err != nil {
		return err
	}
	w.metrics.moved(m.in, c.reason)
	if !c.alerts() {
		return nil
	}
	endpoint := w.book.alerts(m.segment, m.in)
	if endpoint == "" {
		return nil
	}
	w.metrics.alerts.Inc()
	return w.send(topics.Alerts.Name, &segmentationv1.Alert{AlertId: t.TransitionId, Transition: t, Endpoint: endpoint})
}

// send emits a message keyed by the customer.
func (w *work) send(topic string, m proto.Message) error {
	value, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode for %s: %w", topic, err)
	}
	w.tx.Emit(broker.Message{Topic: topic, Key: []byte(w.id), Value: value})
	return nil
}

// transitionID names a transition: the first 128 bits of SHA-256 over its parts, each
// text with its length before it, as 32 hexadecimal digits.
func transitionID(workspace, segment string, version int64, customerID string, seq int64) string {
	b := joined("", workspace, segment, customerID)
	b = binary.BigEndian.AppendUint64(b, uint64(version))
	b = binary.BigEndian.AppendUint64(b, uint64(seq))
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
