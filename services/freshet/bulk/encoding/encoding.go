// Package encoding knows the encodings of texts by the names people give them, and finds the one of a file by the evidence of the whole of it.
// It is not for languages, or for what a file holds.
package encoding

import (
	"io"

	"golang.org/x/text/encoding"
)

// Decoder finds an encoding by a name in any case: those of the WHATWG standard, of Python, of Windows' code pages and of old Macs. canonical is
// its name in mappings. UTF-8 is nil with the canonical name "utf-8".
func Decoder(name string) (e encoding.Encoding, canonical string, err error) { return nil, "", nil }

// Finding is what the bytes of a file say about its encoding.
type Finding struct {
	// Name is the encoding for format.encoding; empty for UTF-8, for UTF-16 with its mark, and for what is no text.
	Name string
	// Sure says that no other encoding fits about as well.
	Sure bool
	// Why is the evidence, for people, without a full stop.
	Why string
	// Others are encodings that fit nearly as well, the best first.
	Others []string
	// BadRows is how many of the lines looked at hold bytes that the encoding does not have.
	BadRows int
}

// Guess finds the encoding of a text of size bytes. Of a large file it reads blocks spread over the whole.
func Guess(r io.ReaderAt, size int64) (Finding, error) { return Finding{}, nil }
