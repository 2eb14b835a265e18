// Package retail reads the Online Retail file (UCI, CC BY 4.0) and makes events of its invoices. It is not for other files.
//
// One event an invoice, its lines in the file's order, every number as the file has it:
//   - "Order Completed" for plain invoices, also those with lines of negative quantity;
//   - "Order Refunded" for invoices that begin with C: quantities and total are negative, as in the file;
//   - "Order Adjusted", with "adjusted": true, for the three that begin with A: bad debts, no sales.
//
// total is the exact sum of quantity x price. An invoice is at its first line's time, taken as UTC (43 invoices carry two times).
// The customer's number is the user id; an invoice without one gets an anonymous id of its own. The message id depends on the invoice only:
// a second replay, moved in time or not, is the same events again, and the pipeline drops them as duplicates.
package retail
