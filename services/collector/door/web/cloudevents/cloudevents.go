// Package cloudevents reads the HTTP binding of CloudEvents 1.0 in its three content modes and makes track calls of what it finds, which then go
// the way of all others (TestCloudEventBecomesATrackCall, TestCloudEventsBatch).
package cloudevents

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/freshet/freshet/services/collector/decode"
)

// The media types of the binding start with these; what follows is the format, of which JSON is read.
const (
	oneLabel  = "application/cloudevents"
	manyLabel = "application/cloudevents-batch"
)

// label is the media type of a request without its parameters.
func label(h http.Header) string {
	name, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(name))
}

// Many says that the headers announce a batch.
func Many(h http.Header) bool { return strings.HasPrefix(label(h), manyLabel) }

// Format says why the format that the headers announce is not read; nil when it is, or when none is announced.
func Format(h http.Header) *decode.Fault {
	format := label(h)
	if strings.HasPrefix(format, oneLabel) && !strings.HasSuffix(format, "+json") {
		return &decode.Fault{Reason: "unsupported_format", Detail: fmt.Sprintf("%.60q is not read: send %s+json, %s+json or binary mode", format, oneLabel, manyLabel)}
	}
	return nil
}

// Parse finds the events in w.Body, by the content mode that the headers name. Attributes and decoded data are copied: it takes as much memory
// again as the body.
func Parse(w *decode.Work, h http.Header, limits decode.Limits) *decode.Fault {
	var f *decode.Fault
	switch {
	case Many(h):
		f = w.ParseCloudEvents(limits)
	case strings.HasPrefix(label(h), oneLabel):
		f = w.ParseSingle(limits)
	default:
		f = parseBinary(w, h, limits)
	}
	if f == nil {
		w.ConvertAll(limits)
	}
	return f
}
