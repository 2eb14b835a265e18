// Package arms learns from outcomes what an item's place in a list is worth trying for: it counts impressions and clicks, and draws click rates from what is believed of them
// (Thompson sampling). The live service and the simulation of package regret draw here, so that the simulation judges the code that serves.
//
// # What is believed
//
// A scene tells visitors apart by a context (package scene: the category that somebody is after, or a segment): a name out of a small set; that of who is not known is empty. There is an arm for
// the scene, for each category and each item in it, and for each of these in each context.
//
// An item's like is its category in the context: its rate begins as that of the category in all contexts, which begins as the scene's, which begins as what is usual; each counts for Config.Prior
// impressions (TestAnItemBeginsAsItsLike). An item that was clicked twice as often as its like, in all the other contexts where it was shown, is thought to be clicked twice as often here,
// too: the ratio begins as 1, and counts for Config.Others impressions at most. To that come the item's own impressions in the context, in full (TestAContextBeginsAsItsItem,
// TestWhatCountsIsBounded). Ratios and not rates go from one context to others, since who is after something else clicks less on all of it. What was expected of an item is what
// was believed of its like when it was shown. Places are not corrected for: what stood at the top is clicked more.
//
// # Bounds
//
//   - All counts halve in Config.HalfLife, so what has changed is forgotten (TestCountsDecay, TestADrawRecovers; the simulation: TestRecovery of package regret). Impressions and clicks may come in any
//     order (TestCountsDecay); what was expected depends on what was known, so replicas that read partitions in another order differ a little.
//   - No more than Config.Most arms of items and categories are kept. Beyond, a tenth is forgotten: those with least impressions of late, of two alike the one of a context, which the one of all
//     stands in for (TestArmsAreBounded).
//   - Nobody waits for that longer than a look through the arms takes: they are sorted outside the lock.
//
// # Failure cases
//
//   - A restart: all is learnt anew from the topic of outcomes, which keeps 30 days (package loop, TestARestartBelievesTheSame).
//   - A copy of an outcome, of which there are some after a crash, counts once: each partition's newest ids are remembered (Seen), at least 32,768. What a task tells twice is its last commit: of
//     one with more outcomes than that, the first would count twice (TestACopyCountsOnce).
//
// It does not decide where something is explored, nor among which items: package scene does.
package arms
