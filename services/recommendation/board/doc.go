// Package board has all models of each workspace as they serve now, on every replica:
//
//	board = f(files of the champion, touches of touches.v1 since its span ended)        trend = f(touches of the last Config.Replay)
//
// A touch changes the next answer of the visitor who made it (the answer is asked with it), and what it teaches others counts at once, or when the visit ends: package learn.
//
// Delivery: touches.v1 is followed from a place that the clock gives, by no group: nothing is committed, and a restart reads again what it needs. Of each partition of the task
// that tells touches the highest sequence is kept, and what is not above it is dropped, so that copies change nothing. Lost are touches that the topic did not keep:
// those older than its retention, or than the newest Config.ReplayMost at a start; Board.Words says so where a model misses them.
//
// Champions: the version that package model's state names is loaded, given the touches since its span, and put in the place of the one before in one step. The one
// before goes on learning beside it, so that going back to it is as quick as changing a pointer. What cannot be loaded changes nothing, and Words says why.
//
// Failure cases and invariants, each with its test:
//   - a touch counts at once, and for others when the visit ends (TestATouchChangesTheNextList);
//   - copies of touches change nothing (TestCopiesChangeNothing);
//   - what is promoted serves and knows the touches since it was trained, and no touch that it was trained with twice (TestAChampionKnowsWhatCameSince);
//   - a rollback is done within a second, and without the bucket (TestRollbackNeedsNoBucket);
//   - a champion that cannot be loaded leaves the one before it serving; at a start an older one serves, else what is live (TestAModelThatCannotBeLoaded);
//   - a restart needs no bucket; a damaged copy is not believed (TestARestartDoesNotNeedTheBucket);
//   - Of is never nil, and a workspace that nobody knows takes no memory (TestAnUnknownWorkspaceTakesNoMemory);
//   - it is not ready before it has caught up, for Config.StartWithin at most (TestReadiness);
//   - readers and the follower may meet (TestReadersMeetTheFollower, under -race).
package board
