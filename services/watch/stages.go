package watch

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/topics"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	segmentationv1 "github.com/freshet/freshet/proto/gen/freshet/segmentation/v1"
)

// grade is which line an event has.
type grade string

const (
	behaviour grade = "behaviour"
	core      grade = "core"
	// unknown is for what does not say its source.
	unknown grade = "any"
)

// The stages, in the order of the flow; broker is none, and is told like one.
const (
	stageCollector      = "collector"
	stageIdentity       = "identity"
	stageFeature        = "feature"
	stageSegmentation   = "segmentation"
	stageRecommendation = "recommendation"
	stageWarehouse      = "warehouse"
	stageAlerts         = "alerts"
	stageBroker         = "broker"
)

// stageNames are those that can have lines of their own.
var stageNames = []string{stageCollector, stageIdentity, stageFeature, stageSegmentation, stageRecommendation, stageWarehouse, stageAlerts}

// record is what a record says of the event behind it.
type record struct {
	source     string // empty: it does not say
	receivedMs int64
	live       bool
}

// queue is one topic before one consumer group.
type queue struct {
	group, topic string
	// judge tells what a record is; nil where records do not say whether they are live.
	judge func(value []byte) record
	// sourced says that records name their source.
	sourced bool
}

// stage is a step of the flow as it is seen through Kafka.
type stage struct {
	name   string
	queues []queue
}

// stages lists what is watched. endpoints are those that alerts are addressed to.
func stages(warehouseGroup string, endpoints map[string]target) []stage {
	return []stage{
		{stageIdentity, []queue{
			{"identity.state", topics.EventsRaw.Name, rawEvent, true},
			{"identity.merges", topics.IdentityLog.Name, nil, false},
		}},
		{stageFeature, []queue{
			{"feature.state", topics.EventsResolved.Name, resolvedEvent, true},
			{"feature.state", topics.IdentityMappings.Name, nil, false},
			{"feature.state", topics.FeatureHandover.Name, nil, false},
		}},
		{stageSegmentation, []queue{{"segmentation.state", topics.Features.Name, featureSet, false}, {"segmentation.state", topics.Scores.Name, scoreSet, false}}},
		{stageRecommendation, []queue{
			{"recommendation.visitors", topics.EventsResolved.Name, resolvedEvent, true},
			{"recommendation.visitors", topics.IdentityMappings.Name, nil, false},
			{"recommendation.visitors", topics.SegmentTransitions.Name, nil, false},
			{"recommendation.visitors", topics.RecommendationFeedback.Name, nil, false},
			{"recommendation.visitors", topics.VisitorHandover.Name, nil, false},
			{"recommendation.items", topics.ItemChanges.Name, nil, false},
			{"recommendation.loop", topics.Touches.Name, touch, false},
			{"recommendation.loop", topics.Recommendations.Name, nil, false},
			{"recommendation.loop", topics.RecommendationFeedback.Name, nil, false},
			{"recommendation.loop", topics.IdentityMappings.Name, nil, false},
			{"recommendation.loop", topics.LoopHandover.Name, nil, false},
		}},
		{stageWarehouse, []queue{
			{warehouseGroup, topics.EventsRaw.Name, rawEvent, true},
			{warehouseGroup, topics.EventsResolved.Name, resolvedEvent, true},
			{warehouseGroup, topics.EventsRejected.Name, nil, false},
			{warehouseGroup, topics.IdentityMappings.Name, nil, false},
			{warehouseGroup, topics.Scores.Name, nil, false},
			{warehouseGroup, topics.Touches.Name, touch, false},
			{warehouseGroup, topics.Recommendations.Name, nil, false},
			{warehouseGroup, topics.RecommendationOutcomes.Name, nil, false},
		}},
		{stageAlerts, alertQueues(endpoints)},
	}
}

// alertQueues are the consumer groups of alerts.v1: one for each endpoint, and one for what is addressed to none.
func alertQueues(endpoints map[string]target) []queue {
	const group = "segmentation.alerts"
	out := []queue{{group, topics.Alerts.Name, nil, false}}
	for _, name := range slices.Sorted(maps.Keys(endpoints)) {
		out = append(out, queue{group + "." + name, topics.Alerts.Name, alertTo(name), false})
	}
	return out
}

// What cannot be decoded is not live: its stage puts it into a dead-letter topic.

func rawEvent(value []byte) record {
	var e eventv1.Event
	if proto.Unmarshal(value, &e) != nil {
		return record{}
	}
	return ofEvent(&e)
}

func resolvedEvent(value []byte) record {
	var e eventv1.ResolvedEvent
	if proto.Unmarshal(value, &e) != nil {
		return record{}
	}
	return ofEvent(e.GetEvent())
}

func ofEvent(e *eventv1.Event) record {
	return record{source: e.GetSource(), receivedMs: e.GetReceivedMs(), live: !e.GetHistory() && e.GetReceivedMs() > 0}
}

func featureSet(value []byte) record {
	var f featurev1.FeatureSet
	if proto.Unmarshal(value, &f) != nil {
		return record{}
	}
	return record{receivedMs: f.GetReceivedMs(), live: f.GetReceivedMs() > 0}
}

// scoreSet judges scores. Those that no live event is behind, a sweep's and time's, are of no age.
func scoreSet(value []byte) record {
	var s churnv1.ScoreSet
	if proto.Unmarshal(value, &s) != nil {
		return record{}
	}
	return record{receivedMs: s.GetReceivedMs(), live: s.GetReceivedMs() > 0 && !s.GetHistory()}
}

// touch judges what visitors did: as old as the event behind it.
func touch(value []byte) record {
	var m recommendationv1.Touch
	if proto.Unmarshal(value, &m) != nil {
		return record{}
	}
	return record{receivedMs: m.GetReceivedMs(), live: m.GetReceivedMs() > 0 && !m.GetHistory()}
}

// alertTo judges alerts of one endpoint. One that the passing of time caused is as old as its transition.
func alertTo(endpoint string) func([]byte) record {
	return func(value []byte) record {
		var a segmentationv1.Alert
		if proto.Unmarshal(value, &a) != nil || a.GetEndpoint() != endpoint {
			return record{}
		}
		at := a.GetTransition().GetReceivedMs()
		if at == 0 {
			at = a.GetTransition().GetAtMs()
		}
		return record{receivedMs: at, live: at > 0}
	}
}

// grades are those that can be late in a stage.
func (s stage) grades() []grade {
	out := []grade{}
	for _, q := range s.queues {
		if q.sourced {
			out = append(out, behaviour, core)
		} else {
			out = append(out, unknown)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
