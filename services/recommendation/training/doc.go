// Package training makes the models of recommendation of a workspace, judges them on what they have not seen, keeps them as versions of the model "recommendation", and
// decides which of them serves. When, by whom and how that is told of is package trainer's; what a model is, is its own package's.
//
// What is learnt from are the touches of dw.touches: the newest span, bounded in days and in rows (TestTheNewestSpanIsRead). They are given to a learn.Learner one by one, as a board that serves
// takes them, and what comes of it is asked through a board.Still: of the same touches training and serving have the same models, to the bit (TestWhatIsTrainedIsWhatServes). A question
// with which a ranker is taught or anything is judged is what a board would have been asked just then: the visitor's record as it was, by its bounds and its consent, and the visit
// (TestAQuestionOfTrainingIsOneOfServing). What nobody wrote down is in neither: which page was shown, which segments the visitor was in; prices, categories and ages are those that the
// catalogue has when it is trained, and whether something was in stock is not known. Tastes and rules are fitted on groups of the same touches (Groups). Bots make no touches.
//
// # The judgement
//
//		|-- learnt from by what is judged --|cut|-- first half: teaches the ranker --|-- second half: judges --|   then all of it is learnt from, and that is put
//
//	  - Nothing at or behind the cut reaches a model that is judged: a visit over the cut is learnt up to it, and judges nothing
//	    (TestNothingBehindTheCutIsLearnt), and what is planted behind it raises no figure (TestAPlantedFutureRaisesNothing).
//	  - The cut is where the newest share of the touches begins, or where the champion's knowledge ends if that is later: champion and challenger are asked the very
//	    same cases, that neither has seen (TestTheChampionHasNotSeenTheCases). Too few such cases: they are not compared. The champion is compared as its board has it: it learns on up to the cut.
//	  - Three protocols of package judge: next-item on visits, next-basket on customers who buy again (TestNextBasketIsJudged), holdout on customers, every item ranked. A model is better than
//	    another when it is so by more than the interval of the difference, case by case, in one of them, and worse by more than that in none.
//	  - The first model serves when it is better than popularity, a later one when it is better than the champion. A champion older than Config.MaxAge gives way to one
//	    that is not worse. What is no better than popularity is unfit (TestPromotion).
//
// # Drift
//
// Every Config.DriftEvery the touches since the champion's training are replayed: the champion learns on from them and is asked before each. When the newest day is foretold worse than all before
// it, by more than three standard errors and a fifth, there is a training (TestDriftBeginsATraining, TestChanceIsNoDrift), six hours after the one before it at the soonest (package trainer). Half of
// what came since the champion's is then learnt from by what is judged.
//
// # Failure cases
//
// Too little to learn from is said in words (TestTooLittleIsSaid), and so is nothing new: when there will be enough, before anything is fitted (TestNothingNewIsSaidAtOnce). Stopped, killed, robbed of the task, in the middle of a training or of a promotion: the champion
// serves on, and the next owner says what became of it (TestAKilledTrainingLeavesTheChampion). The rest is package trainer's and package model's.
//
// It is not for serving (package board), nor for what models are.
package training
