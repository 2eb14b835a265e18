// Package catalog holds the definitions of features and tags: what is measured of a customer, by which rule, over which span of time, and what
// it is for. Everything that computes or reads a feature is compiled from it:
//
//	features.yaml --Parse--> Catalog --Plan--> columns and slots --+--> package tiles (services/feature): the Go aggregator
//	                            |                                  +--> package factsql (services/feature): ClickHouse
//	                            |                                  +--> Finish: from what was accumulated to values
//	                            +--Layout--> the positional value of features.v1, which rules, models and pages read by name
//
// # Values
//
// Every value is an integer, a text or a short list, so that the stream, ClickHouse and an oracle agree to the bit: numbers of the event become
// millionths once, when they are read (package expr), sums are 128 bits wide (Sum) and cut to 64 when they are read, shares and averages are
// rounded toward zero, and no float is kept anywhere.
//
// # Windows
//
// A window of length W covers, at time t, [floor((t-W)/hop)*hop, t], both ends included, in UTC. In mode sawtooth the hop is 5 minutes for W up to
// 12 hours, 1 hour up to 12 days, 1 day beyond (Chronon's table), so that a window is never more than 8.4 % too long. In mode exact the hop is a
// millisecond. "lifetime" has no tail.
//
// # Order does not matter
//
// Every accumulation is commutative and associative, also where it is bounded: which distinct values, keys, times or names are kept depends on what
// was seen and never on the order in which it came. So late events, replays and the merge of two customers need no special case.
//
// This package reads no clock, holds no state and talks to no server.
package catalog
