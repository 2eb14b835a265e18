package warehouse

import (
	"errors"
	"fmt"

	"github.com/freshet/freshet/pkg/broker"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/warehouse/schema"
)

// rawRows are rows of ods.events.
type rawRows struct {
	reader                                  reader
	partition                               []int32
	offset                                  []int64
	life                                    []uint32
	workspace, source, id, kind, name       []string
	identifiers                             [][]string
	original, sent, received, occurred      []int64
	contextJSON, propertiesJSON, traitsJSON []string
	history                                 []bool
}

func newRawRows(n int) *rawRows {
	r := &rawRows{partition: make([]int32, 0, n), offset: make([]int64, 0, n), identifiers: make([][]string, 0, n), history: make([]bool, 0, n)}
	room(n, &r.workspace, &r.source, &r.id, &r.kind, &r.name, &r.contextJSON, &r.propertiesJSON, &r.traitsJSON)
	room(n, &r.original, &r.sent, &r.received, &r.occurred)
	return r
}

func (r *rawRows) add(rec broker.Record) error {
	e, err := r.reader.readEvent(rec)
	if err != nil {
		return err
	}
	kind, err := checkEvent(e)
	if err != nil {
		return err
	}
	ids := make([]string, len(e.Identifiers))
	for i, id := range e.Identifiers {
		ids[i] = id.GetType() + ":" + id.GetValue()
	}
	r.partition = append(r.partition, int32(rec.Partition))
	r.offset = append(r.offset, rec.Offset)
	r.life = append(r.life, rec.Life)
	r.workspace = append(r.workspace, e.Workspace)
	r.source = append(r.source, e.Source)
	r.id = append(r.id, e.EventId)
	r.kind = append(r.kind, kind)
	r.name = append(r.name, e.Name)
	r.identifiers = append(r.identifiers, ids)
	r.original = append(r.original, e.OriginalMs)
	r.sent = append(r.sent, e.SentMs)
	r.received = append(r.received, e.ReceivedMs)
	r.occurred = append(r.occurred, e.OccurredMs)
	r.contextJSON = append(r.contextJSON, textOf(e.ContextJson))
	r.propertiesJSON = append(r.propertiesJSON, textOf(e.PropertiesJson))
	r.traitsJSON = append(r.traitsJSON, textOf(e.TraitsJson))
	r.history = append(r.history, e.History)
	return nil
}

func (r *rawRows) result() rows {
	return rows{tables: []table{{db: schema.ODS, name: "events", rows: len(r.offset), columns: []column{
		{"raw_partition", r.partition}, {"raw_offset", r.offset}, {"raw_life", r.life},
		{"workspace", r.workspace}, {"source", r.source}, {"event_id", r.id}, {"type", r.kind}, {"name", r.name},
		{"identifiers", r.identifiers},
		{"original_at", r.original}, {"sent_at", r.sent}, {"received_at", r.received}, {"occurred_at", r.occurred},
		{"context", r.contextJSON}, {"properties", r.propertiesJSON}, {"traits", r.traitsJSON},
		{"history", r.history},
	}}}}
}

var eventTypes = map[eventv1.EventType]string{
	eventv1.EventType_EVENT_TYPE_TRACK:    "track",
	eventv1.EventType_EVENT_TYPE_IDENTIFY: "identify",
	eventv1.EventType_EVENT_TYPE_PAGE:     "page",
	eventv1.EventType_EVENT_TYPE_SCREEN:   "screen",
	eventv1.EventType_EVENT_TYPE_GROUP:    "group",
	eventv1.EventType_EVENT_TYPE_ALIAS:    "alias",
}

var eventTimes = []string{"original_ms", "sent_ms", "received_ms", "occurred_ms"}

// checkEvent refuses an event that its writer should never have sent, and returns
// its type as a word.
func checkEvent(e *eventv1.Event) (string, error) {
	kind, ok := eventTypes[e.Type]
	switch {
	case !ok:
		return "", fmt.Errorf("event type %d is unknown", e.Type)
	case e.EventId == "":
		return "", errors.New("event_id is empty")
	case e.Workspace == "":
		return "", errors.New("workspace is empty")
	case e.ReceivedMs == 0 || e.OccurredMs == 0:
		return "", errors.New("received_ms and occurred_ms must be set")
	}
	return kind, checkTimes(eventTimes, e.OriginalMs, e.SentMs, e.ReceivedMs, e.OccurredMs)
}
