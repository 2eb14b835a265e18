package identity

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/services/identity/graph"
)

// Field numbers of event.v1.Event, event.v1.Order, event.v1.Identifier and event.v1.ResolvedEvent.
// TestWireFollowsTheContract holds them against the generated code.
const (
	eventIDField, workspaceField, typeField, nameField, identifiersField, receivedField, occurredField = 1, 2, 4, 5, 6, 9, 10
	propertiesField, traitsField, orderField, historyField, aliasField                                 = 12, 13, 14, 15, 20

	aliasPreviousField, aliasTrustedField = 1, 2

	orderIDField = 1

	identifierTypeField, identifierValueField = 1, 2

	resolvedEventField, resolvedCustomerField, resolvedEpochField, resolvedPartitionField, resolvedOffsetField, resolvedLifeField = 1, 2, 3, 4, 5, 6
)

var errEvent = errors.New("not an event")

// rawEvent is what identity needs of an event. The rest stays as it came: an event
// is neither decoded nor encoded on its way through.
type rawEvent struct {
	id, workspace string
	identifiers   []graph.Identifier
	receivedMS    int64
	occurredMS    int64
	history       bool
	// orderID is the number of the order that the event is about; "" when it is about none that has one.
	orderID string
	// previous and trusted are of an alias; empty for other events.
	previous string
	trusted  bool
	// content is a hash of what a client's retry repeats: the call, its name, properties and traits; no names of the person and no times.
	content uint64
}

// tiedMS is the time that the guards count by.
func (e rawEvent) tiedMS() int64 {
	if e.history && e.occurredMS > 0 {
		return e.occurredMS
	}
	return e.receivedMS
}

// statement is what the event says of who is who.
func (e rawEvent) statement() graph.Statement {
	return graph.Statement{
		Workspace: e.workspace, Identifiers: e.identifiers, Previous: e.previous, Trusted: e.trusted, AtMS: e.tiedMS(), ReceivedMS: e.receivedMS,
	}
}

// parseEvent reads the fields identity needs, and the frame of all others.
func parseEvent(b []byte) (rawEvent, error) {
	var e rawEvent
	var content xxhash.Digest
	content.Reset()
	err := eachField(b, func(num protowire.Number, bytes []byte, n uint64) (err error) {
		switch num {
		case eventIDField:
			e.id, err = utf8Text(bytes)
		case workspaceField:
			e.workspace, err = utf8Text(bytes)
		case identifiersField:
			var id graph.Identifier
			id, err = parseIdentifier(bytes)
			e.identifiers = append(e.identifiers, id)
		case receivedField:
			e.receivedMS = int64(n)
		case occurredField:
			e.occurredMS = int64(n)
		case aliasField:
			err = e.parseAlias(bytes)
			writeContent(&content, num, bytes, n)
		case typeField, nameField, propertiesField, traitsField:
			writeContent(&content, num, bytes, n)
		case orderField:
			e.orderID, err = parseOrderID(bytes)
		case historyField:
			e.history = n != 0
		}
		return err
	})
	e.content = content.Sum64()
	switch {
	case err != nil:
		return rawEvent{}, fmt.Errorf("%w: %w", errEvent, err)
	case e.id == "":
		return rawEvent{}, fmt.Errorf("%w: it has no event_id", errEvent)
	case e.workspace == "":
		return rawEvent{}, fmt.Errorf("%w: it has no workspace", errEvent)
	case e.receivedMS <= 0:
		return rawEvent{}, fmt.Errorf("%w: its received_ms is %d", errEvent, e.receivedMS)
	}
	return e, nil
}

// writeContent adds one field to a hash, so that no two different lists of fields are the same bytes.
func writeContent(h *xxhash.Digest, num protowire.Number, bytes []byte, n uint64) {
	var buf [24]byte
	head := binary.AppendUvarint(buf[:0], uint64(num))
	head = binary.AppendUvarint(head, n)
	head = binary.AppendUvarint(head, uint64(len(bytes)))
	_, _ = h.Write(head)
	_, _ = h.Write(bytes)
}

func (e *rawEvent) parseAlias(b []byte) error {
	return eachField(b, func(num protowire.Number, bytes []byte, n uint64) (err error) {
		switch num {
		case aliasPreviousField:
			e.previous, err = utf8Text(bytes)
		case aliasTrustedField:
			e.trusted = n != 0
		}
		return err
	})
}

// parseOrderID reads the number out of an order.
func parseOrderID(b []byte) (id string, err error) {
	err = eachField(b, func(num protowire.Number, bytes []byte, _ uint64) (err error) {
		if num == orderIDField {
			id, err = utf8Text(bytes)
		}
		return err
	})
	return id, err
}

func parseIdentifier(b []byte) (graph.Identifier, error) {
	var id graph.Identifier
	err := eachField(b, func(num protowire.Number, bytes []byte, _ uint64) (err error) {
		switch num {
		case identifierTypeField:
			id.Type, err = utf8Text(bytes)
		case identifierValueField:
			id.Value, err = utf8Text(bytes)
		}
		return err
	})
	return id, err
}

// eachField calls fn for each length-delimited field, with its bytes, and each
// varint field, with its number; other fields are checked and passed over.
func eachField(b []byte, fn func(num protowire.Number, bytes []byte, n uint64) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		var bytes []byte
		var number uint64
		switch typ {
		case protowire.BytesType:
			bytes, n = protowire.ConsumeBytes(b)
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(b)
		default:
			n = protowire.ConsumeFieldValue(num, typ, b)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if err := fn(num, bytes, number); err != nil {
			return fmt.Errorf("field %d: %w", num, err)
		}
	}
	return nil
}

func utf8Text(b []byte) (string, error) {
	if !utf8.Valid(b) {
		return "", errors.New("invalid UTF-8")
	}
	return string(b), nil
}

// encodeResolved wraps the event's bytes into a ResolvedEvent.
func encodeResolved(rec broker.Record, customerID string, epoch int64) []byte {
	b := make([]byte, 0, len(rec.Value)+len(customerID)+48)
	b = protowire.AppendTag(b, resolvedEventField, protowire.BytesType)
	b = protowire.AppendBytes(b, rec.Value)
	b = protowire.AppendTag(b, resolvedCustomerField, protowire.BytesType)
	b = protowire.AppendString(b, customerID)
	b = appendVarint(b, resolvedEpochField, epoch)
	b = appendVarint(b, resolvedPartitionField, int64(rec.Partition))
	b = appendVarint(b, resolvedOffsetField, rec.Offset)
	if rec.Life != 0 {
		b = protowire.AppendTag(b, resolvedLifeField, protowire.Fixed32Type)
		b = protowire.AppendFixed32(b, rec.Life)
	}
	return b
}

// appendVarint leaves out zero, as proto3 does.
func appendVarint(b []byte, num protowire.Number, v int64) []byte {
	if v == 0 {
		return b
	}
	b = protowire.AppendTag(b, num, protowire.VarintType)
	return protowire.AppendVarint(b, uint64(v))
}
