// Package stream runs partition tasks: state that follows from Kafka topics, kept
// exactly once through crashes, rebalances, owners that fall asleep, and logs that lie about their past.
//
// A task owns one partition of its input topics, a local Pebble store, and one
// partition of a compacted changelog topic. The changelog is the truth; the local
// store is a copy of it that saves reading it all again. Which records of it count is the rule of package changelog.
//
// # The state machine, in ten lines
//
//  1. Assigned: prove that the local store belongs to the log, read the changelog to its end, then append a fence with an id of its own.
//  2. Read on up to that fence, from the last record that counts, which has to be there still; from the beginning where none does. Was
//     another fence of the same epoch first? Then append another. An append that was not answered: read on likewise, then append another.
//  3. Publish the outputs named by the last commit again (they may not have left).
//  4. Fold input records, from the places in the last commit, into a transaction in memory.
//  5. Wait until the outputs of the commit before are stored (so that only the last commit can have unsent ones).
//  6. Append COMMIT as one record batch: changed keys, timers, places in the inputs, outputs. This is the commit point.
//  7. Did the batch land where the last one ended, at the first try, and no second after that one was sent? Then nobody wrote in between. Else read the log
//     again from the last own record on: another fence means that this owner is fenced; another record in that place, or an earlier end, that the log lost its tail.
//     Either way: stop, publish nothing. Void records are remembered, and buried by the next commit, which then has to come.
//  8. Apply the commit to the local store and publish its outputs while the next batch is folded.
//  9. Go to 4. An owner with nothing to commit looks at the log's end once a minute, as in 7.
//  10. A local store goes on from the last commit that had nothing to bury; it names that commit and the last record it has seen.
//
// # Guarantee
//
// Delivery: every input record is folded into the state exactly once. Outputs leave
// at least once, in order per key, with the same bytes each time, and only after the
// commit that holds them; consumers drop repeats by the ids inside them. Nothing is
// lost while the changelog and the inputs are kept; where either lost records, that is told, and what came later is folded all the same
// (TestEveryRecordIsFoldedOnceAndEmittedOnce, TestRestartsAndLostDisksLoseNothing, TestKillMinusNineLosesNothing, TestTheLogIsTheState).
//
// # Failure cases
//
//   - Crash before 6: the records are read again; nothing was visible (TestRestartsAndLostDisksLoseNothing).
//   - Crash after 6, before 8: the next owner finds the commit in the log and publishes its outputs (TestOutputsOfADecidedCommitLeaveAtTheNextStart).
//   - The append timed out but was stored: the retry stands in the log twice (TestAnAppendStoredWithoutAnswerCountsOnce).
//   - It was stored later, behind commits that followed it: void, and buried (TestALateCopyOfACommitIsVoid).
//   - Local store lost, old or damaged: it is thrown away and read again from the changelog (TestADamagedLocalStoreIsReadAgainFromTheChangelog).
//   - Damage that is met by a running task: the same, and the process goes on (TestDamageMetByATaskIsMendedFromTheChangelog).
//   - The local store is open elsewhere: it is waited for (TestAStoreIsTakenOverFromWhoIsEnding), 15 s; then the process ends, and the store stays
//     (TestAStoreThatAnotherHasOpenIsNeverThrownAway). A disk that is full or does not answer throws nothing away: see package localstore.
//   - An owner pauses (SIGSTOP, GC, swap), another takes over, the first wakes up: its append is void, and tells it so before it
//     publishes anything (TestASleeperThatWakesUpCorruptsNothing, TestAFencedWriteIsVoidAndRepaired).
//   - Whoever found what is to be buried ends before it is: the next owner finds it again (TestAVoidWriteIsBuriedAfterARestart,
//     TestARestoringOwnerRepairsVoidWrites), also when the void record is a commit (TestAVoidCommitHidesNothing), and without anything to fold
//     (TestAnOwnerAtRestBuries).
//   - The changelog lost its tail, or was made anew: the owner is told at its next append or look (TestALostTailIsTold), and a local store of
//     the log as it was is thrown away, however far the log has grown since (TestAStoreOfAnotherLogIsThrownAway).
//   - It lost its tail while somebody was opening it, or before an owner had read an answer, and others have filled its place: whoever had read or
//     written that tail is told before it goes on (TestLivesThatWereLostInSilence).
//   - Changelog and input lose what was read of the input together: where a local store still knows of it, that is told, and held or passed over likewise
//     (TestWhatIsGoneFromChangelogAndInputIsTold).
//   - Input records are gone before they were read, because retention took them or the input was cut or made anew: the partition is held, or goes on
//     behind them, as broker.Config.Gaps says (TestALostInputIsHeldOrPassedOver, TestABrokenInput).
//   - Kafka is away, or the leader of a log alone: everything waits, however long (TestAnOutageOfKafkaEndsNothing,
//     TestALeaderAwayWhileTheCoordinatorLivesEndsNothingOnThreeBrokers).
//   - The topics were given other partition counts: refused (TestAnotherPartitionCountIsRefused).
//   - The broker's group generation plays no part in safety: it only says who should try (TestTwoOwnersShareThePartitionsThroughRebalances).
//   - A handler that fails with Permanent: its writes are undone and the record goes to the dead-letter topic in the same commit
//     (TestPoisonGoesToTheDeadLetterTopicAndItsNeighboursSurvive). Any other error: the batch is tried again (TestAPassingFaultOfTheHandlerIsTriedAgain);
//     after Config.RetryFor the partition is held, loudly, and its neighbours go on (TestAFailingHandlerHoldsOnePartition).
//   - The machine's clock is more than an hour from the broker's: the process ends and says so (TestAClockFarFromTheBrokersIsRefused).
//
// What is assumed: a compaction takes nothing for the sake of a record younger than min.compaction.lag.ms (an hour), and within that time some
// owner is alive to bury what is void. A broker that loses a tail needs longer than a second for it, and the connections to it end. It does not lose a
// tail, and have it filled by others past the place where a reader stands, between two answers to that reader's requests in a row.
// Two processes with the same random id do not exist.
//
// # Invariants
//
//   - state(changelog[0:n]) is a function of the log alone, and the same after a compaction (TestTheLogIsTheState).
//   - At most the last commit has outputs that may not have been published.
//   - The local store never holds anything that is not in the changelog.
//
// It is not for stateless consumers (use broker.RunGroup) nor for state larger
// than a disk.
package stream
