package decode

import (
	"fmt"
	"unsafe"

	"github.com/freshet/freshet/services/collector/jsonscan"
)

// MaxID is the longest id or name taken, in bytes.
const MaxID = 255

// view shows bytes as a string without a copy. The result is good only while the
// request's body is: it may go into the event that is marshalled at once, never
// into an answer, a metric or a log.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Text reads a member that has to be a string; "" when absent or null.
func Text(field string, raw []byte) (string, *Fault) {
	switch {
	case !present(raw):
		return "", nil
	case raw[0] != '"':
		return "", wrongType(field, "a string", raw)
	}
	return view(jsonscan.Text(raw)), nil
}

// ID reads a member that names something: a string, or an integer as its digits,
// because many shops number their customers. "" when absent or null.
func ID(field string, raw []byte) (string, *Fault) {
	switch {
	case !present(raw):
		return "", nil
	case raw[0] == '"':
		raw = jsonscan.Text(raw)
	case !integer(raw):
		return "", wrongType(field, "a string or an integer", raw)
	}
	if len(raw) > MaxID {
		return "", &Fault{ReasonTooLong, fmt.Sprintf("%s is longer than %d bytes", field, MaxID)}
	}
	return view(raw), nil
}

// integer says that a raw value is a number without fraction or exponent.
func integer(raw []byte) bool {
	for i, c := range raw {
		if (c < '0' || c > '9') && !(i == 0 && c == '-') {
			return false
		}
	}
	return true
}
