// Package wire is how state is written and read: one cursor over bytes.
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
package wire
