// Package trainer runs trainings of models: one at a time, by one process, told of as they go, and it has what they made serve, or not. What is learnt, how it is
// judged and when it is wanted is the caller's: churn and recommendation each have a Trainer over the same models.v1.
//
// What is promised:
//
//   - Who is not Deps.Owner begins nothing. Who ceases to be it while a training is at work stops it at once, says nothing more and makes nothing live
//     (TestWhoLosesTheTaskSaysNothingMore); who is it then says of trainings that were cut off that they failed (TestATrainingThatWasCutOffIsSaidToHaveFailed).
//   - Trainings of models that are not Deps.Mine are left alone, whatever becomes of them: several trainers share the topic (TestOthersModelsAreLeftAlone).
//   - A training that fails or finds too little changes nothing that serves, and says why in words. A clean stop hands it on: it is asked for anew
//     (TestHowTrainingsEnd).
//   - Drift is looked at, and trained for, no more often than the caller says (TestDriftHasABound).
//   - What is unfit is never made live but by force, as a copy that is not (TestDecide, TestPromoteByHand).
//
// A process that is killed between two of a training's steps leaves what package model promises: files that nobody names, or a version that serves nobody. The
// champion serves on.
package trainer
