// Package factsql asks ClickHouse for what the columns of a plan hold of customers at any moment of the past: the same readings that package tally
// keeps from the stream, computed anew from the facts. catalog.Values makes features of either.
//
// # What as_of means
//
// Windows are decided by when an event happened, never by when it arrived: a late event appears in answers about the past from the moment it
// arrives. Merges, and what became of orders, count as known today. What had been known at a moment is package history's to say.
//
// # How
//
// Facts are read through the warehouse's views, which hide duplicates, and each customer id is replaced by the one it was merged into: one hop is
// enough because identity writes flattened mappings, and the view keeps the latest for each id. Events, each array within events that a column
// looks into, and postings of orders are grouped by customer in a subquery each, and joined.
//
// ClickHouse adds and compares; it rounds nothing. What is bounded by a rule on hashes (catalog.MaxKeys and its like) comes whole and is bounded
// here, by the functions that the stream uses (TestStreamEqualsSQLEqualsOracle).
package factsql
