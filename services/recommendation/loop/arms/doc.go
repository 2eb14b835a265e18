// Package arms learns from outcomes what an item's place in a list is worth trying for: it counts impressions and clicks, and draws click rates from what is believed of them
// (Thompson sampling). The live service and the simulation of package regret draw here, so that the simulation judges the code that serves.
//
// # What is believed
//
// There is an arm for each scene, for each item in it, and for each item in each context of it. A context is what the scene tells visitors apart by (package scene: the category that somebody
// is after, or a segment): a name out of a small set, empty for who is not known. A scene's click rate is a mean of its counts and of what is usual. An item's arm is a Beta distribution
// that begins as Config.Prior impressions of the scene's rate. The arm of an item in a context begins as that, and as what other contexts know of the item, which counts for
// Config.Others impressions at most: what is known of all is where a context begins, and some hundred visitors of its own say more (TestAContextBeginsAsItsItem). Who has no context is
// drawn for from all that is known of the item. Places are not corrected for: what stood at the top is clicked more.
//
// # Bounds
//
//   - All counts halve in Config.HalfLife, so what has changed is forgotten (TestCountsDecay, TestADrawRecovers; the simulation: TestRecovery of package regret). The order in which outcomes come does not matter.
//   - No more than Config.Most arms of items are kept. Beyond, a tenth is forgotten: those with least impressions of late, of two alike the one of a context, which its item's arm stands in
//     for (TestArmsAreBounded).
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
