// Package scene says how a list comes about: what the scenes file declares of a place where lists are shown, and the pipeline that makes a list by it. The pipeline is
// pure: what is known comes in an ask.Ask, what proposes and orders comes in Parts, and the same question with the same parts and seed gives the same list.
//
// In order: sources are asked, with a Skip that refuses what cannot be shown; a Ranker puts the candidates in one order, by default weighted reciprocal ranks; boosts;
// then place by place the best by MMR that caps allow, quotas in time to be filled, exploration in its slots, pins in their places; fallbacks and the scene's own
// list where candidates are used up.
//
// Invariants, each with its test:
//   - no list has an item that is refused: not known, taken off, out of stock, outside its validity, blocked, bought within the hiding time, dismissed, excluded, for adults,
//     of another language, outside a filter, or what the page is about. Pins and the scene's own list are no exceptions (TestNothingRefusedIsShown);
//   - no item is there twice, and no list is longer than asked for (TestNothingRefusedIsShown);
//   - caps hold wherever pins alone do not break them (TestCapsHold); quotas hold where there is enough that fills them (TestQuotasHold);
//   - pins stand in their places (TestPinsStand), and at the end of a list that is too short for them;
//   - what is drawn in a slot of exploration is drawn for what the scene tells the visitor apart by, which goes with the list (TestContext): a category or a segment of the file, nothing else of a visitor;
//   - the same question gives the same list (TestTheSameQuestionGivesTheSameList);
//   - whatever is missing, there is a list or words why there is none (TestItDegrades).
//
// All faults of a scenes file are told at once, each under its entry and key (TestFaultsAreToldAtOnce).
package scene
