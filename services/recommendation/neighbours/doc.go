// Package neighbours says which items go with which: also bought, also viewed, bought together. The three are three indexes that are fed with
// other events and other groups: a group is a customer, a session or a basket.
//
// With u the groups, t(u,i) the newest time at which u took i, n(u) how many distinct items u has,
// rounded up to a power of two, and H the half-life:
//
//	x(u,i)   = w(n(u)) * 2^(-(now - t(u,i)) / 2H)
//	sim(i,j) = sum over u of x(u,i) x(u,j) / (sqrt(sum x(u,i)^2 * sum x(u,j)^2) + Shrink)
//	score(i) = sum over the distinct j of the history of Fade^(places since j) * sim(j,i)^2, of each j its Nearest only
//	score(i) = sum of Fade^(places since j) * sim(j,i) with Inverse, over the j that are among the Nearest of i
//
// which is a cosine, shrunk as in Bell and Koren ("Improved neighborhood-based collaborative filtering", KDD Cup 2007): pairs that few vouch for lose. The square has
// a near neighbour say more than several far ones, of which popular items have many (Aiolli, "Efficient top-N recommendation for very large scale binary rated
// datasets", RecSys 2013: locality). A common event fades by half in H. Of w there are three:
//
//	Plain: 1.
//	TFIDF: ln(1 + Reference / n): who takes everything says little. The user is the term (Breese, Heckerman, Kadie: "Empirical analysis of
//	       predictive algorithms", UAI 1998: inverse user frequency).
//	BM25:  (K1 + 1) / (1 + K1 (1 - B + B n / Mean)), K1 1.2, B .75: the group is the document (Robertson and Zaragoza, 2009).
//
// Reference and Mean are settings, not counts of the data: one event then changes its own group's pairs and no others. The inverse frequency of the item, which
// stands in the textbook's formulas too, cancels out of a cosine.
//
// State is pair sums. An event costs the group's items; where n(u) rises to the next power of two, and w with it, it costs their square, which is again about
// the group's items for each event: that is what the rounding is for. A group keeps its Window newest items; what falls out of it is subtracted, as if it had never been.
//
// Invariants, each with its test:
//
//   - whatever the order in which events come, the similarities are those of the formulas over all of them (TestEqualToABatchInAnyOrder);
//
//   - an event counts at once (TestAnEventCountsAtOnce); a group that is closed keeps its pairs and no memory of its own (TestAClosedGroupKeepsItsPairs);
//
//   - times far apart do not overflow (TestManyHalfLives);
//
//   - readers and a writer may run at once, and what is kept between events is not told behind one (TestReadersAndAWriter, under -race).
//
//   - a group that is taken at once gives what its events give (TestTakingAGroupAtOnceIsTheSame); an item that is dropped was never there
//     (TestADroppedItemWasNeverThere); groups that have ended, taken all at once, give what each gives (TestBuildingIsTakingEach);
//
//   - memory: with Options.Row at most so many pairs an item, with Options.Groups at most so many open groups (TestRowsAndGroupsAreBounded);
//
//   - a file is the index, and goes on learning as it does (TestAFileIsTheIndex).
//
// Options.Row bounds the pairs of an item: when there are more, the half of it that is strongest by similarity at that moment is kept. An event that makes a row too long
// pays for the next Row/2. What was forgotten and comes again begins from nothing, so that a sum may be too low and is never too high, and the pairs of i with j and of j with i may
// differ. What it costs on retailrocket stands in docs/live-models.md. While no row was ever too long, all is exact.
package neighbours
