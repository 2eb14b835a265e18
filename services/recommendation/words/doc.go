// Package words says in sentences why an item is recommended: to visitors, in one short sentence without a number that nobody asked for, and to the shop's people, who ask
// why an item stands where it stands. English and Chinese.
//
// Nothing in a sentence is of anybody but the visitor: other people are "others", and no count of them is told. The names of items are strangers' text: bounded, in one
// line, without control characters (TestNamesAreHarmless). Every kind of candidate, with and without the item that led to it, every rule and every feature of the
// ranker has a sentence in either language (TestEverythingHasWords, TestGolden).
package words
