// Package graph is the deterministic state machine of identity: it folds the
// records of identity.log.v1, in their one order, into "which customer owns this
// identifier". It reads and writes bytes through Store and knows nothing of
// Kafka, clocks or goroutines, so the same log gives the same bytes everywhere:
// in every replica (over Pebble) and in the merge emitter (over stream.Tx).
// It is not for un-normalised input: the collector normalises.
//
// # Rules, in this order
//
//  1. Identifiers that name nobody (customer.Blocked: "null", "-1", zeros, ...),
//     empty and over-long ones are left out.
//  2. An identifier that was retired (see 4) is considered after all others: it no
//     longer says who somebody is as long as anything else does.
//  3. The first identifier that is left is the anchor. Each other one, highest
//     priority first, joins the anchor's customer unless a guard stops it.
//  4. Guards, all checked before the first write:
//     a customer never holds two values of a unique type (user_id);
//     a customer has at most 1,000 identifiers and 100 merged ids;
//     an identifier that has tied too many others (a till, a shared telephone) is
//     retired when it would tie one more: it stops being a link.
//
// An identifier that a guard stops is refused: it stays where it was, or unknown,
// and the event belongs to the anchor's customer. This is Segment's rule "drop the
// lowest-priority identifier and match again", narrowed to the identifiers that
// take part in the conflict: [user_id B, e-mail of A, new cookie] keeps the cookie.
// So a second person on a shared device gets a customer of their own and the
// device's anonymous_id stays with the first.
//
// A new customer is named after its anchor: customer.ID(workspace, type, value,
// epoch), epoch 0 unless that id was in use before. When customers merge, the one
// seen first in the log survives and keeps its name.
//
// A refused link is itself recorded, once and with the event that asked for it, up
// to 100 a customer: the log and the state show what was stopped, and an event that
// repeats it changes nothing.
//
// # State
//
// Keys begin with one byte; workspace and type are length-prefixed, so that no two
// different keys have the same bytes. Values begin with a version byte.
//
//	i workspace type value        customer id, retired, degree
//	c workspace id                live: counters and unique values; or: merged into
//	l workspace id offset index   one linked identifier with its provenance
//	m workspace id merged-id      one id that was merged into id
//	r workspace id type value     one refused link with its reason
//
// Everything is flattened on write: at a merge the loser's identifiers (at most
// 1,000) and all ids merged into it earlier (at most 100) are re-pointed, so a
// look-up is one Get an identifier and always ends at a live customer.
package graph
