// Package identity says whose event it is: it turns identifiers into a customer
// id, merges customers, drops client retries, and answers who is who over gRPC.
//
// # How
//
// Who is who is a replicated state machine (package graph) over identity.log.v1,
// one topic with one partition and so one order. Every process folds the whole log
// into a local store, the resolver. Three things use it:
//
//   - The partition task of events.raw.v1 ("identity.state"). Before a batch is
//     folded, each event whose identifiers are not all settled puts one record into
//     the log, and the batch waits until the resolver has read it: some milliseconds,
//     for the few events that say something new. All others cost a look-up. Then each
//     event leaves for events.resolved.v1, keyed by customer.
//   - The merge emitter ("identity.merges"), a partition task over the log itself. It
//     keeps the same state once more in its own changelog and publishes a Mapping for
//     each id that went out of use. The second copy buys exactly-once: state, place in
//     the log and mappings are one commit.
//   - The gRPC API. Any replica answers; an answer may lag an event by milliseconds.
//
// Delivery: every record of events.raw.v1 leads to exactly one of: a resolved
// event, a rejected event, a drop as a duplicate, or a dead letter. The message id
// is marked as seen in the same commit that emits the event. Duplicates are dropped by
// (workspace, event id) for at least 7 days of receipt time, exactly: the topic is keyed
// by them, so all copies of an event meet in one partition whatever else they say
// (TestOneMessageIDCountsOnce). Another event under an id that was seen is rejected as
// duplicate_id (TestAConstantMessageID). The price is that one person's events come in
// no order; what they add up to does not depend on it, under the limits of package
// graph (TestAnyInterleavingGivesTheSameCustomers). Outputs leave at least
// once (see package stream) and always with the same bytes; consumers drop repeats by
// raw partition and offset. A resolved event of an order that has a number leaves once more, for orders.events.v1, keyed by workspace and
// number, in the same commit (TestOrderEventsMeetByTheirNumber). A crash between the append to the log and the commit
// repeats the batch: its identifiers are settled by then, and a record that stands in
// the log twice changes nothing. Nothing is lost while the raw topic's retention (14
// days) is longer than an outage. Mappings are published exactly once in state and at
// least once on the wire, in the order of the log.
//
// It is not for traits, consent or erasure of facts.
package identity
