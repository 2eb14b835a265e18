// Package visitor knows what each customer touched: the partition task recommendation.visitors. It folds events, merges, segments' transitions and dismissals into one
// record a customer, tells every touch on touches.v1 and what events say of items on items.changes.v1, and answers View for any customer, whichever replica has him.
//
// Delivery: every input record is folded into the state exactly once (package stream). A touch leaves at least once with the same bytes; repeats are dropped by
// (partition, sequence), which rises also should the changelog be lost (TestTheSequenceRisesAlsoWithoutItsState). Copies of an event, under whichever name it comes, are told once,
// because the record has it already (TestCopiesCountOnce, TestRandomLogAgainstOracle). Told again are copies, which identity lets through after a week only, of three kinds: older than
// all that a full record keeps; of a visit without consent that is over; of what a withdrawn consent took away. The last two have a pseudonym.
//
// # The record
//
// A join-semilattice: sets bounded to the newest, latest words, and maxima. So any order, grouping and repetition of joins give the same record
// (TestJoinIsASemilattice, TestFullSetsJoinAlike), and neither a repeated handover nor a straggler needs a mark. Of events likewise, where each of them speaks of consent or none does
// (TestFoldingIsInAnyOrder); silent ones that come late around a change of consent are decided by what was known when they came, and when in doubt not kept.
//
//   - The newest MostTouches touches that are no purchases, and the newest MostBought purchases and returns, apart from each other (TestViewsDoNotCrowdOutPurchases). A sale is
//     its order's and its item's: browser and server tell the same one (TestCopiesCountOnce). A cancelled order hides what was bought in it, whichever came first
//     (TestACancelledOrderIsUndone).
//   - Segments by the highest seq, dismissed items by their latest time, both bounded (TestSegmentsAndDismissedItems, TestDismissedAndSegmentsAreBounded); the country of the
//     newest event; whether the customer feeds the catalogue (TestItemsAreTold).
//   - When a profile was allowed last, and forbidden last.
//
// # Consent
//
// An event may allow a profile, forbid one, or say nothing (TestConsentWords); who has said nothing yet is as Config.Unsaid says (TestWhoSaysNothing). A touch is kept on a basis: the time of the consent it rests
// on, 0 where nobody said anything. Whatever rests on no later consent than the last denial is taken out, at once and for good, also when it comes late or from another customer's
// record (TestConsentWithdrawn). Touches without a basis are kept for Pause, for the visit that is under way, and a timer takes them away. On touches.v1 they stand under a random number which is drawn for the visit and forgotten
// with it, without order and event: nobody can work out the customer from it, or tell two visits to be one person's. They name no segments either (TestTouchesNameSegments). It is no secret from who reads events.resolved.v1 as well: time, item and
// country are the same there, and a recommendation's id leads to the list that was given. Dismissed items and the country stay: the first is the visitor's own wish.
//
// # Merges
//
// Who was merged away leaves his record to the other by the handover and a tombstone in its place; what comes late under the old id is passed on. Chains are followed by records
// and reads, the joined past counts at once (TestMergedHistoryCountsAtOnce); a circle, which identity does not make, ends in the dead-letter topic after 100 steps (TestMergesInACircleEnd).
// Segments are not handed over, and transitions under the old id are nobody's: segmentation tells of the remaining customer by itself, and counts each one's transitions apart.
//
// # Failure cases
//
//   - The process is killed, the local store is lost: the state is that of the last commit (TestRandomLogAgainstOracle).
//   - Partitions move: any replica answers for any customer (package fleet, TestAnyReplicaAnswers).
//   - A record that cannot be read, or is under another's key, goes to its topic's dead letters, its neighbours are folded (TestBadRecordsAreDeadLettered). State and handovers of a newer release
//     are waited for (TestStateOfANewerReleaseIsToldApart).
//   - Bots make nothing (TestBotsTeachNothing). An order of 10,000 lines is bounded (package touch).
//
// # State of a partition
//
//	c/<customer>  the record, or a tombstone
//	w/<workspace> the workspaces that have customers here
//	s             the sequence of touches
//
// The bytes of each have a golden file (TestGoldenState). It is not for what models make of touches, nor for what becomes of lists.
package visitor
