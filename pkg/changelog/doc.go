// Package changelog is the rule that says which records of a changelog count. It reads records and gives verdicts; it does no I/O and knows no
// clock. Owners, readers and restores use it alike, so that they agree.
//
// # The rule, in ten lines
//
//  1. An owner begins with a fence: a random id of its own, the log's id, and its epoch, one above the fence before.
//  2. The log begins with its first fence, whose id is the log's. All before it is void, fences of other logs too.
//  3. A fence counts if it has the log's id and an epoch above that of the fence before it: of two of an epoch the first.
//  4. Each other record carries a mark: the fence it was written under, the number (seq) of its commit, and the place of the commit that it builds on.
//  5. A record counts if its fence is the last that counts, and its commit is the first under it or builds on the last that counts. The first builds on
//     all that stands before the fence, which its owner has read.
//  6. The records of a commit are one batch and have one mark, so that a copy right behind the first changes nothing.
//  7. Where the commit that it builds on is gone, a compaction took it, and the record counts if its number is higher. Where another record stands
//     in that place, the log was cut and grew again, and it is void.
//  8. Each fence has a key of its own, so that no compaction takes one.
//  9. A void record's key is foreign until a record that counts writes it again: a compaction, which keeps a key's last record, would keep the
//     void one. The owner buries it: it writes the true value, and moves on only then.
//  10. The state is what the records that count leave; what is foreign says where the log's last records are not the state.
//
// # Failure cases
//
//   - An owner that was paused writes behind its successor's fence: 5.
//   - A copy of a commit, or of a fence, arrives after what followed it: 5 and 3.
//   - The log loses its tail, and an owner who knew the tail writes on: 7. Its fence was in the tail: 5.
//   - The topic is deleted and made anew, or the log is cut to nothing, and an owner of the old one still writes: 2 and 5.
//
// The rule judges a log that is read whole. Whoever reads it in pieces has to know that they are of one log: package stream says how.
//
// TestVerdicts has each of them; TestTheLogIsTheState in package stream has them all at random, with compactions and crashes in between.
//
// It is not for topics with many writers, nor for deciding who should own: see package stream.
package changelog
