// Package catalogue knows the items of a shop: what each is, what it costs, whether it can be had. What shops, imports and events say of items comes as ItemChange records
// of items.changes.v1; one partition task folds them, by item, into items.v1; every replica follows items.v1 into shelves, and answers from these.
//
// Delivery: an upsert is answered when its changes are stored; each change is folded exactly once, and a copy of one changes nothing, since of each field the change with the
// highest (upsert before stub, time, change id) holds. Items leave at least once and in order; readers drop lower versions. What could lose a change: items.changes.v1
// losing records before they are folded, which holds the partition (see package stream).
//
// # Failure cases
//
//   - Changes out of order, repeated, in other batches: the same item (TestAnyOrderAndRepeatsGiveTheSameItem), also through the broker (TestChangesOutOfOrder).
//   - A process ends: what it was told is there again, with the local store or without (TestARestartKeepsTheItems). Another replica goes on (TestTwoReplicas).
//   - A record that cannot be read: it goes to the dead-letter topic, and its neighbours are folded (TestABadRecordIsPutAside).
//   - A bad row of an upsert: it is told with what to change, and its neighbours are taken (TestUpsertNamesBadRows).
//   - items.v1 is made anew or cut: the followers begin anew, and take what it says now.
//   - The shelf is full: further items are counted and have no number (TestAFullShelfCountsWhatItLeavesOut).
//   - Two replicas whose clocks differ take upserts of one item within that difference: the later one by the clocks holds, whoever came first. One replica's upserts
//     hold in the order in which they came (TestUpsertsOfOneReplicaKeepTheirOrder).
//
// # Invariants, each with its test
//
//   - An item that is taken off or out of stock is not offered on any replica within a second (TestGoneWithinASecondOnEveryReplica).
//   - A number of a shelf is one item's for ever, and reads wait for nobody (TestNumbersStayWhileTheShelfGrows).
//   - Whatever an event holds, the changes made of it can be written and are within the bounds (FuzzChanges).
//   - An item has at most 200 attributes: those that were said last; what is above is counted (TestAnItemOfTenThousandAttributes).
//
// # Prices
//
// price_was_micros is the price that was told last, of the same rank (upsert or stub) and currency, that differs from the present one; price_changed_ms is when the present one
// was told first after it. Both follow from the latest 16 tellings in the order of their times, not of their coming. Only behind more than 16 can the order of arrival be seen:
// then repetitions of one price are forgotten first.
//
// It decides nothing about who is shown what: that is package scene. It is no price list: an item has one price and one currency.
package catalogue
