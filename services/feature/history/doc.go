// Package history says what was known of customers at moments of the past: for rows of (customer, time) the features that the catalogue in hand would
// have had then. Training sets are made of it: a model must not learn from what nobody knew when it will have to judge.
//
// # What counts
//
// In mode Known a fact counts from the moment when it had both happened and been received: an event by its own two times, an order by those of its
// events, folded anew for each of them by package order, and a merge from the receipt of the event that caused it. So a late event is not in what was
// known before it came, a refund not before it was told, and a customer who was two at that time is two: a row names an id, and what is read is the
// customer that this id was part of then. The id is given back, too, that customer had then.
//
// In mode EventTime, for imported history, whose receipt says nothing, an event counts from when it happened, and merges and orders count as they are
// known today. That is what package factsql says with as_of.
//
// # How
//
// Facts come out of ClickHouse by the present customer, all its ids together, and are folded in the order of time by the stream's own aggregator (package
// tally): one state for each id that was a customer then, states merged when the customers were, a reading at each row's time. A reading is exact: facts are
// added only up to it, and what is pruned no later reading can reach.
//
// # Invariants, each with its test
//
//   - Every value is what the oracle makes of the events received by then, under the merges told by then (TestKnownEqualsOracle), also where rows are
//     many, in any order and of one customer (the same).
//   - In mode EventTime it is what ClickHouse makes of all facts of today, as of then (TestEventTimeEqualsSQL).
//   - No label and no late fact gets in (TestNothingLeaks); who was two customers is two (TestWhoWasTwoIsTwo), and a merge is
//     not known before those that it followed (TestAMergeIsNotKnownBeforeThoseThatItFollowed).
//   - A snapshot has each customer of a date once, as the row of that customer and date would be (TestASnapshotHasEveryCustomerOnce).
//   - Each row is answered exactly once, also of a customer nobody knows (TestEveryRowIsAnsweredOnce).
//   - How the orders are dealt over passes changes nothing (TestPassesChangeNothing).
//
// # Failure cases
//
// It only reads, and keeps nothing: a call that fails is made again. Facts that leave the warehouse after their three years are not known to any row. A
// mapping of ids from before every merge was kept (migration 0009) has the time of its last merge only. The catalogue is the one of now: what another
// version would have said is not asked. A fact that is on its way to the warehouse, a second or two, is not there: ask for moments that long ago. A merge
// that is written meanwhile changes nothing: the merges are read once (TestAMergeThatComesMeanwhileChangesNothing). An event that identity read behind its time counts for the customer it was given to from its receipt on. A customer's
// facts are in memory at once, and of a pass the postings of its orders (Reader.MaxOrders).
package history
