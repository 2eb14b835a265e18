// Package tally keeps what the columns of a catalogue's plan accumulate for one customer: sums, extremes, sets, times, by sparse tiles of time where
// windows look at them. Every feature can be read from it at any moment from now on.
//
// A state has one list of tiles for each hop of the plan, and what is kept without a window. Every window begins at a multiple of its hop, so a
// window is a sum of whole tiles: reading is exact. Insertion commutes, so late and replayed events, and the merge of two customers, need no special
// case: the same events in any order give the same bytes (TestTheOrderOfEventsMeansNothing).
//
// Tiles that no window can reach any more are pruned, with one hop to spare, against a moment that the caller knows to have passed: a reader whose
// clock is before it by up to 5 minutes still gets exact answers. A wrong clock must not be that moment: what is pruned never comes back (package
// stream, Tx.Passed).
//
// What orders post may be taken back. It is summed only; and the times of all sales that stand are kept, about five bytes each, since any of them may be
// taken back, and the first, the last and the gaps of those that are left must be known then.
//
// A state is not safe for concurrent use. It knows nothing of offsets, customers or merges: the record of package feature wraps it. What it holds is
// held against a naive oracle (TestStateEqualsOracle) and against ClickHouse (package factsql).
package tally
