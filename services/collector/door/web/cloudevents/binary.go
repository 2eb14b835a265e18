package cloudevents

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/freshet/freshet/services/collector/decode"
)

// binaryPrefix is what the headers of binary mode begin with, as net/http writes them.
const binaryPrefix = "Ce-"

// parseBinary reads binary mode: the attributes are headers, the body is the data. It
// writes the event in the structured form, so that there is one reader.
func parseBinary(w *decode.Work, h http.Header, limits decode.Limits) *decode.Fault {
	var names []string
	for name := range h {
		if strings.HasPrefix(name, binaryPrefix) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return &decode.Fault{Reason: "no_cloudevent",
			Detail: "neither the Content-Type nor ce- headers say that this is a CloudEvent: send " + oneLabel + "+json, or ce-id, ce-source, ce-type and ce-specversion"}
	}
	slices.Sort(names)
	out := make([]byte, 0, len(w.Body)+256)
	out = append(out, '{')
	var f *decode.Fault
	for _, name := range names {
		attribute := strings.ToLower(name[len(binaryPrefix):])
		switch attribute {
		case "data", "data_base64", "datacontenttype": // no attributes; the last is the Content-Type
			continue
		}
		value, ok := headerText(h.Get(name))
		if !ok {
			f = decode.BadCloudEvent("the header ce-%.40s does not decode to UTF-8", attribute)
		}
		out = decode.Member(out, []byte(attribute), decode.JSONText(value))
	}
	if data := bytes.TrimSpace(w.Body); len(data) > 0 && f == nil {
		if f = binaryData(w, h, data, limits); f == nil {
			if format := label(h); format != "" {
				out = decode.Member(out, []byte("datacontenttype"), decode.JSONText(format))
			}
			out = decode.Member(out, []byte("data"), data)
		}
	}
	if w.Items = w.Items[:0]; f != nil {
		it := w.Next()
		it.Raw, it.Fault = w.Body, f
		source, _ := headerText(h.Get("ce-source"))
		id, _ := headerText(h.Get("ce-id"))
		it.NameAfter(decode.JSONText(source), decode.JSONText(id))
		return nil
	}
	w.Body = append(w.Body[:0], append(out, '}')...)
	return w.ParseSingle(limits)
}

// binaryData says why the body cannot be an event's data: it has to be one JSON value.
func binaryData(w *decode.Work, h http.Header, data []byte, limits decode.Limits) *decode.Fault {
	if format := label(h); format != "" && !strings.HasSuffix(format, "/json") && !strings.HasSuffix(format, "+json") {
		return decode.BadCloudEvent("data of the type %.60q is not read: send JSON", format)
	}
	return w.OneValue(data, limits)
}

// headerText decodes a header as the binding says: a quoted string is unquoted, then
// percent-decoded once. What is no percent code stays. ok is false when the result is not UTF-8.
func headerText(value string) (text string, ok bool) {
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		value = unquote(value[1 : len(value)-1])
	}
	if decoded, err := url.PathUnescape(value); err == nil {
		value = decoded
	}
	return value, utf8.ValidString(value)
}

// unquote resolves the backslashes of a quoted string.
func unquote(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		out = append(out, text[i])
	}
	return string(out)
}
