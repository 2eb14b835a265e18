// Package churn says of every customer how likely he is to leave, to buy again, and what he will be worth: the targets of package forecast, by the models that
// serve (package model), beside early-warning rules (package warning). It publishes what changed on scores.v1 and answers for any customer as of now.
//
// Delivery: every feature set is folded into the state exactly once (package stream); a copy or an older one changes nothing (TestCopiesAndOlderSetsChangeNothing).
// Score sets leave at least once with the same bytes, in order for one customer; ScoreSet.version is what repeats are dropped by. Of several feature sets of
// one customer in one commit only the last is scored (TestOnlyTheLastSetOfACommitIsScored), unless one of them is history, or tells of a merge, and the next is not.
//
// # What is published, and why it is called so
//
// A score set tells everything of one customer. One is published when a score moved by Config.EmitStep since the last one, when a score came or went, when a band, a
// warning or the model of a score changed, and when there was none yet (TestWhatIsTold). It is compared with what was told last, so that small steps add up
// (TestSmallStepsAddUp).
//
//   - EVENT: a feature set came. The set is history when the feature set is; those are for nobody to act on (TestHistoryIsToldAsHistory).
//   - TIME: a window slid (the feature set says so), a warning or a condition of a target is changed by time alone (a timer at that millisecond,
//     TestTimeAloneChangesAWarning), or the nightly sweep: ages grow with no event, and everybody is scored again once a night (TestTheNightlySweep).
//   - MODEL: a target is scored by another model. The task sweeps its customers in bounded batches between live records; a customer that a live record reaches first
//     is brought to the new models by itself, before the record counts (TestAnotherModelIsToldBeforeTheEvent). So nobody is alerted because of a promotion.
//   - MERGE: another customer became this one, or this one became another: who was merged away has no scores and keeps a tombstone, which old feature sets cannot
//     revive (TestMergedAway).
//
// # When there is no score
//
// Never a guess: a target without a score says why (Missing). There is no model yet; the customer is not among those whom the target is of; the model needs a
// feature that the catalogue does not have, or that the customer's feature set does not, since it was made by another catalogue or is still being filled. The other
// targets go on (TestAFeatureThatIsNotThere). Where no model serves at all, there are the warnings (TestWithoutAModelThereAreWarnings).
//
// # Models come and go
//
// Which models serve stands on a board: immutable, one for each workspace, made anew whenever package model says that something changed. Every transaction and every read
// looks at one board from its beginning to its end. Where a champion cannot be loaded the one before it goes on serving; where there is none, what was told
// last stays told, and Predict says what is wrong (TestAModelThatCannotBeLoaded, TestNoModelCanBeLoaded). Files are copied to Config.Dir, so that a restart does not need the bucket
// (TestARestartDoesNotNeedTheBucket). Challengers are scored beside the champion and counted; their scores are in ScoreSet.shadow and nowhere else (TestShadow).
//
// # Failure cases
//
//   - The process is killed at any moment, the local store is lost: the state is that of the last commit, a sweep goes on where it was (TestRestartKeepsScores,
//     TestASweepGoesOnAfterARestart).
//   - Partitions move between replicas: any replica answers for any customer (package fleet, TestAnyReplicaAnswers). Two replicas may have another board for
//     a moment; each score says which model made it.
//   - A feature set that cannot be read goes to the dead-letter topic, its neighbours are folded (TestBadRecordsAreDeadLettered). One of a catalogue that was not read yet
//     waits for it.
//   - A model whose score is no number is as one that cannot be loaded: no score, with the reason (TestAModelThatGivesNoNumber).
//
// # State of a partition
//
//	c/<customer>  the record: the last feature set, and what was told last
//	w/<workspace> the workspaces that have customers here: whose boards a sweep goes by
//	x             how far the sweep to the present board, or of the present night, is
//
// The bytes of each have a golden file (TestGoldenState).
//
// # What time changes and what it does not
//
// Warnings and conditions have a timer, because they flip at a moment that is known. Scores have none: nearly every one would change every day. They are swept once a
// night, and Predict computes them as of now, always. What is published is thus at most a night older than what Predict says.
//
// It is not for training (package training), nor for what is done about a score (segments' rules use the names of targets, bands and warnings).
package churn
