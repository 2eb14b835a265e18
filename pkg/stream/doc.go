// Package stream runs partition tasks: state that follows from Kafka topics, kept
// exactly once through crashes, rebalances and owners that fall asleep.
//
// A task owns one partition of its input topics, a local Pebble store, and one
// partition of a compacted changelog topic. The changelog is the truth; the local
// store is a copy of it that saves reading it all again.
//
// # The state machine, in ten lines
//
//  1. Assigned: read the changelog to its end, then append FENCE(epoch = highest seen + 1, owner).
//  2. Read on up to that fence. Was another fence of the same epoch first? Then go to 1.
//  3. Publish the outputs named by the last commit again (they may not have left).
//  4. Fold input records, from the offsets in the last commit, into a transaction in memory.
//  5. Wait until the outputs of the commit before are stored (so that only the last commit can have unsent ones).
//  6. Append COMMIT as one record batch: changed keys, timers, input offsets, outputs. This is the commit point.
//  7. Did the batch land where the last one ended? Then nobody wrote in between. Else read the gap:
//     a higher epoch means that this owner is fenced: stop, publish nothing. A lower one is a sleeper's
//     write, void for every reader: remember its keys and write their true values with the next commit.
//  8. Apply the commit to the local store and publish its outputs while the next batch is folded.
//  9. Go to 4. Stopping or failing anywhere is safe: what is not in the changelog did not happen.
//  10. Readers of the changelog skip records whose epoch is below the highest fence before them.
//
// # Guarantee
//
// Delivery: every input record is folded into the state exactly once. Outputs leave
// at least once, in order per key, with the same bytes each time, and only after the
// commit that holds them; consumers drop repeats by the ids inside them. Nothing is
// lost while the changelog and the inputs are kept.
//
// # Failure cases
//
//   - Crash before 6: the records are read again; nothing was visible.
//   - Crash after 6, before 8: the next owner finds the commit in the log and publishes its outputs.
//   - The append timed out but was stored: the retry stands twice in the log, the same content under
//     the same epoch; folding it twice gives the same state.
//   - Local store lost, old or damaged: it is thrown away and read again from the changelog.
//   - An owner pauses (SIGSTOP, GC, swap), another takes over, the first wakes up: its append lands
//     behind the new fence, is void, and tells it so before it publishes anything. Compaction must not
//     let the void record win over the true one: hence the rewrite in 7.
//   - The broker's group generation plays no part in safety: it only says who should try.
//   - A handler that fails with Permanent: its writes are undone and the record goes to the
//     dead-letter topic in the same commit. Any other error: the batch is tried again, uncommitted; after
//     Config.RetryFor the partition is held, loudly, and its neighbours go on (TestAFailingHandlerHoldsOnePartition).
//   - Kafka is away: everything waits, however long (TestAnOutageOfKafkaEndsNothing).
//   - Input records are gone before they were read: the partition is held, or goes on behind them, as
//     broker.Config.Gaps says (TestALostInputIsHeldOrPassedOver).
//
// # Invariants
//
//   - state(changelog[0:n]) is a function of the log alone.
//   - At most the last commit has outputs that may not have been published.
//   - The local store never holds anything that is not in the changelog.
//
// It is not for stateless consumers (use broker.RunGroup) nor for state larger
// than a disk.
package stream
