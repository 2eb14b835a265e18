// Package warehouse writes facts to ClickHouse and owns its schema: it is the
// only writer of ods, dw and dm. It reads ten topics in one consumer group:
//
//	events.raw.v1        -> ods.events
//	events.rejected.v1   -> ods.rejected
//	events.resolved.v1   -> dw.events, dw.order_events, dw.order_event_items
//	orders.v1            -> dw.orders
//	orders.postings.v1   -> dw.order_postings
//	identity.mappings.v1 -> dw.identity_overrides
//	scores.v1            -> dm.scores
//	touches.v1           -> dw.touches
//	recommendations.v1   -> dm.recommendations
//	recommendation.outcomes.v1 -> dm.recommendation_outcomes
//
// Delivery: every record that is in a topic is in its tables exactly once, as read
// through the views, and at least once in memory of this: a record that no table
// can hold is in <topic>.dlq at least once instead, before its offset is committed.
//
// # How a block lands once
//
// Each partition is written by one loop, in blocks of consecutive offsets [from, to):
//
//  1. plan: commit the offset from with the metadata {"layout":1,"to":N}. From here on every
//     owner of the partition works on exactly this block.
//  2. dead-letter what cannot be converted, acks=all.
//  3. insert the rows of each table as one native block under the token
//     topic/partition/from-to/hash of the records. ClickHouse remembers the tokens
//     of the last 10,000 parts of a table and drops a block it has seen. A block
//     that spans months is split into parts; each is remembered by itself, so a
//     block that landed by half is completed, not doubled.
//     A block is one insert and at most one part a month, however many lines its orders have
//     (TestABlockIsOneInsertWhateverItsRows); its token counts whatever the profile of the ClickHouse
//     user says (TestATokenCountsWhateverTheUsersProfileSays).
//  4. commit the offset to, without metadata.
//
// Events are read off their wire format by hand where they are plain, and by the generated code where
// they are not; both give the same columns (TestColumnsAreThoseOfTheGeneratedCode), and no field is
// forgotten in silence (TestEveryFieldHasAColumn).
//
// # What can go wrong
//
//   - The process dies between 1 and 4: the next owner finds the plan, reads the
//     same block again, converts it to the same rows (conversion is a pure function
//     of the records), and inserts it under the same tokens.
//   - An insert fails, or its answer is lost: it is tried again under its token, for
//     ever, with the offset uncommitted and no more than a block in memory.
//   - A commit's answer is lost: the same commit is tried again; a plan that may have
//     been stored is never changed.
//   - A paused owner wakes up after a rebalance: a plan it had not committed is
//     refused by its generation, so it inserts nothing; a block it was inserting goes
//     in under the token that the new owner uses too.
//   - The topic is made anew, with offsets from 0, or lost its tail: the group's metadata says whose
//     offset it is, so this is a gap (TestATopicMadeAnewUnderTheWarehouse, TestALogThatIsNotTheGroupsIsAGap). The hash makes other tokens.
//   - Records are gone before they were read: the partition stops, loudly (readiness,
//     freshet_kafka_held); broker.gaps makes it go on (TestRetentionThatOvertookTheGroupIsLoud).
//
// # The second guard
//
// Identity's outbox sends a record again after a crash: the same ResolvedEvent, with
// the same raw partition and offset, at another offset of events.resolved.v1. It lands
// in another block, so no token stops it. Tables are therefore ReplacingMergeTree with
// a sorting key, and a partition key, made of columns that a resend cannot change and
// that name the event; equal copies meet, and the views read with FINAL, which is exact
// before any merge has run. dw.orders is one more step: its key is the order's number and its version decides, so a
// newer state of an order replaces the older ones, in whatever order they come (TestDwOrdersShowsTheLastVersion). scores.v1 is compacted: a planned block that is read again may have lost
// records that newer ones of their customer stand for, and then has another token; what is left of it are equal rows, which meet
// (TestABlockOfScoresLandsOnceOverACompaction). A touch is told anew, under another sequence, when its task begins anew or its visitor
// was merged: its key is the event, the line and the kind, and the last that was told holds (TestATouchIsThereOnce). High-water marks by raw partition were not taken: they would
// have to fit into the offset metadata, and would lose an event, not double it, if the
// order ever broke.
package warehouse
