// Package training makes the models of recommendation of a workspace, judges them on what they have not seen, keeps them as versions of the model "recommendation", and
// decides which of them serves. When, by whom and how that is told of is package trainer's; what a model is, is its own package's.
//
// What is learnt from are the touches of dw.touches: the newest span, bounded in days and in rows (TestTheNewestSpanIsRead). Groups are made of them: visits (touches
// of one visitor without a pause of 30 minutes, also of the anonymous), customers (never of the anonymous) and baskets (lines of one order). Bots make no touches.
//
// # The judgement
//
//		|-- learnt from by what is judged --|cut|-- first half: teaches the ranker --|-- second half: judges --|   then all of it is learnt from, and that is put
//
//	  - Nothing at or behind the cut reaches a model that is judged: a visit over the cut is learnt up to it, and judges nothing
//	    (TestNothingBehindTheCutIsLearnt), and what is planted behind it raises no figure (TestAPlantedFutureRaisesNothing).
//	  - The cut is where the newest share of the touches begins, or where the champion's knowledge ends if that is later: champion and challenger are asked the very
//	    same cases, that neither has seen (TestTheChampionHasNotSeenTheCases). Too few such cases: they are not compared.
//	  - Two protocols of package judge: next-item on visits, holdout on customers, every item ranked. A model is better than another when it is so by more than the
//	    interval of the difference, case by case, in one of them, and worse by more than that in none.
//	  - The first model serves when it is better than popularity, a later one when it is better than the champion. A champion older than Config.MaxAge gives way to one
//	    that is not worse. What is no better than popularity is unfit (TestPromotion).
//
// # Failure cases
//
// Too little to learn from is said in words (TestTooLittleIsSaid). Stopped, killed, robbed of the task, in the middle of a training or of a promotion: the champion
// serves on, and the next owner says what became of it (TestAKilledTrainingLeavesTheChampion). The rest is package trainer's and package model's.
//
// It is not for serving (package board), nor for what models are.
package training
