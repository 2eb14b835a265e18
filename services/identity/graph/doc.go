// Package graph is the deterministic state machine of identity: it folds the
// records of identity.log.v1, in their one order, into "which customer owns this
// identifier". It reads and writes bytes through Store and knows nothing of
// Kafka, clocks or goroutines, so the same log gives the same bytes everywhere:
// in every replica (over Pebble) and in the merge emitter (over stream.Tx).
// It is not for un-normalised input: the collector normalises.
//
// # Rules, in this order
//
//  1. Empty and over-long identifiers are left out. (Placeholders, "null" and the
//     like, the collector has left out before, by the list of the workspace.)
//  2. An identifier that was retired (see 4) is considered after all others: it no
//     longer says who somebody is as long as anything else does. That holds for events received
//     from the one on that retired it; an earlier one, looked at again, is whose it was.
//  3. The first identifier that is left is the anchor. Each other one, highest
//     priority first, joins the anchor's customer unless a guard stops it.
//  4. Guards, all checked before the first write:
//     a customer never holds two values of a unique type (user_id), unless a trusted
//     alias said that they are one person's, and then at most 10;
//     a customer has at most 1,000 identifiers and 100 merged ids;
//     an identifier that has tied too many others (a till, a shared telephone) is
//     retired when it would tie one more: it stops being a link.
//     an identifier that brings too many customers or devices together at once is
//     retired as well, a user id too: more than 5 within a minute or 15 within a day.
//     So a value that many clients send for nobody at once, and that no list of
//     placeholders knows, makes one customer of 6 devices and not of 100.
//
// A retired user id stays the first name: its events are its customer's. It ties
// nothing more. A person whose browser keeps no cookies meets this guard, and loses by
// it what their devices did before they logged in, nothing else.
//
// The guard of rushes counts by the time in the log record, never by a clock, in whole
// minutes and days; a record of another minute begins anew. It cannot see what has
// happened already: the first five meetings of a value that is nobody's stay made.
//
// # Aliases
//
// An alias says that a user id and another name are one person. The other name is
// looked up both ways:
//
//   - as a user id that is known: the two customers become one if the source is
//     trusted, else the link is refused;
//   - as a user id not known yet, of a trusted source: the statement is kept, and when
//     the user id comes it joins. So the order of the two does not matter
//     (TestTheOrderOfAnAliasDoesNotMatter);
//   - as an anonymous id, when it is known as one or not known as a user id.
//
// Two trusted aliases of one user id make all three one person.
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
//	i workspace type value        customer id, retired and when, degree, meetings
//	c workspace id                live: counters and unique values; or: merged into
//	l workspace id offset index   one linked identifier with its provenance
//	m workspace id merged-id      one id that was merged into id
//	r workspace id type value     one refused link with its reason
//	a workspace user-id           what a trusted alias said of it, with its provenance
//
// Everything is flattened on write: at a merge the loser's identifiers (at most
// 1,000) and all ids merged into it earlier (at most 100) are re-pointed, so a
// look-up is one Get an identifier and always ends at a live customer.
package graph
