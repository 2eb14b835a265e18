// Package segmentation keeps, for every customer, the segments it is in: the four RFM
// tiers of package tier and the rules of package rule, which look at features (features.v1) and at scores (scores.v1) beside them. It publishes every entry and exit
// (segments.transitions.v1), makes alerts of those that an endpoint wants to hear of
// (alerts.v1), delivers them by webhook (package webhook), and answers who is where.
//
// Delivery: every feature set and every set of scores is folded into the state exactly once (package stream), a
// copy or an older one changes nothing (FeatureSet.version, ScoreSet.version: TestOlderScoresChangeNothing). Transitions and alerts leave at
// least once with the same bytes; transition_id is what repeats are dropped by.
//
// # What changes a membership, and what it is called
//
//   - EVENT: a feature set or a set of scores came whose values make a rule's answer another one.
//   - TIME: a window slid or a score moved with time (the set says so), or elapsed time reached a rule's limit.
//     For the latter each customer has one timer, at the earliest millisecond at which
//     any of its rules or its tier changes. The transition's at_ms is that millisecond,
//     however late the timer fired; a customer whose timer is overdue is brought up to
//     date before new features are folded, so that the order of its transitions is the
//     order of time.
//   - MERGE: another customer became this one, or this one became another: the one merged
//     away leaves everything and keeps a tombstone, which old feature sets cannot revive.
//   - VERSION: a rule or the cut points became others. The task sweeps its customers in
//     bounded batches between live records; a customer that a live record reaches first is
//     brought to the new rules by itself before the record counts. Members of a rule that
//     exists no more get an explicit exit. A score by another model, or by another forecasts file, is of this kind too,
//     whatever the set says of itself (TestOnlyEventsAndTimeAlertByScores, TestAnotherForecastsFileIsSilent). Who matches the new version too stays in, with
//     no transition.
//
// # Two topics, one customer
//
// Which of the two topics is read first does not matter for where a customer ends (TestRandomScoresAgainstOracle): the newest set of each counts. Scores
// may come before the first features; nobody is in a segment before those. The features' tombstone takes the scores with it: those of features up to the
// tombstone's (ScoreSet.features_version) count no more, whenever they come. A rule over both waits a little until both are of the same event, see step.go. Scores of a layout that the forecasts file does not have are absent.
//
// # When an alert is made
//
// The rule names an endpoint that has an address and wants the direction, the reason is
// EVENT or TIME, and the change does not come from history. A rule that is new or changed
// therefore never floods anybody with its first members, nor does a merge. An elapsed-time
// change of a customer known only from history does alert: a customer is evaluated at the
// moment its features arrive, silently when they come from history, and timers exist only
// for moments after that, so whatever lay before the import has been settled in silence,
// and what comes later happens live.
//
// # State of a partition
//
//	c/<customer>                        the record: last feature set, last scores, memberships, next due time
//	m/<workspace>/<segment>/<customer>  members, for pages (parts carry their length)
//	n/<workspace>/<segment>             how many; an empty segment counts the customers
//	r/<fingerprint>                     the rules' versions as they were then, and the layout of the scores
//	y                                   which of them are kept, the newest last
//	x                                   how far the sweep to the present rules and cut points is
package segmentation
