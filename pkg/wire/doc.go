// Package wire is how state is written and read: one cursor over bytes, and one rule
// about versions.
//
// # The cursor
//
// Integers are varints (encoding/binary), text and bytes have their length before them.
// A [Cursor] takes values off the front. It fails once and stays failed: after the first
// fault everything it gives is zero, so that a reader asks once, at its end, with Done.
//
// No input makes it panic (FuzzCursor), and nothing it allocates is larger than the input
// (FuzzCursor, TestACountIsBoundedByWhatIsLeft): a count is the number of things that
// still fit. What Append wrote is read back as it was (TestWhatIsAppendedIsRead).
//
// # Versions
//
// Everything that outlives a process begins with the number of its layout. A [Format]
// says which numbers a release reads and which one it writes. The rule, with its reasons
// in docs/decisions/2026-11-28-state-formats.md:
//
//  1. The release that brings layout N reads N and N-1, and writes N-1.
//  2. The next release writes N. It still reads N-1: state that nobody has touched is still in it.
//  3. A layout that nobody may have on disk or in a changelog any more is read no longer; that release
//     says so in its change log.
//
// So two releases that follow each other can run side by side, give partitions to and fro,
// and the younger can be taken back (TestUpgradeAndRollback, over a live pkg/stream). Older than what is read, or newer, is an error
// ([VersionError]) that says which release to run: nothing is guessed, and nothing is
// written over (TestANewerLayoutStopsItsPartitionUntouched).
package wire
