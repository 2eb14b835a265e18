// Package recommendation says what to offer a visitor next, and why: the gRPC reads over what other packages know. A question becomes an ask.Ask, of which package scene makes a
// list and package words the reasons.
//
// Delivery: it reads no topic and writes none; a list that was given is told to Deps.Loop, which does not wait. A dry run is not told.
//
// Guarantees, each with its test:
//   - a list never fails for want of data: with identity away, the record of the visitor away, no model or no catalogue there is one, or none, and the words why
//     (TestItAnswersWhateverIsMissing);
//   - nothing waits longer than Config.ReadWithin for who the visitor is and what was done (TestTheVisitorIsNotWaitedForLong);
//   - the customer in the answer is the surviving one, also when the merge was a moment ago (TestAMergedCustomer);
//   - without consent the past does not speak, and the list is told under a number of its own (TestWithoutConsent);
//   - the same visitor has the same variant of a scene, known or not (TestVariantsStay).
package recommendation
