// Package session is VMIS-kNN: what comes next in a session, from the past sessions that resemble it. It is what Serenade runs at
// bol.com (Kersbergen, Sprangers, Schelter: "Serenade - Low-Latency Session-Based Recommendation in e-Commerce at Scale", SIGMOD 2022): V-SKNN
// (Ludewig and Jannach, "Evaluation of session-based recommendation algorithms", UMUAI 2018) on an index that is bounded.
//
// With the session's distinct items i, of which the newest touch of each counts, p(i) from 1 for the newest touch up, n the number of touches that are looked at (at
// most Options.Look), and N the past sessions:
//
//	sharing  = the Options.Sample newest sessions that have any i
//	r(s)     = sum over i in s of (1 - (p(i) - 1) / n)               how alike s is: later touches count more
//	near     = the Options.Neighbours of sharing with the highest r, of equal ones the newest
//	match(s) = max(0, 1 - (p - 1) / 10), p the lowest p(i) of an i in s     how far back the newest common item lies
//	score(x) = sum over s in near that have x of match(s) * r(s) * (1 + Options.IDF * ln(|N| / |N with x|))
//
// The item touched last may be proposed: visitors come back to it. Query.Skip refuses what must not be.
//
// Live: Live holds the sessions that are under way. A touch counts at once for its own session, which is what the model is asked with; a session joins the
// index, as its newest, when it ends: after a pause, or when it is told.
//
// Bounds: of each item the index holds its Sample newest sessions, in a ring; a session that no ring holds any more is forgotten. More is
// never needed: a session that is among the Sample newest that share any item is among the Sample newest of each of its items.
//
// Invariants, each with its test:
//   - answers equal those of a plain search through all sessions ever added (TestEqualToAPlainSearch);
//   - memory: at most Sample sessions an item, at most Longest items a session, nothing else grows but one count an item (TestTheIndexIsBounded);
//   - one touch changes the next answer of its session, and joins others' when it ends (TestATouchCountsAtOnce);
//   - readers and a writer may run at once (TestReadersAndAWriter, under -race).
package session
