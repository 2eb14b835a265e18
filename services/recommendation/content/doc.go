// Package content proposes items that are described alike: TF-IDF over name, description, categories, brand and text attributes, and how near the prices are. It needs no
// visitor to have touched anything, so it speaks for new items. Text in Chinese and Japanese is cut into pairs of characters
// (docs/decisions/2026-11-28-chinese-words.md).
//
// The score of two items is the cosine of their words, times how well the rest fits:
//
//	fit = (1 + 0.25 price + 0.15 same first category + 0.1 same brand) / 1.5
//	price = 1 for the same price, falling to 0 for half or twice; 0.5 where either price is not known or the currencies differ
//
// A word counts 1 + ln(how often, by the weight of where it stands), times ln(1 + items / items with it). Words of more than Options.MostPostings items are left out: they
// tell little and would cost most. Of an item the first 128 different words count. An answer looks at the rarest words of
// an item first, and at no further one behind 3,000 postings; of a question the first five items count: those of the page, then the newest.
//
// The 64 nearest of an item that was asked for are kept until the index is built anew, and an answer puts those of its five items together. So an item that is near to
// several of them, and among the 64 nearest of none, is passed over. Where that gives too few, since a filter refuses most of them or many are wanted, all are compared.
//
// Invariants, each with its test:
//   - what it proposes, and in which order, is what comparing with every item would give while that bound is not reached (TestEqualToComparingWithEveryItem);
//   - an answer never waits for a build, and sees one whole build (TestAnswersWhileItIsBuilt);
//   - a change of an item's stock alone builds nothing (TestOnlyDescriptionsBuild);
//   - an item of the question is not in the answer, and each candidate names the item that gave most of its score (TestCandidatesNameWhatTheyResemble).
//
// It knows no visitor's past beyond the question, and no stock: Ask.Skip refuses what cannot be had.
package content
