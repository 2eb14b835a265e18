package instant

import (
	"bytes"
	"encoding/json"
	"time"
)

// maxObject is the largest object looked into, in bytes.
const maxObject = 512

// JSON reads a time out of a value that is valid JSON: a text, a number, or an object in which a program writes a time.
// Arrays are not read: Java's begin the months at 1, moment's at 0.
func JSON(raw []byte) (time.Time, bool) {
	if len(raw) == 0 {
		return time.Time{}, false
	}
	switch raw[0] {
	case '"':
		if bytes.IndexByte(raw, '\\') < 0 {
			return Parse(raw[1 : len(raw)-1])
		}
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return time.Time{}, false
		}
		return Parse([]byte(text))
	case '{':
		return object(raw)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if len(raw) > maxText {
			return time.Time{}, false
		}
		return Parse(raw)
	}
	return time.Time{}, false
}

// members that hold all of a time: MongoDB's, BigQuery's, Parse's, and PHP's beside a timezone.
var holders = []string{"$date", "$numberLong", "value", "iso", "date"}

// object reads the objects of MongoDB, BigQuery, Parse Server, PHP, Firestore and Protocol Buffers.
func object(raw []byte) (time.Time, bool) {
	var members map[string]json.RawMessage
	if len(raw) > maxObject || json.Unmarshal(raw, &members) != nil {
		return time.Time{}, false
	}
	for _, name := range []string{"seconds", "_seconds", "epochSecond"} {
		if seconds := members[name]; seconds != nil {
			return since(seconds, members)
		}
	}
	for _, name := range holders {
		inner := members[name]
		if inner == nil {
			continue
		}
		var zone, text string
		if json.Unmarshal(members["timezone"], &zone) == nil && json.Unmarshal(inner, &text) == nil {
			return Parse([]byte(text + " " + zone))
		}
		return JSON(inner)
	}
	return time.Time{}, false
}

// since reads seconds since 1970 and the nanoseconds beside them.
func since(seconds json.RawMessage, members map[string]json.RawMessage) (time.Time, bool) {
	t, ok := JSON(seconds)
	for _, name := range []string{"nanos", "_nanoseconds", "nanoseconds", "nano"} {
		var n int64
		if json.Unmarshal(members[name], &n) == nil && n >= 0 && n < int64(time.Second) {
			t = t.Add(time.Duration(n))
		}
	}
	return t, ok
}
