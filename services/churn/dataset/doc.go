// Package dataset makes what models learn from: a row a customer and date, with what was known of them then, and what they did behind it.
//
// What is promised:
//
//   - Nothing that was not known at a row's date is in the row, but for the label (TestOnRealEngines has this and the next): rows come from
//     GetHistoricalFeatures, and go through package row, as those of serving do, cell by cell.
//   - Who is in it is decided by the target's own condition, on what was known then.
//   - The same facts give the same table, in the same order. Where there are more rows than fit, customers are drawn by
//     a hash of who they are, the same ones at every date.
//
// Dates lie on a grid, back from the last one whose outcome is known. It ends now for a shop that sells, and with the newest sale where a history was
// imported and nothing came since (TestTheGrid): who did not buy after the end of a file did not leave.
//
// Rows are of what had been received by their date (mode known), unless most of the history was received long after it happened, as imports are: then they
// are of what had happened by then (mode event_time), and Set.Why says so. Labels are always of what happened, as it is known today: an order that was told
// late is an order. A row is of a customer of today, by the id they have now: two customers who became one later are two rows then only where both ids are
// asked for, which is not done.
//
// It reads only, and keeps nothing. A feature service that is busy or away is waited for (Reader.Patience); every request is made again from its start.
package dataset
