// Package topics names every Kafka topic of Freshet once, with its key, schema,
// writer and readers. It is not for producing or consuming: see broker and stream.
package topics

import (
	"time"

	"github.com/freshet/freshet/pkg/wire"
)

// Topic is one Kafka topic and how it is made.
type Topic struct {
	// Name is <domain>.<fact>.v<major>.
	Name string
	// Single says that the topic has one partition, whatever the deployment's
	// partition count: it carries a total order or a tiny broadcast.
	Single bool
	// Compacted says that only the last record of a key is kept.
	Compacted bool
	// Retention is how long a record is kept; zero means for ever. Ignored when Compacted.
	Retention time.Duration
}

const day = 24 * time.Hour

var (
	// EventsRaw has key workspace and event id (customer.EventKey), value event.v1.Event.
	// Writer collector; readers identity, warehouse.
	EventsRaw = Topic{Name: "events.raw.v1", Retention: 14 * day}
	// EventsRejected has key workspace and event id, value event.v1.RejectedEvent.
	// Writers collector, identity; reader warehouse.
	EventsRejected = Topic{Name: "events.rejected.v1", Retention: 30 * day}
	// EventsResolved has key customer id, value event.v1.ResolvedEvent.
	// Writer identity; readers warehouse, feature, recommendation's visitors task.
	EventsResolved = Topic{Name: "events.resolved.v1", Retention: 14 * day}
	// OrderEvents has key order.Key (workspace and order number), value event.v1.ResolvedEvent: the order events of
	// events.resolved.v1 once more, so that all events of one order meet, whoever sent them.
	// Writer identity; reader feature's order book.
	OrderEvents = Topic{Name: "orders.events.v1", Retention: 14 * day}
	// Orders has key order.Key, value order.v1.Order: an order each time it changes. Writer feature; readers warehouse, programs.
	Orders = Topic{Name: "orders.v1", Retention: 14 * day}
	// OrderPostings has key customer id, value order.v1.Change: what orders add to and take from customers.
	// Writer feature's order book; readers feature, warehouse. Co-partitioned with events.resolved.v1.
	OrderPostings = Topic{Name: "orders.postings.v1", Retention: 14 * day}
	// IdentityLog has key workspace, value identity.v1.LogRecord. One total order, kept for ever.
	// Writer identity; readers all identity replicas.
	IdentityLog = Topic{Name: "identity.log.v1", Single: true}
	// IdentityMappings has key the customer id that was merged away, value identity.v1.Mapping.
	// Writer identity; readers warehouse, feature, recommendation's visitors and loop tasks. Co-partitioned with events.resolved.v1.
	IdentityMappings = Topic{Name: "identity.mappings.v1"}
	// FeatureHandover has key customer id, value feature's own internal record: the state of a
	// merged customer, and stragglers that arrived under its old id.
	// Writer and reader feature. Co-partitioned with events.resolved.v1.
	FeatureHandover = Topic{Name: "features.handover.v1", Retention: 14 * day}
	// Features has key customer id, value feature.v1.FeatureSet.
	// Writer feature; readers segmentation, churn. Co-partitioned with events.resolved.v1.
	Features = Topic{Name: "features.v1", Retention: 7 * day}
	// FeatureCatalogue has key the schema as 16 hexadecimal digits, value feature.v1.Catalogue: what the positions of a FeatureSet mean. Kept for
	// ever. Broadcast. Writer feature; readers everybody who reads features.v1.
	FeatureCatalogue = Topic{Name: "features.catalog.v1", Single: true, Compacted: true}
	// TaskOwners has key "<task>/<partition>", value fleet.v1.Owner: which replica answers for a partition of a task. Broadcast.
	// Writers and readers feature, churn, segmentation and recommendation: see package fleet.
	TaskOwners = Topic{Name: "tasks.owners.v1", Single: true, Compacted: true}
	// SegmentTransitions has key customer id, value segmentation.v1.Transition.
	// Writer segmentation; readers product apps, CRM, recommendation's visitors task. Co-partitioned with events.resolved.v1.
	SegmentTransitions = Topic{Name: "segments.transitions.v1", Retention: 30 * day}
	// SegmentCutPoints has key workspace, value segmentation.v1.CutPoints. Broadcast.
	// Writer segmentation; readers all segmentation replicas.
	SegmentCutPoints = Topic{Name: "segments.cutpoints.v1", Single: true, Compacted: true}
	// Scores has key customer id, value churn.v1.ScoreSet: what models and warnings say of a customer.
	// Writer churn; readers segmentation, warehouse, programs. Co-partitioned with features.v1.
	Scores = Topic{Name: "scores.v1", Compacted: true}
	// Models has keys as model.v1.Record says, value model.v1.Record: the versions of models and which of them are live. Broadcast.
	// Writers and readers churn, recommendation; see package model.
	Models = Topic{Name: "models.v1", Single: true, Compacted: true}
	// ItemChanges has key ItemKey (workspace and item id), value recommendation.v1.ItemChange: what somebody says of an item.
	// Writers recommendation's visitors task and its API; reader recommendation's items task.
	ItemChanges = Topic{Name: "items.changes.v1", Retention: 7 * day}
	// Items has key ItemKey, value recommendation.v1.Item: an item each time it changes. Kept for ever.
	// Writer recommendation's items task; readers all recommendation replicas, programs.
	Items = Topic{Name: "items.v1", Compacted: true}
	// Touches has key customer id, value recommendation.v1.Touch: what visitors do with items.
	// Writer recommendation's visitors task; readers all recommendation replicas, recommendation's loop task, warehouse. Co-partitioned with events.resolved.v1.
	Touches = Topic{Name: "touches.v1", Retention: 14 * day}
	// Recommendations has key customer id, value recommendation.v1.Answer: the lists that were given.
	// Writer recommendation; readers recommendation's loop task, warehouse, programs. Co-partitioned with events.resolved.v1.
	Recommendations = Topic{Name: "recommendations.v1", Retention: 14 * day}
	// RecommendationFeedback has key customer id, value recommendation.v1.Feedback: what callers say became of lists.
	// Writer recommendation; readers recommendation's loop and visitors tasks. Co-partitioned with events.resolved.v1.
	RecommendationFeedback = Topic{Name: "recommendation.feedback.v1", Retention: 14 * day}
	// RecommendationOutcomes has key customer id, value recommendation.v1.Outcome: what became of each place of a list.
	// Writer recommendation's loop task; readers all recommendation replicas, warehouse, programs.
	RecommendationOutcomes = Topic{Name: "recommendation.outcomes.v1", Retention: 30 * day}
	// VisitorHandover has key customer id, value recommendation's own internal record: the past of a merged customer, and stragglers that
	// arrived under its old id. Writer and reader recommendation's visitors task. Co-partitioned with events.resolved.v1.
	VisitorHandover = Topic{Name: "recommendation.visitors.handover.v1", Retention: 14 * day}
	// LoopHandover is the same of recommendation's loop task.
	LoopHandover = Topic{Name: "recommendation.loop.handover.v1", Retention: 14 * day}
	// Alerts has key customer id, value segmentation.v1.Alert.
	// Writer segmentation; reader segmentation's webhook delivery.
	Alerts = Topic{Name: "alerts.v1", Retention: 7 * day}
	// AlertsDead are alerts that no endpoint took; same key and value as Alerts, the reason in headers.
	AlertsDead = DeadLetter(Alerts)

	// IdentityChangelog is the state of identity's partition tasks. Internal, as the other changelogs: see package stream.
	IdentityChangelog = Topic{Name: "identity.state.changelog.v1", Compacted: true}
	// IdentityMergeChangelog is the state of identity's merge emitter. Internal.
	IdentityMergeChangelog = Topic{Name: "identity.merges.changelog.v1", Single: true, Compacted: true}
	// FeatureChangelog is the state of feature's partition tasks. Internal.
	FeatureChangelog = Topic{Name: "feature.state.changelog.v1", Compacted: true}
	// OrdersChangelog is the state of feature's order book. Internal.
	OrdersChangelog = Topic{Name: "orders.state.changelog.v1", Compacted: true}
	// ChurnChangelog is the state of churn's partition tasks. Internal.
	ChurnChangelog = Topic{Name: "churn.state.changelog.v1", Compacted: true}
	// ItemsChangelog is the state of recommendation's items task. Internal.
	ItemsChangelog = Topic{Name: "recommendation.items.changelog.v1", Compacted: true}
	// VisitorsChangelog is the state of recommendation's visitors task. Internal.
	VisitorsChangelog = Topic{Name: "recommendation.visitors.changelog.v1", Compacted: true}
	// LoopChangelog is the state of recommendation's loop task. Internal.
	LoopChangelog = Topic{Name: "recommendation.loop.changelog.v1", Compacted: true}
	// SegmentationChangelog is the state of segmentation's partition tasks. Internal.
	SegmentationChangelog = Topic{Name: "segmentation.state.changelog.v1", Compacted: true}
)

