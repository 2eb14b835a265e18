// Package arms learns from outcomes what an item's place in a list is worth trying for: it counts impressions and clicks, and draws click rates from what is believed of them
// (Thompson sampling). The live service and the simulation of package regret draw here, so that the simulation judges the code that serves.
//
// # What is believed
//
// A scene tells visitors apart by a context (package scene: the category that somebody is after, or a segment): a name out of a small set, empty for who is not known. There is an arm for the
// scene, for each category and each item in it, and for each of these in each context. An item's click rate is a Beta distribution that begins as Config.Prior impressions of the rate of
// its like: of its category in this context, which begins as that of its category in all contexts, which begins as the scene's, which begins as what is usual
// (TestAnItemBeginsAsItsLike). To that come the item's own impressions in this context, and those in all others, which count for Config.Others at most: where nothing is known of a
// context, an item begins as it is for all, and some hundred visitors of its own say more (TestAContextBeginsAsItsItem, TestWhatCountsIsBounded). Who has no context is drawn for from all that
// is known of the item. Places are not corrected for: what stood at the top is clicked more.
//
// # Bounds
//
//   - All counts halve in Config.HalfLife, so what has changed is forgotten (TestCountsDecay, TestADrawRecovers; the simulation: TestRecovery of package regret). The order in which
//     outcomes come does not matter.
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
