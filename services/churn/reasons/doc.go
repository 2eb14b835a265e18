// Package reasons says in sentences why a score is what it is, in English and in Chinese: to a marketer, who knows neither columns nor logits.
//
//	contributions --one reason a feature--> facts --by weight--> sentences, those that raise and those that lower
//
// # One reason a feature
//
// What several windows of one definition add is one reason, and so is what says the same thing (`with` in features.yaml, or the same words): nobody is told
// thrice that there was no order. Contributions add up, so nothing is lost: the reasons and the rest come to what the columns came to
// (TestReasonsAddUp). The window that weighs most in the direction of the sum is the one that is told.
//
// # What is never told
//
// What is personal or sensitive in the catalogue, what is made of it, and tags whose condition looks at it: their weight is in the rest
// (TestNothingPersonalIsTold).
//
// # Words
//
// features.yaml has the words for every definition and tag of the shipped catalogue, in both languages (TestEveryDefinitionHasItsWords); golden files hold every
// sentence that can be made of it (TestAllSentences). Its keys: name is what a thing is called within a sentence; say is a sentence with a value, zero and missing
// those without one, once that of a single one, full that of a share of all; one and other are what is counted (of times, one is `once`); ever stands for a lifetime. In a sentence, {n} is a
// number of what is counted, {has} the verb that goes with it, {money}, {share}, {span}, {ago}, {text} and {number} are the value, {window} is when. A
// workspace's own features have general sentences (forms.yaml): with their description in English, with their name in Chinese, since nobody
// translated the description.
//
// A reason says what the model looks at. It does not say that a customer who is made to do otherwise will stay.
//
// This package reads no clock and talks to no server. A Book is for many goroutines.
package reasons
