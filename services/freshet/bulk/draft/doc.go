// Package draft makes a mapping for a file that nobody has described yet. It looks at the file's bytes, at its layout and at the values of each
// column, and writes down what it found as YAML with comments, together with what a person needs to judge it. It is not for importing: see bulk.
//
//	bytes -> rows.Format -> sample -> columns (evidence) -> plan (roles) -> YAML -> trial: the YAML is loaded and used on the file
//
// Promises:
//
//   - A draft loads, and its import takes the file that it came from (TestADraftLoadsAndImports).
//   - It says what it is sure of and what it guessed, and why: a Note each. A guess stands in the YAML beside the key that changes it (TestGuessesAreSaid).
//   - What it decides of a kind of file is right for a small file of that kind (TestKindsOfFiles), and where a program's rows count twice it asks.
//   - Of several files it says which have another header (TestFilesOfOneImportAreCompared).
//   - No row is dated at the import in silence (TestADraftWithoutATimeSaysSo).
//   - What it shows as "would be stored" and the totals come out of the drafted mapping itself, never out of what the draft believes (trial.go,
//     TestTheTotalsAreTheFiles).
//   - The work is bounded whatever the file's size: rows from its beginning and from places spread over it (sample.go), and a trial of trialBytes.
package draft
