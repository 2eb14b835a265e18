// Package training makes models of what is predicted, keeps them, and decides which of them serves.
//
// What is promised:
//
//   - One process trains, and one training at a time: who has partition 0 of churn's task (Deps.Owner), at most Config.Workers cores beside live work. Who
//     loses the partition stops at once and says nothing more; who gets it says of a training that was cut off that it failed (lives, of
//     TestImportedHistoryHasAModelByItself, has this and the next).
//   - A training that fails, is killed or finds too little changes nothing that serves, and says why in words (TestTooLittleIsSaid). A
//     clean stop hands the training on to whoever owns next.
//   - A first model serves only when its judged log-loss is better than the base rate's by more than its interval, a later one only when it is better than
//     the champion by more than the interval of the difference, on the newest date whose outcome is known, of customers that neither has learnt from
//     (TestPromotion). Everything else is a version in the shadow. A model that says the same of everybody, or that a column knows the answer of, is unfit
//     and is never promoted but by hand and force (TestALeakIsNotPromoted, TestAConstantIsNotPromoted).
//   - A history that was imported has a model within minutes, nobody asking (TestImportedHistoryHasAModelByItself).
//
// # The jury
//
// Every model is fitted anew on all that is known, up to the last outcome, so that no newer outcome is left to compare it by, and a window that the champion
// has not seen would be a horizon away. So some customers (juryShare, by a hash of who they are, the same for ever) are never learnt from, by any model. On
// them champion and challenger are compared, at the newest date, as both would serve. The judgement on the card is another thing: rows behind everything that
// the judged model had learnt from.
//
// # When
//
// A target without a champion is looked at every Config.Look: as soon as there is enough, there is a training, and after one whose model was not good enough
// when customers or what they did grew by a fifth, or a night later (TestAFirstTraining). Otherwise every night at Config.At, when live customers drift, once a
// day at most (TestNightsAndDrift), and by hand (a run that is requested, by any replica).
//
// It is not for scoring (package churn), nor for how models are made (package pipeline).
package training
