// Package judge says what recommendation models are worth on data they have not seen: full ranking of the whole catalogue, never among sampled
// candidates, with the cut by time or by order. It trains nothing that serves.
//
// Protocols:
//   - next-item: the last sessions by order judge; in each, behind every touch, the next one is to be found. Touching an item again counts as any
//     other: visitors do it. This is the protocol of GRU4Rec and of session-kNN's papers.
//   - next-basket: of each customer, what was bought before a time is known, and the distinct items of the first basket behind it are to be found, also those bought before.
//   - holdout: as next-basket, with all that was touched behind the time and never before.
//   - users: customers drawn by a hash are not learnt from; of each, the first four fifths are told and the rest is to be found
//     (strong generalisation: Liang et al., "Variational Autoencoders for Collaborative Filtering", WWW 2018, with order in the place of chance, or, with ToldRandom, with chance as they have it).
//   - leave-last-out: the last touch of each user is to be found, and all before it, of everybody, is learnt from (He et al., "Neural Collaborative Filtering", WWW 2017,
//     but with every item ranked). It learns from what others did later: holdout does not.
//
// What nobody touched in the part that is learnt from cannot be recommended by any model here: such touches are left out, and the report says
// how many there were.
//
// Invariants, each with its test:
//   - no case tells a model what it is to find (TestNoCaseTellsItsAnswer);
//   - the figures are those of a plain computation over full rankings (TestFiguresAreThoseOfAPlainComputation);
//   - users who judge are not learnt from, a drawn fold hides a fifth of each, and of leave-last-out only the last touch is not learnt from (TestHeldOutUsers, TestLeaveLastOut);
//   - the same data and seed give the same figures (TestTheSameDataGiveTheSameFigures).
package judge
