// Package model keeps models, so that one can trust what serves: which versions there are, what they were trained on, which of them is live, and how far
// customers have drifted since. Churn and recommendation share it.
//
// Files lie in a bucket (a folder, or S3, GCS, Azure: package clouds), under <workspace>/<name>/<version>/. What is there and what is live stands on models.v1,
// which every replica follows to its end and keeps in memory: a service starts without ClickHouse, and asks nobody which model is live.
//
//	Put: files -> version on models.v1     Promote, Rollback, Shadow: state on models.v1     Tell: run on models.v1     -> every Registry -> Changed
//
// # Guarantee
//
//   - A version that is known is whole: its files were there, to the byte, before it was announced (TestAKilledWriterLeavesNothingHalf). What File gives is
//     what Put was given, or an error that says what to do (TestAVersionIsKeptWhole, TestADamagedFileIsNeverLive, TestEveryBucketKeepsFiles).
//   - What becomes live was read whole just before, and may serve (TestADamagedFileIsNeverLive, TestWhatMayNotServeDoesNot).
//   - Who writes waits until it has read back what it wrote: it sees its own promotion, and another replica does within a second
//     (TestARollbackIsEverywhereWithinASecond).
//   - All replicas that have read as far think alike of what is live. States are in one order, that of their counter, and a state is whole: the last writer
//     decides, and what served before can be gone back to, ten champions deep (TestTwoPromotersAtOnce, TestPromoteAndRollBack).
//
// # Failure cases
//
//   - Killed between the files and the announcement: an orphan folder that nobody names, deleted a day later (TestAnOrphanIsSweptAfterADay).
//   - Killed between the announcement and the promotion: a version that serves nobody (TestAVersionThatNobodyPromotedServesNobody). The champion serves on.
//   - Two promote at once, of the same state: both hold for a moment, in an order that all see; the later one goes on from the earlier
//     (TestTwoPromotersAtOnce). Two who roll back at once mean the same champion, and go back once (TestTwoRollBacksAtOnceAreOne). One of two is killed in that
//     moment: the other's champion may be missing among those that can be gone back to.
//   - A write that was given up arrives late, behind later ones: it changes nothing, and the state that holds is written once more, so that compaction and who
//     comes later find it last (TestALatePromotionChangesNothing).
//   - The broker is away: what is known serves on; writes end with the caller's time (TestWithoutABrokerWhatIsKnownStays).
//   - The bucket is away: what is loaded serves on; nothing is put or promoted (TestABucketThatIsAwayChangesNothing).
//   - A file is damaged, missing or somebody else's: ErrCorrupt, ErrNoFile. The champion stays (TestADamagedFileIsNeverLive).
//   - The topic is made anew, or loses its tail: every replica that runs writes down what it knows (TestATopicMadeAnewIsFilledAgain). Where none ran meanwhile
//     the versions are forgotten: the service trains anew. Files of the forgotten ones are never deleted, since another topic's mark is on them.
//   - A record is foreign or unreadable: it is logged and left out (TestForeignRecordsAreLeftOut).
//   - A version is forgotten, being old, while somebody promotes it: it is announced once more (TestAForgottenVersionThatIsPromotedStays). Files go half an hour
//     after their version at the earliest.
//
// # Invariants
//
//   - A version has one place in a state; lists have bounds (TestAVersionHasOnePlaceInAState).
//   - What is live, or can be gone back to, or is among the newest twenty of its model, is not deleted (TestWhatIsLiveIsNeverTooMuch, TestOldVersionsGo).
//   - Sweep deletes only what was meant for this very topic, so that two deployments that share a bucket by mistake lose nothing
//     (TestAnOrphanIsSweptAfterADay). Use one bucket, or one prefix, for each all the same.
//
// # Drift
//
// Profile holds what training looked like; Tally counts live values into the same bins; PSI compares (psi.go has the formula's source, and how much of it is
// chance: TestFewRowsAreNoDrift, TestChanceIsWhatChanceGives).
//
// It is not for training, nor for judging: see packages gbdt, linear, evaluate. It does not say what a model's files hold.
package model
