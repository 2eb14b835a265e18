package web

import (
	"bytes"
	"fmt"
	"net/http"
	"path"
	"strings"

	"github.com/freshet/freshet/services/collector/decode"
	"github.com/freshet/freshet/services/collector/intake"
)

// packings are how bodies begin that nobody can read as JSON, and what their sender should do about it.
var packings = []struct{ magic, hint string }{
	{"\x1f\x8b", "the body looks like gzip: send Content-Encoding: gzip"},
	{"\x28\xb5\x2f\xfd", "the body looks like zstd, which is not read: send gzip with Content-Encoding: gzip, or plain JSON"},
	{"\x78\x01", deflated}, {"\x78\x5e", deflated}, {"\x78\x9c", deflated}, {"\x78\xda", deflated},
	{"\xff\xfe", inUTF16}, {"\xfe\xff", inUTF16}, {"{\x00", inUTF16}, {"\x00{", inUTF16},
}

const (
	deflated = "the body looks like deflate (zlib), which is not read: send gzip with Content-Encoding: gzip, or plain JSON"
	inUTF16  = "the body looks like UTF-16: send UTF-8"
)

// explain says of a body that could not be read what it looks like, when that is known, in place of the byte that JSON does not begin with.
func explain(w *intake.Work, r *http.Request, ref *intake.Refusal) *intake.Refusal {
	hint := ""
	for _, p := range packings {
		if bytes.HasPrefix(w.Body, []byte(p.magic)) {
			hint = p.hint
			break
		}
	}
	if hint == "" {
		return ref
	}
	if encodingOf(r.Header) != "" {
		hint = "once unpacked as Content-Encoding says, " + hint + ", and no more than once"
	}
	switch {
	case ref != nil && ref.Status == http.StatusBadRequest:
		return intake.Refuse(ref.Status, ref.Code, hint)
	case ref == nil && len(w.Items) == 1 && w.Items[0].Fault != nil && w.Items[0].Fault.Reason == decode.ReasonInvalidJSON:
		w.Items[0].Fault = &decode.Fault{Reason: decode.ReasonInvalidJSON, Detail: hint}
	}
	return ref
}

// notFound is the answer at a path where nothing is. Most who meet it have given their client an address with a path, to which it adds its own.
func (s *Server) notFound(method, at string) *intake.Refusal {
	text := fmt.Sprintf("there is nothing at %.100q: ", at)
	switch right, extra := s.within(at); {
	case right == "":
		text += "post to /v1/batch"
	case extra == "/v1":
		text += fmt.Sprintf("%s to %s. Was the client's address given with /v1 at its end? It adds that itself", verb(method), right)
	case extra == "":
		text += fmt.Sprintf("%s to %s: the path's case counts", verb(method), right)
	default:
		text += fmt.Sprintf("%s to %s. The client's address should have no path %.100q, or the proxy before the collector take it away", verb(method), right, extra)
	}
	return intake.Refuse(http.StatusNotFound, "not_found", text)
}

func verb(method string) string {
	if method == http.MethodPost {
		return "post"
	}
	return "send " + strings.ToUpper(fmt.Sprintf("%.10s", method))
}

// within finds the path of the API that a path ends with, and what stands before it. right is empty when there is none.
func (s *Server) within(at string) (right, extra string) {
	at = path.Clean("/" + at)
	for rest := at; rest != ""; {
		extra = at[:len(at)-len(rest)]
		if lower := strings.ToLower(rest); calls[lower].route != "" {
			return lower, extra
		}
		if answer, _ := s.settings.Question(rest); answer != nil {
			return rest, extra
		}
		next := strings.IndexByte(rest[1:], '/')
		if next < 0 {
			break
		}
		rest = rest[1+next:]
	}
	return "", ""
}
