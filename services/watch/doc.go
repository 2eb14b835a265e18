// Package watch tells when live events come too late, from outside the stages that they go through: the alarm behind the freshness promise.
// It believes no stage about itself, since a stage that stopped says nothing; only the collectors are asked, for their spools and whether they are behind.
//
// # What is looked at
//
// Every look compares, for each stage, how far its consumer group has come with what its topics hold, and reads from there on until it has
// the first live event of each grade. Its age is the time since the collector received it. An event is late when it is older than the line of
// its grade and has waited in this stage for `hold` (by the record's time): one that came late into a stage, and goes straight through, is
// the fault of the stage before. The collector's spool is not in Kafka: its age is read from the collectors' own metrics. The broker is asked
// by itself: without it no stage can be seen.
//
// Of some topics (refusals, merges, the identity log) a record does not say whether it is live. There it counts how long the group has stood at
// one offset while records wait; history that is moving is never late.
//
// # Guarantee
//
//   - A live event that is late, whether its stage is slow, stuck, stopped or was never started, is told within every + hold of its line, as
//     freshness.breached (TestEachStageThatStopsIsTold, TestABreachIsToldOnce).
//   - When nothing has been late for `calm`, freshness.restored is told, once (TestABreachIsToldOnce, TestABookAgainstTheRules).
//   - A stage, a collector or the broker that cannot be seen for unseen_for is told too, with the cause "unseen", by the watcher's own
//     requests: nothing of it goes through Kafka (TestABrokerThatIsGoneIsTold).
//   - A collector that has been behind for hold is told as an overload, with the stage where most of it stands, and when it has caught up, with how
//     long it lasted, from when the first collector said so; a collector that cannot be asked ends nothing
//     (TestAnOverloadIsToldWithItsStageAndItsEndWithHowLongItLasted, and on the whole stack standalone's TestOverloadIsToldAndLosesNothing).
//     This is what collectors say of themselves: a collector that is gone is told as unseen.
//   - A training of a model that failed, and a model that serves and was not trained for models_untrained_for, are told as "models", of what models.v1 says:
//     one notice for all models, that names one of them; and when all are trained again (TestATrainingThatFailedIsToldUntilOneSucceeds,
//     TestAModelThatNobodyTrainsIsTold). A model that nobody trained for 30 days counts as given up.
//   - History alone is never late (TestHistoryAloneNeverBreaches). It can be an overload.
//
// Delivery: at least once while the watcher runs, in order for each endpoint; repeats of one message have one webhook-id. What is told is not
// stored: a watcher that is started anew in the middle of a breach tells it again, under another breach_id, and the end of a breach that passed
// while it was away is never told. So a breach is repeated every repeat_every, and one that is not repeated has ended.
//
// # Failure cases
//
//   - The group never committed: the stage has to begin at the oldest record, and that is where it is taken to stand.
//   - A committed offset outside the log (retention, a topic made anew): the same. The stage itself stops over it, loudly.
//   - Group offsets of pkg/stream are hints, a second old: a stage seems older by that second, never fresher.
//   - The broker is gone: ages are not known, and nothing is restored; "broker" is told alone, not every stage behind it.
//   - More than scan_records of other records stand before a live event: the search goes on with the next look, from where it ended, and reads
//     twenty times as many once the record at the group's offset has itself waited longer than a line. A stage that passes history faster than
//     that (10,000 records a second and partition, as the defaults are) may pass a live event behind it before the search has come to it.
//   - An endpoint is down: its messages wait in memory, at most 256, tried for a day. The next ones are dropped and counted.
//   - The watcher is gone: nobody tells. Its metrics are for that: alert on their absence (docs/freshness.md).
//
// # Invariants
//
//   - A position's finds are the first live events of each grade at or after the group's offset (TestAPositionFindsWhatANaiveSearchFinds).
//   - Of each stage, grade and cause at most one breach is open; breached and restored alternate (TestABookAgainstTheRules).
//   - It joins no group, commits nothing, and writes to no topic.
//
// It is not for alerts on anything else: metrics and a monitoring system do that.
package watch
