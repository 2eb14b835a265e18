// Package order says what an order is: the one rule by which all events of one order number become one order, shared by the live
// features, the facts and reconcile. It is pure: it reads no clock, holds no state and talks to nobody; feature's order book keeps
// the events and calls it.
//
// # The rule
//
//  1. Workspace and number name an order, whoever sent its events. An event is its message id.
//  2. "Order Completed" makes the sale, at the earliest time it was said. Several are copies of one sale. "Order Updated" alone is none.
//  3. The words on an order stand in a row: updates before the sale, the copies from the one that says least to the one that says
//     most, updates from the sale on. Value (with currency and rate) and lines are each taken from the last word that has them.
//     A copy says more with a value, then with more priced lines, then with more lines, then with a user id, then the earlier one.
//  4. The customer is that of the earliest copy that names a user id, else of the earliest copy.
//  5. "Order Cancelled" takes the sale back as if it had not been, for good, whenever it came. "Order Adjusted" changes nothing.
//  6. A refund gives back what it says: its value without sign; else, line by line, quantity times its own price or the one of
//     the order's line (found by product, sku, then name); with neither, all that is left. Never more than is left of the order or
//     of the line. A value of 0 beside lines counts the lines. Refunds follow each other by time, then id.
//     One that says what was given back in all adds what the refunds before it lack: these come behind the others, by what they say.
//  7. A refund counts for the order's customer at its own time. Before its sale is known it waits, unless it says its own amount:
//     then it counts at once, for its own customer, until the sale comes and rule 6 holds.
//  8. Amounts count in the workspace's currency by the rate of the word that told the value. Without a value or a rate the order
//     counts as one, with its units, and adds no money.
//
// # Invariants, each with its test
//
//   - The outcome depends on the set of events only: order, repeats and splits do not matter (TestOnlyTheSetMatters).
//   - The postings of an order never give back more than it added, in either currency (TestNeverMoreIsGivenBackThanWasPaid).
//   - Changes add up: what Diff says between outcomes, summed from nothing, is the postings of the last (TestChangesAddUp).
//   - Of each kind a bounded number of events is kept, chosen by their content, never by arrival (TestOnlyTheSetMatters draws
//     more than are kept); an order that had more says so.
package order
