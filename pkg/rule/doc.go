// Package rule turns conditions written by people, over features, traits and tags, into leaves and boolean
// trees that can be asked three things: does this customer match now, at which millisecond does the answer change if
// nothing more happens, and why does it hold. Segments and tags are such conditions.
//
// A condition is a small part of CEL (https://cel.dev): comparisons of one feature with one constant, joined by &&,
// || and !, with parentheses. CEL's own parser reads it; everything outside the
// part is refused with its position and what is allowed, so that a condition which
// loads always means the same in the stream, in ClickHouse and in a test oracle (TestAgainstCEL).
//
// What can be compared, by the kind that the catalogue gives a feature:
//   - numbers, such as orders_30d or spend_365d, in the unit people write: money and shares with decimals, durations in the unit of their
//     definition. They are integers, so that the comparison is exact. They change only when the feature service publishes
//     a new set, which it does by itself when a window slides: they need no timer here.
//   - elapsed time, such as days_since_last_order, hours_since_event("Product Viewed"), a feature that is an age, or
//     days_since_ and a tag: continuous, in milliseconds, no calendar days. It grows by itself, so
//     such a leaf flips with no event, at a moment known in advance (TestNextFlipIsExact).
//   - texts: == != in startsWith endsWith contains.
//   - lists: "shoes" in top_categories, top_categories["shoes"] >= 0.3.
//   - traits: traits.plan == "gold", traits.age >= 18. Traits that name a person cannot be looked at.
//   - scores, beside the features (Beside): a predicted number such as churn_risk_90d > 0.7, its band as a text, and warnings and the hold-out as tags.
//   - ever("Order Completed"): the event was seen at least once. has(last_order): there is a value. A tag is a condition by itself.
//
// Of what is absent, or never happened, or was not scored, every comparison is false, > as well as < and != (TestOfAbsentScoresEveryComparisonIsFalse).
//
// Equal leaves are kept once for all rules of a Set and evaluated once a customer.
//
// It is not for deciding who is told of a match, nor for keeping memberships:
// the services do that.
package rule
