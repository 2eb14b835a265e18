// Package touch reads what a visitor did with items out of an event. It is pure: the same event always gives the same touches, whatever came before.
//
// # What counts
//
//   - Segment's and RudderStack's e-commerce events, by their names. Neither case counts nor what stands between the words, nor which of two words comes first,
//     as with the collector's names of orders; GA4's names of the same deeds are known too (TestNames).
//   - Lines of an order, by Event.order: a sale is BUY, a refund is RETURN. Several lines of one item are one touch. A refund that names no lines gives money
//     back and no item; an update or a correction of an order is no deed of the visitor. An order that was cancelled is Undone (TestOrders).
//   - Any other track event that names one item (package itemid): VIEW where its name has a word for looking, CLICK where it has one for choosing,
//     else nothing: "Product Shared" and "Coupon Denied" say nothing of taste that could be told apart (TestOthers). A page or a screen that names an item is a VIEW.
//
// A list of products that was shown is no touch: nobody has chosen anything yet. A cart that is looked at is a VIEW of what lies in it. Of one event at most Most
// items are read (TestAnEventIsBounded). Bots make nothing (TestBots).
//
// Value is of sales and refunds alone, in the workspace's currency by the order's own rate; absent where the order has none. A rating stands there in millionths.
//
// It is not for what items are: package catalogue reads that out of the same events.
package touch
