// Package loop finds out what became of lists: which places were seen, chosen, put in the cart, bought, not wanted. It tells it as outcomes, learns from them what
// each item is worth trying for whom (Draw, package arms), and reports what lists brought (Report).
//
// Delivery: every answer, feedback and touch is folded into the state exactly once (package stream). Outcomes leave at least once, with the same ids; Outcome.outcome_id is what repeats are
// dropped by. Answers are told asynchronously, so that no request waits: those that a full queue, or a broker that is away at the end, leaves behind are counted and lost, and with them
// what would have become of them (TestAnsweredNeverBlocks). They wait a hundredth of a second for each other, to go together (TestAnswersOfAMomentGoTogether): those of that moment a kill loses uncounted. Feedback is durable before it is confirmed (TestFeedbackIsDurable).
//
// # What is attributed to what
//
//   - An impression: a list counts as seen when it is given, all of it; one that was made ahead (Answer.unseen) place by place, when an impression, or a click, is reported.
//   - A click: feedback, or a touch whose event names the list (recommendation_id). Nothing else: whoever looks at an item that stood in some list may have come by a search.
//   - A cart or a purchase: the list that it names; else the last list in which the item was chosen, at most Config.ClickWindow before; else the last in which it was seen, at most
//     Config.ViewWindow before (TestAttribution). Each line of an order counts once, however many events tell of it.
//   - An order that was undone, or given back, is taken back: the outcome is told again with undone, and what is left of it anew. So sums of signed values are right at every moment.
//   - A dismissal: feedback.
//
// History (imports, replays) makes no outcomes (TestHistoryMakesNoOutcomes).
//
// # Nothing depends on which topic was faster
//
// The inputs are of one partition, and in order each; between them there is no order. So a record is a set of facts: lists, when their places were seen and chosen first, deeds (carts and lines
// of orders). What is to be told follows from the set. What comes before its list waits Config.Wait for it (TestWhatWaitsIsKept), then it is counted as unmatched. A deed that was told of a list, and for which a better
// one comes to light, is taken back and told anew; better is a total order, so this ends (TestOutcomesFollowFromTheFacts: a random log, in any order between topics, with copies, merges and restarts,
// against a plain second implementation that has all facts at hand).
//
// # Merges
//
// As in package feature: the task of who was merged away hands its record over, leaves a tombstone for ever, and sends everything on that comes after, along one path. Two sets
// of facts are joined by union, so a handover that comes twice changes nothing (TestJoinIsASemilattice). A line that both had told is taken back once. A touch that names the list of
// another customer (a visitor whose id changed in between, or who must not be known) is sent to that list's record, for its click alone (TestAClickFindsTheListOfAnother).
//
// # Failure cases
//
//   - The process is killed, the local store lost: the state is that of the last commit (TestOutcomesFollowFromTheFacts restarts at random).
//   - A record that cannot be read, or is of nobody: dead-lettered, its neighbours are folded (TestBadRecordsAreDeadLettered).
//   - A list that was never told, or older than its time: what refers to it is counted as unmatched (TestWhatHasNoListIsCounted).
//   - A request id that was forged, or is of another deployment or workspace: NOT_FOUND in its row, neighbours are taken (TestFeedbackSaysWhatIsWrong).
//
// # Request ids
//
// A request id is its time, in the clear, and the customer, encrypted and signed with AES-256-GCM under a key of that day, which HKDF makes from the deployment's secret; the workspace is signed along. So
// nobody needs to remember ids, a browser that has one learns nothing, and no id can be made by who has not the secret (TestRequestIDs, FuzzParse). Where no secret is configured
// it is the id of the topic recommendations.v1 in Kafka, which all replicas read: that keeps off mistakes, not those who can read the cluster's metadata.
//
// # State of a partition
//
//	c<customer>            the head: workspace, tombstone, deeds, what waits, the timer
//	l<customer><request>   one list and what became of its places
//
// Bounds: 50 lists, 100 deeds, 100 words that wait, the newest of each. Lists are kept for a day more than the longest window, deeds that were told for 60 days, since orders come back. The bytes have
// golden files (TestGoldenState).
//
// It does not decide who is of which variant (package experiment), nor what is recommended.
package loop
