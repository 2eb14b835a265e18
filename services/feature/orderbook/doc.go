// Package orderbook keeps, for every order, the events that have a say in it, and tells what they make of it: the order itself to
// orders.v1, and what that changes for customers to orders.postings.v1. The rule is package order; this package gives it memory.
//
// Delivery: every order event is in its order once, through retries, crashes and replays, since an order is a function of the set of
// its events by id. Orders and changes leave at least once, and in order for each key; readers drop repeats by version, and by
// partition and sequence. What could lose an event: deleting records of orders.events.v1 before they are folded, which stops the task.
//
// # Why it is a task of its own
//
// Features are kept by customer, and the events of one order may be of several: the browser that knows nobody, the server that knows
// the buyer, the back office that refunds. So identity sends each order event once more, keyed by workspace and number. All of one
// order meets in one partition of this task ("feature.orders").
//
// # Invariants, each with its test
//
//   - Whatever the order, repeats and crashes, the sum of all changes of a customer is the sum of the postings of the orders as their
//     events tell them (feature: TestEveryEventCountsOnceThroughMerges, TestStreamEqualsSQLEqualsOracle).
//   - sequence rises by one with every change of the partition; it is part of the commit that emits the change, so a crash repeats a
//     change under its number or does not number it (TestChangesAreNumberedWithoutGaps).
//   - An event that changes nothing tells nothing (TestSilentEventsTellNothing).
//
// It knows no windows, no segments and no customers but by id; it drops no event as a duplicate that identity let through.
package orderbook
