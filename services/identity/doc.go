// Package identity says whose event it is: it turns identifiers into a customer
// id, merges customers, drops client retries, and answers who is who over gRPC.
//
// # How
//
// Who is who is a replicated state machine (package graph) over identity.log.v1,
// one topic with one partition and so one order. Every process folds the whole log
// into a local store, the resolver. Three things use it:
//
//   - The partition task of events.raw.v1 ("identity.state"). Before a batch is
//     folded, each event whose identifiers are not all settled puts one record into
//     the log, and the batch waits until the resolver has read it: some milliseconds,
//     for the few events that say something new. All others cost a look-up. Then each
//     event leaves for events.resolved.v1, keyed by customer.
//   - The merge emitter ("identity.merges"), a partition task over the log itself. It
//     keeps the same state once more in its own changelog and publishes a Mapping for
//     each id that went out of use. The second copy buys exactly-once: state, place in
//     the log and mappings are one commit.
//   - The gRPC API. Any replica answers; an answer may lag an event by milliseconds.
//
// Delivery: every record of events.raw.v1 leads to exactly one of: a resolved
// event, a rejected event, a drop as a duplicate, or a dead letter. The message id
// is marked as seen in the same commit that emits the event. Duplicates are dropped by
// (workspace, event id) for at least 7 days of receipt time, exactly: the topic is keyed
// by them, so all copies of an event meet in one partition whatever else they say
// (TestOneMessageIDCountsOnce). Another event under an id that was seen is rejected as
// duplicate_id (TestAConstantMessageID). The price is that one person's events come in
// no order; what they add up to does not depend on it, under the limits of package
// graph (TestAnyInterleavingGivesTheSameCustomers). Outputs leave at least
// once (see package stream) and always with the same bytes; consumers drop repeats by
// raw partition and offset. A resolved event of an order that has a number leaves once more, for orders.events.v1, keyed by workspace and
// number, in the same commit (TestOrderEventsMeetByTheirNumber). A crash between the append to the log and the commit
// repeats the batch: its identifiers are settled by then, and a record that stands in
// the log twice changes nothing. Nothing is lost while the raw topic's retention (14
// days) is longer than an outage. Mappings are published exactly once in state and at
// least once on the wire, in the order of the log.
//
// # The resolver's copy of the log
//
// identity.log.v1 is an input, not a changelog: many write to it, none owns it, nothing of it is compacted, and every record counts where it
// stands. So the rule of package changelog, which says whose records count, has nothing to decide here: a sleeper's record, or one that lands late, is a
// statement like any other. What there is to decide is whether the log is still the one that was read, and that is broker.Place and broker.Break, as for
// every reader of an input. The store holds the rows, and in the same write the Place that they lead to: the log's id, the offset, a hash of the last record.
//
// Guarantee: the copy is what the log gives to somebody who reads it from its beginning, and so the same in all replicas
// (TestACopyIsWhatTheLogGives, a model with faults at random on a real broker; TestTwoProcessesRace).
//
//   - The log lost its tail, whether it has grown again or not, or was made anew, whether the resolver was running or not: the copy is thrown away and the
//     log read anew. A copy to which nothing new comes asks once a minute (TestACopyOfAnotherLogIsMadeAnew).
//   - The folder came from another cluster: likewise (TestACopyFromAnotherClusterIsMadeAnew). It is an old backup of this one: it goes on
//     (TestAnOldCopyGoesOn). It is damaged, or of another release: read anew (TestADamagedStoreIsReadAgainFromTheLog,
//     TestAStoreInAnotherLayoutIsReadAgainFromTheLog). Another process uses it: it stays (TestALockedStoreIsLeftAlone).
//   - A record lands a second time, behind what others wrote since: it changes nobody (TestALateCopyOfARecord, and graph's TestALateCopyChangesNobody). Only
//     where a rule had stopped something it may tie what another event with the same names would tie then, in every copy alike.
//   - Records are gone that the copy does not have, because retention took the log's head or the broker says it lost some: with broker.gaps "hold" the resolver
//     stands before them and is not ready, and a copy that has them goes on; with "skip" it goes on, and keeps to that (TestMissingLinksHoldAFreshCopy).
//     With "skip", a copy that has more of the head than the log has is made anew, so that replicas agree (TestACopyWithMoreThanTheLogIsMadeAnewUnderSkip,
//     TestACopyThatFallsBehindTheHeadIsMadeAnewUnderSkip).
//   - The broker loses a record that it acknowledged, before it was read: the event that waits for it writes it again
//     (TestNobodyWaitsForARecordThatIsGone, TestARecordThatTheLogLostIsWrittenAgain).
//   - While the log is read anew, events wait and the API answers that it is catching up (TestEventsWaitWhileTheLogIsReadAnew).
//
// What it does not do: links that the log lost are not put back, though replicas knew them; events that say them again bring them back. Until a lost tail is
// noticed, a minute at most, answers follow from it. The embedded broker says which records it lost; a copy that had read those keeps them, and one that is
// made later lacks them. The merge emitter and its mappings are not undone: it is a reader of the log in package stream, and held.
//
// It is not for traits, consent or erasure of facts.
package identity
