// Package changelog is the rule that says which records of a changelog count. It reads records and gives a state and verdicts; it does no
// I/O and knows no clock. Owners, readers and restores use it alike, so that they agree.
//
// # The rule, in ten lines
//
//  1. Each record carries a mark: the log's id, the epoch of the owner that wrote it and the number (seq) of its commit in that epoch.
//  2. A log's id is random. The first fence of a log says it, each later one says it again.
//  3. A record with another id is void: it was written to a topic that stood here before.
//  4. The log begins with its first fence, which no compaction takes, for each fence has a key of its own. All before it is void.
//  5. A mark is above another when its epoch is higher or, in one epoch, its seq. A fence is its epoch with seq 0.
//  6. A record counts unless its mark is below the highest mark that counted before it.
//  7. A second fence of an epoch, by another owner, is void: the first wins.
//  8. The records of a commit are one batch and have one mark, so that a copy right behind the first changes nothing.
//  9. A void record's key is foreign until a record that counts writes it again: a compaction, which keeps a key's last record, would keep the
//     void one. The owner buries it: it writes the true value, and moves on only then.
//  10. The state is what the records that count leave; what is foreign says where the log's last records are not the state.
//
// # Failure cases
//
//   - An owner that was paused writes behind its successor's fence: 6 (TestVerdicts, and the model test in package stream).
//   - A copy of a commit arrives after the commits that followed it: 6.
//   - A copy of a fence arrives late: 6 and 7.
//   - A topic was deleted and made anew, and an owner of the old one still writes: 3 and 4.
//
// It is not for topics with many writers, nor for deciding who should own: see package stream.
package changelog