// ItemKey names an item among all workspaces. The workspace's length stands before it, so that ("a", "bc") and ("ab", "c") differ.
func ItemKey(workspace, itemID string) []byte {
	return append(wire.AppendText(make([]byte, 0, len(workspace)+len(itemID)+2), workspace), itemID...)
}

// DeadLetter is the topic for records of t that can never be handled:
// same key and value, the reason in headers.
func DeadLetter(t Topic) Topic {
	return Topic{Name: t.Name + ".dlq", Single: true, Retention: 30 * day}
}

// All lists every topic, in the order they are made.
func All() []Topic {
	base := []Topic{
		EventsRaw, EventsRejected, EventsResolved, OrderEvents, Orders, OrderPostings, IdentityLog, IdentityMappings,
		FeatureHandover, Features, FeatureCatalogue, TaskOwners, SegmentTransitions, SegmentCutPoints, Scores, Models, Alerts, AlertsDead,
		ItemChanges, Items, Touches, Recommendations, RecommendationFeedback, RecommendationOutcomes, VisitorHandover, LoopHandover,
		IdentityChangelog, IdentityMergeChangelog, FeatureChangelog, OrdersChangelog, ChurnChangelog, SegmentationChangelog,
		ItemsChangelog, VisitorsChangelog, LoopChangelog,
	}
	return append(base,
		DeadLetter(EventsRaw), DeadLetter(EventsRejected), DeadLetter(EventsResolved), DeadLetter(IdentityLog),
		DeadLetter(IdentityMappings), DeadLetter(FeatureHandover), DeadLetter(Features), DeadLetter(Scores),
		DeadLetter(OrderEvents), DeadLetter(Orders), DeadLetter(OrderPostings),
		DeadLetter(ItemChanges), DeadLetter(Touches), DeadLetter(Recommendations), DeadLetter(RecommendationFeedback), DeadLetter(RecommendationOutcomes),
		DeadLetter(VisitorHandover),
		DeadLetter(LoopHandover), DeadLetter(SegmentTransitions),
	)
}
