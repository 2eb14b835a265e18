// Package fill reads from the facts what the customers' states lack when the catalogue has grown: what the columns that it did not have before would hold, had
// they been there from the start.
//
// # Guarantee
//
// After it a customer's state is that of a service which had the catalogue from the start: every value is equal, to the bit, as far as the facts reach back
// (TestAGrownCatalogueEqualsOneFromTheStart, on the real engines TestANewFeatureIsFilledFromTheFacts). Until then what is made of such columns is absent,
// and said to be filling: never a number that is too small (the first test looks at the last set that each commit tells of a customer, the second at reads).
//
// # How
//
// A record says exactly what is in its state: for each route and numbering the mark up to which everything is (package feature). A record that
// another catalogue kept is read with a hole: the columns that are missing, and the marks as they are at that moment. What comes from then on counts in all
// columns, new ones too. So what is missing is a fixed set, the facts of those routes up to those marks, whatever happens to the customer meanwhile: it is
// read at leisure, folded by the same engine, and added, which commutes. The hole is part of the record and leaves it in the commit that fills it.
//
//   - Nothing is filled twice: a result counts only for a record that has that very hole (TestAHoleIsFilledOnce).
//   - A merge takes the holes along. Two customers' holes have different routes, so each is filled by itself, before the merge or after it.
//   - A process that is killed goes on with the records that still have holes. There is no other place to keep.
//   - Another change of the catalogue in the middle adds a hole of later marks, and takes columns that are gone out of the earlier one.
//   - The task is never waited for by its partition: results come to it in pages, between its batches, and are committed like any of them.
//
// dw.events and dw.order_postings carry the same numbering as the marks. A posting that went over to another customer within its change is in the state
// when the record lists that change as arrived, and not by a mark.
//
// # Failure cases
//
//   - Facts are not in ClickHouse yet: a page is asked for when the warehouse's group has committed everything that was in its topics when the page
//     was read; every fact up to a mark was. Until then it waits (TestAFillWaitsForTheWarehouse).
//   - ClickHouse or Kafka is away: it waits, says so in the log, and the features stay absent.
//   - The partition goes to another replica: that one finds the holes.
//
// # What cannot be
//
// Facts leave the warehouse three years after their receipt, and what it could not store is in a dead-letter topic: neither is filled. A message id
// that was counted twice because its copies came further apart than identity remembers is one fact.
package fill
