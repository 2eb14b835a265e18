// Package trainset makes training sets: it reads rows of customer and time from a file, asks the API what was known then, and writes the answers beside
// the columns that the file has, such as the label, in the file's order. It holds one batch in memory, whatever the file's size.
package trainset
