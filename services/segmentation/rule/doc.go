// Package rule turns segment rules written by people into leaves and boolean
// trees that can be asked two things: does this customer match now, and at which
// millisecond does the answer change if nothing more happens.
//
// A rules file is YAML: see File. A rule's condition is a small part of CEL
// (https://cel.dev): comparisons of one feature with one constant, joined by &&,
// || and !, with parentheses. CEL's own parser reads it; everything outside the
// part is refused with its position and what is allowed, so that a rule which
// loads always means the same in the stream, in ClickHouse and in a test oracle.
//
// Three kinds of leaves:
//   - a windowed number, such as orders_30d or spend_365d, compared with a
//     constant. Numbers are integers (money in micros), so that the comparison is
//     exact. They change only when the feature service publishes a new set, which
//     it does by itself when a window slides: they need no timer here.
//   - elapsed time, such as days_since_last_order or hours_since_event("Product
//     Viewed"): continuous, in milliseconds, no calendar days. It grows by itself, so
//     such a leaf flips with no event, at a moment known in advance. What never
//     happened has no elapsed time: every comparison with it is false, > as well as <.
//   - ever("Order Completed"): the event was seen at least once.
//
// Equal leaves are kept once for all rules of a Set and evaluated once a customer.
//
// It is not for deciding who is told of a match, nor for keeping memberships:
// package segmentation does both.
package rule
