// Package expr compiles the conditions and values of feature definitions: the subset of CEL that looks at one event. What it compiles is evaluated
// over events in Go (Event) and written as ClickHouse SQL over dw.events (SQL), and both give the same answer for every event.
//
// # What can be named
//
//	type name event source identifier channel device_type device_model os browser country region city referrer_host session_id
//	campaign_source campaign_medium campaign_name hour weekday history bot
//	properties.a.b  traits.a  context.a.b      members of the JSON that was sent
//	item.a                                     the element in hand, in a definition with each
//
// event is the track call's own name, and the type's word for any other call. identifier is the
// type of the strongest that the event was sent with: user_id, email, anonymous_id. hour is "00" to "23" and weekday "1" (Monday) to "7", both in UTC. A
// member whose name is no identifier is written properties["a b"].
//
// # How a member is read
//
//   - As a text: a JSON text of 1 to 255 bytes; a whole number below 2^53, in digits; true and false as such words. Everything else is absent.
//   - As a number, in millionths: a JSON number x, or a text that is a plain decimal, becomes the float64 nearest to it, is multiplied by a million and
//     rounded to even; outside plus or minus 9e12, and everything else, is absent.
//   - As a truth value: true and false. Everything else is absent.
//   - Of a key that stands twice in an object the first counts.
//
// # Conditions
//
// Comparisons of one name with one constant (== != < <= > >=; the constant decides how the member is read), name in ["a", "b"], startsWith, endsWith,
// contains, has(name), a name that is a truth value, &&, ||, ! and parentheses. A comparison with something absent is false, != too; has asks for
// presence of a member of any form but null.
package expr
