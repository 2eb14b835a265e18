package watch

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// The types of what is told.
const (
	breached = "freshness.breached"
	restored = "freshness.restored"
)

// Notice is what an endpoint is told: the body of a request, in the form of Standard Webhooks.
type Notice struct {
	// Type is freshness.breached or freshness.restored.
	Type string `json:"type"`
	// Timestamp is when it was found, RFC 3339.
	Timestamp string `json:"timestamp"`
	// Data is what was found.
	Data Data `json:"data"`
}

// Data is one breach, as it is now.
type Data struct {
	// AlertID is the webhook-id: the same on every attempt.
	AlertID string `json:"alert_id"`
	// BreachID is the same from a breach's beginning to its end.
	BreachID string `json:"breach_id"`
	// Stage is collector, identity, feature, segmentation, warehouse, alerts, or broker; overload when more comes than they work off; models of trainings.
	Stage string `json:"stage"`
	// Grade is behaviour, core, or any where the stage does not know the source.
	Grade string `json:"grade"`
	// Cause is late; unseen: nobody can tell; behind, of an overload; of models failed, or old: nothing made a version for too long.
	Cause string `json:"cause"`
	// LineSeconds is what may not be passed; AgeSeconds is the age of the oldest live event that is not through, or how long nothing was seen, or
	// about how long the stages need to work off an overload.
	LineSeconds float64 `json:"line_seconds"`
	AgeSeconds  float64 `json:"age_seconds"`
	// LagRecords is how many records wait before the stage, history included; of an overload before the stage that At names.
	LagRecords int64 `json:"lag_records"`
	// At is the stage where most of an overload stands: identity, orders, feature, segmentation or warehouse; of models the model. Else it is absent.
	At string `json:"at,omitempty"`
	// Since is when the breach was found, of an overload when it began, RFC 3339.
	Since string `json:"since"`
	// Until is when it ended, RFC 3339, and LastedSeconds how long that is from Since; both are of freshness.restored, else absent.
	Until         string  `json:"until,omitempty"`
	LastedSeconds float64 `json:"lasted_seconds,omitempty"`
	// Repeat counts how often the breach was told before.
	Repeat int `json:"repeat"`
	// Summary is a sentence for people, Advice what to do first, Runbook where more is written.
	Summary string `json:"summary"`
	Advice  string `json:"advice"`
	Runbook string `json:"runbook"`
}

const runbook = "docs/runbooks/freshness.md"

// advice is what to do first, by stage.
var advice = map[string]string{
	stageCollector:      "Acknowledged events wait in the collector's spool: see that Kafka takes writes, that the collector runs, and that its disk has room.",
	stageIdentity:       "See that freshet-identity runs and is ready; its log names a record or a partition that it cannot pass. Then compare its rate with the intake's.",
	stageFeature:        "See that freshet-feature runs and is ready; its log names a record or a partition that it cannot pass. Then compare its rate with identity's.",
	stageSegmentation:   "See that freshet-segmentation runs and is ready (it waits for cut points, so for ClickHouse, at its first start).",
	stageRecommendation: "See that freshet-recommendation runs and is ready; its log names a record or a partition that it cannot pass. Lists are given all the same, of what it knows.",
	stageWarehouse:      "See that freshet-warehouse runs and that ClickHouse takes inserts and has disk; its log says which insert fails.",
	stageAlerts:         "An endpoint does not take its alerts, or freshet-segmentation does not run: see freshet_webhook_attempts_total by endpoint.",
	stageOverload:       "Events are taken and none is lost; history is asked to come later by itself. See whether the stage that is named works and gets more replicas or cores, or bound what comes: limits.rate.",
	stageModels:         "The model that serves goes on serving. See that freshet-churn runs and is ready; freshet churn models shows what its trainings said last.",
	stageBroker:         "Kafka does not answer the watcher: see that the brokers run and can be reached. The collector keeps events in its spool meanwhile.",
}

// notice is what a step of the book tells.
func notice(kind string, now time.Time, s state, b *breach) Notice {
	stamp := func(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }
	n := Notice{Type: kind, Timestamp: stamp(now), Data: Data{
		BreachID: b.id, Stage: s.stage, Grade: string(s.grade), Cause: string(s.cause), LineSeconds: s.line.Seconds(), AgeSeconds: s.age.Seconds(),
		LagRecords: s.lag, At: s.at, Since: stamp(b.began), Repeat: b.repeats, Advice: advice[s.stage], Runbook: runbook + "#" + s.stage,
	}}
	round := func(d time.Duration) time.Duration { return d.Round(time.Second) }
	switch {
	case kind == restored:
		lasted := max(0, b.calmSince.Sub(b.began))
		n.Data.AlertID, n.Data.Until, n.Data.LastedSeconds = b.id+"-restored", stamp(b.calmSince), lasted.Seconds()
		n.Data.Summary = fmt.Sprintf("%s is in time again: the breach lasted %s.", s.stage, round(lasted))
		if s.cause == behind {
			n.Data.Summary = fmt.Sprintf("The stages have caught up with what was taken: they were behind for %s. History is taken again.", round(lasted))
		}
		if s.stage == stageModels {
			n.Data.Summary = fmt.Sprintf("Models are trained again: the breach lasted %s.", round(lasted))
		}
		n.Data.Advice = "Nothing is to be done."
	case s.cause == failed:
		n.Data.Summary = "A model is not trained: " + s.words + "."
	case s.cause == old:
		n.Data.Summary = fmt.Sprintf("No training of %s made a version for %s, the line is %s.", s.words, round(s.age), s.line)
	case s.cause == behind:
		n.Data.Summary = fmt.Sprintf("More comes than is worked off: the stages need about %s, the limit is %s; most of it stands before %s. Live events are late, history is asked to come later.",
			round(s.age), s.line, s.at)
	case s.cause == unseen:
		n.Data.Summary = fmt.Sprintf("Nobody can tell how late %s is: it could not be seen for %s.", s.stage, round(s.age))
	default:
		n.Data.Summary = fmt.Sprintf("The oldest live event before %s is %s old, the line is %s; %d records wait.", s.stage, round(s.age), s.line, s.lag)
	}
	if kind == breached {
		n.Data.AlertID = b.id + "-" + strconv.Itoa(b.repeats)
	}
	return n
}

// body is the notice as it is sent.
func (n Notice) body() ([]byte, error) { return json.Marshal(n) }
