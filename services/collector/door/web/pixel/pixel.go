// Package pixel reads events that come in an address, fetched by GET as an image: mails and pages without scripts have nothing else to send with.
// It makes the JSON of one event of the address, which then goes the way of all others.
package pixel

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/freshet/freshet/services/collector/decode"
)

// dot is a transparent image of one pixel.
const dot = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00," +
	"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

// Data reads Segment's form: one event as JSON, in base64, in the address.
func Data(query url.Values) ([]byte, *decode.Fault) {
	data := query.Get("data")
	if data == "" {
		return nil, missing("the address has no data: send ?data=, one event as JSON in base64")
	}
	body, err := unbase64(data)
	if err != nil {
		return nil, &decode.Fault{Reason: "bad_base64", Detail: "data is not base64: " + err.Error()}
	}
	return body, nil
}

func missing(detail string) *decode.Fault {
	return &decode.Fault{Reason: "missing_data", Detail: detail}
}

// unbase64 takes both alphabets, padded or not, and the blanks that become of a + in an address.
func unbase64(text string) ([]byte, error) {
	text = strings.NewReplacer("-", "+", "_", "/", " ", "+").Replace(text)
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
}

// Parameters reads RudderStack's form: each member of the event a parameter of the
// address, dots in its name for objects within objects.
func Parameters(query url.Values) ([]byte, *decode.Fault) {
	if len(query) == 0 {
		return nil, missing("the address has no parameters: send ?writeKey=...&anonymousId=...&event=...")
	}
	event := map[string]any{}
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names) // of a and a.b the second wins, always
	for _, name := range names {
		if value := query[name][0]; utf8.ValidString(name) && utf8.ValidString(value) {
			nest(event, name, value)
		} else {
			return nil, &decode.Fault{Reason: decode.ReasonInvalidUTF8, Detail: "the address has a parameter that is not UTF-8"}
		}
	}
	if id, ok := event["anonymousId"].(string); ok {
		event["anonymousId"] = strings.Trim(id, `"`) // AMP pages send it in quotes
	}
	body, err := json.Marshal(event)
	if err != nil {
		return nil, &decode.Fault{Reason: decode.ReasonInvalidJSON, Detail: "the parameters cannot be read: " + err.Error()}
	}
	return body, nil
}

// nest sets a.b.c of an object of objects.
func nest(object map[string]any, name, value string) {
	for {
		first, rest, nested := strings.Cut(name, ".")
		if !nested {
			object[name] = value
			return
		}
		inner, ok := object[first].(map[string]any)
		if !ok {
			inner = map[string]any{}
			object[first] = inner
		}
		object, name = inner, rest
	}
}

// Answer sends the image: the event is stored. What is not stored gets the status
// and the words that every other path has; an image tag looks at neither.
func Answer(rw http.ResponseWriter) {
	h := rw.Header()
	h.Set("Content-Type", "image/gif")
	rw.WriteHeader(http.StatusOK)
	_, _ = rw.Write([]byte(dot)) // the reader may be gone; nobody is left to tell
}
