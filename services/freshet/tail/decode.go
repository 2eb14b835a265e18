// Package tail reads the records of a topic and writes each as one line of JSON, its value decoded by the topic's schema. It is for
// people who look; it joins no consumer group and commits nothing.
package tail

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	fleetv1 "github.com/freshet/freshet/proto/gen/freshet/fleet/v1"
	identityv1 "github.com/freshet/freshet/proto/gen/freshet/identity/v1"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	orderv1 "github.com/freshet/freshet/proto/gen/freshet/order/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// schemas holds what each public topic carries. The others are a service's own.
var schemas = map[string]func() proto.Message{
	topics.EventsRaw.Name:              func() proto.Message { return &eventv1.Event{} },
	topics.EventsRejected.Name:         func() proto.Message { return &eventv1.RejectedEvent{} },
	topics.EventsResolved.Name:         func() proto.Message { return &eventv1.ResolvedEvent{} },
	topics.OrderEvents.Name:            func() proto.Message { return &eventv1.ResolvedEvent{} },
	topics.Orders.Name:                 func() proto.Message { return &orderv1.Order{} },
	topics.OrderPostings.Name:          func() proto.Message { return &orderv1.Change{} },
	topics.IdentityLog.Name:            func() proto.Message { return &identityv1.LogRecord{} },
	topics.IdentityMappings.Name:       func() proto.Message { return &identityv1.Mapping{} },
	topics.Features.Name:               func() proto.Message { return &featurev1.FeatureSet{} },
	topics.FeatureCatalogue.Name:       func() proto.Message { return &featurev1.Catalogue{} },
	topics.TaskOwners.Name:             func() proto.Message { return &fleetv1.Owner{} },
	topics.SegmentTransitions.Name:     func() proto.Message { return &segmentationv1.Transition{} },
	topics.SegmentCutPoints.Name:       func() proto.Message { return &segmentationv1.CutPoints{} },
	topics.Scores.Name:                 func() proto.Message { return &churnv1.ScoreSet{} },
	topics.Models.Name:                 func() proto.Message { return &modelv1.Record{} },
	topics.Alerts.Name:                 func() proto.Message { return &segmentationv1.Alert{} },
	topics.ItemChanges.Name:            func() proto.Message { return &recommendationv1.ItemChange{} },
	topics.Items.Name:                  func() proto.Message { return &recommendationv1.Item{} },
	topics.Touches.Name:                func() proto.Message { return &recommendationv1.Touch{} },
	topics.Recommendations.Name:        func() proto.Message { return &recommendationv1.Answer{} },
	topics.RecommendationFeedback.Name: func() proto.Message { return &recommendationv1.Feedback{} },
	topics.RecommendationOutcomes.Name: func() proto.Message { return &recommendationv1.Outcome{} },
}

// Line is a record as it is shown.
type Line struct {
	Topic     string            `json:"topic"`
	Partition int               `json:"partition"`
	Offset    int64             `json:"offset"`
	Time      time.Time         `json:"time"`
	Key       string            `json:"key,omitempty"`
	Headers   map[string]string `json:"headers,omitempty"`
	// Value is the message as JSON, null for a tombstone, or base64 where the topic has no public schema or the value does not fit it.
	Value json.RawMessage `json:"value"`
	// Undecoded says why Value is base64.
	Undecoded string `json:"undecoded,omitempty"`
}

// Decode makes a line of a record.
func Decode(rec broker.Record) Line {
	line := Line{Topic: rec.Topic, Partition: rec.Partition, Offset: rec.Offset, Time: rec.Time.UTC(), Key: readable(rec.Key)}
	for _, h := range rec.Headers {
		if line.Headers == nil {
			line.Headers = map[string]string{}
		}
		line.Headers[h.Key] = readable(h.Value)
	}
	line.Value, line.Undecoded = value(rec)
	return line
}

func value(rec broker.Record) (decoded json.RawMessage, undecoded string) {
	if rec.Value == nil {
		return json.RawMessage("null"), ""
	}
	schema := schemas[strings.TrimSuffix(rec.Topic, ".dlq")]
	if schema == nil {
		return quote(base64.StdEncoding.EncodeToString(rec.Value)), "the topic is internal to its service"
	}
	msg := schema()
	if err := proto.Unmarshal(rec.Value, msg); err != nil {
		return quote(base64.StdEncoding.EncodeToString(rec.Value)), err.Error()
	}
	b, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(msg)
	if err != nil {
		return quote(base64.StdEncoding.EncodeToString(rec.Value)), err.Error()
	}
	return unwrap(b), ""
}

// unwrap shows JSON that travels as bytes as the JSON it is, instead of base64.
func unwrap(b json.RawMessage) json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal(b, &object) != nil {
		return b
	}
	for k, v := range object {
		switch k {
		case "context_json", "properties_json", "traits_json", "payload":
			var raw []byte
			if json.Unmarshal(v, &raw) != nil {
				continue
			}
			if object[k] = quote(readable(raw)); json.Valid(raw) && utf8.Valid(raw) {
				object[k] = raw
			}
		case "event":
			object[k] = unwrap(v)
		}
	}
	out, err := json.Marshal(object)
	if err != nil {
		return b
	}
	return out
}

// readable is text with the NULs between the parts of a key shown as "|" and what is not UTF-8 as a replacement character.
func readable(b []byte) string {
	return strings.ToValidUTF8(strings.ReplaceAll(string(b), "\x00", "|"), "\uFFFD")
}

func quote(s string) json.RawMessage {
	b, err := json.Marshal(s)
	if err != nil {
		return json.RawMessage(`""`) // strings always marshal
	}
	return b
}
