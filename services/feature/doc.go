// Package feature keeps, for every customer, the features and tags that the catalogue declares,
// tells the world whenever one changes, and answers reads as of now
// or of any moment in the past.
//
// Delivery: every resolved event is applied to exactly one customer's state exactly
// once, through retries, crashes, replays and merges. Repeats are dropped by
// high-water marks inside the state record. FeatureSets leave at least once and in
// order of version for each customer; readers drop repeats by version. What could lose
// an event: deleting records from the input topics before they are folded, which stops
// the task with an error, and nothing else.
//
// # Definition
//
// Features and tags are defined once, in a file: see package catalog. Package tally is the Go
// aggregator; package factsql asks the same of ClickHouse for reads with as_of.
//
// # The task
//
// One partition task (package stream, name "feature.state") folds four co-partitioned
// inputs: resolved events, changes of orders, mappings and handovers. All of one customer id meets
// in one partition, since all are keyed by it. A batch collects its changes in memory,
// then publishes at most one FeatureSet for each customer and each run of changes with
// the same reason and history flag: a merge and an event are never mixed, so that
// a reader can tell which of them moved a segment.
//
// What orders are worth to a customer comes from the order book (package orderbook), a second
// task keyed by order, as changes: postings that count from now on, and postings that count no more.
// An event and what it does to an order may be told in two sets, the event's first as a rule.
//
// A customer has one timer: the moment at which something leaves a window, or a tag flips, next.
//
// # Merges
//
// When identity merges B into A, the task of B gets Mapping{B, A}. It sends the whole
// record of B to the handover topic, keyed A, leaves a tombstone, and from then on
// sends every event addressed to B the same way. The task of A adds the record to A's.
// Why no event is lost or counted twice:
//
//   - An event's route is the customer id it was first addressed to; it never changes.
//     For one route and raw partition, events reach the route's task in order of
//     raw offset, repeats aside: identity reads a raw partition in order, and one key goes
//     to one partition.
//   - A tombstone's handedTo never changes. So each route has one path, from tombstone to
//     tombstone, to the customer that lives. Every hop is one task's outbox into one
//     partition, which keeps order: handover before stragglers, stragglers in order.
//     Repeats resend a run that was sent before, never something out of its place.
//   - Therefore, at every customer on the path, the mark of (raw partition, route) covers
//     exactly the events that are in the state: an offset at or below it is a repeat, one
//     above it is new. Merging two records takes the higher mark.
//   - The same holds for changes of orders: their route is the customer they are of, and the order book
//     numbers them by partition, in the order in which they leave it.
//   - An order that goes over from B to A is told to B alone: what it loses, and what A has from now on (Change.moved). Where B's state is A's
//     by now, both count in one set, so that no set has the order twice (TestAnOrderThatGoesOverIsNeverCountedTwice); else B's task sends A its
//     part. Such parts keep no order among each other: the record lists those that came, and sums do not care which of them comes first.
//   - A handover is applied once: the record lists the customers it has absorbed, and a
//     handover carries the lists of those absorbed before.
//
// Chains: C went to B, then B goes to A. If C's handover reaches B before B's tombstone,
// it travels on inside B's record; if after, B's task passes it on, behind B's own
// handover. Identity also writes the flattened Mapping{C, A}. It only changes what
// readers are told (FeatureSet.merged_into), not the path: if C's task sent its next
// straggler straight to A, it could overtake one that is still on its way over B, and
// the mark would drop the slower one. Stragglers are rare and end with identity's lag,
// so the longer path costs nothing.
//
// Tombstones are kept for ever. A cycle of tombstones cannot arise, since a customer goes
// into one that lives and comes back never; a record that was passed on more than
// maxHops times is dead-lettered rather than sent round for ever.
//
// # A catalogue that grew
//
// A record that another catalogue kept is read with a hole: what it lacks, and up to which marks (hole.go). Package fill says how it is filled, and why that is
// exact. A change by which an order went over is noted as arrived also where both customers are one by now: the facts tell by it what the state has.
//
// # What it is not for
//
// It does not decide who is who, does not store events, and knows no segments.
package feature
