package web

import (
	"encoding/json"
	"net/http"
	"strconv"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/door/web/pixel"
	"github.com/freshet/freshet/services/collector/intake"
)

// reply is the body of every answer.
type reply struct {
	Success bool `json:"success"`
	// Error is a word for programs, Message a sentence for people. Code is Error again: clients read that name, and take an answer
	// without it for a broken network, which they try again.
	Error    string             `json:"error,omitempty"`
	Code     string             `json:"code,omitempty"`
	Message  string             `json:"message,omitempty"`
	Accepted int                `json:"accepted"`
	Rejected []intake.Rejection `json:"rejected"`
	// Omitted is how many refused events Rejected leaves out.
	Omitted int `json:"omitted,omitempty"`
	// Notes are what the sender should hear of events that were taken.
	Notes []intake.Told `json:"notes,omitempty"`
}

// Answers wait for their readers in memory, so those that are long have a budget of their own, a fourth of that for bodies. Without room in
// it a list of rejections is cut to shortAnswer bytes and says how many it leaves out: they are all in events.rejected.v1.
const shortAnswer, answersShare = 16 << 10, 4

// answer reports events that are durable. A single event that was refused is a 400,
// so that whoever wrote the call learns of it; in a batch the neighbours count.
func (s *Server) answer(rw http.ResponseWriter, c call, res intake.Result) int {
	if len(res.Rejected)+len(res.Told) == 0 || c.pixel && len(res.Rejected) == 0 {
		if c.pixel {
			pixel.Answer(rw)
			return http.StatusOK
		}
		body := make([]byte, 0, 64)
		body = append(body, `{"success":true,"accepted":`...)
		body = strconv.AppendInt(body, int64(res.Accepted), 10)
		body = append(body, `,"rejected":[]}`+"\n"...)
		writeJSON(rw, http.StatusOK, body)
		return http.StatusOK
	}
	status, out := http.StatusOK, reply{Success: true, Accepted: res.Accepted, Rejected: res.Rejected, Notes: res.Told}
	if len(res.Rejected) == 0 {
		out.Rejected = []intake.Rejection{}
	} else if c.typ != eventv1.EventType_EVENT_TYPE_UNSPECIFIED && !c.many {
		status, out.Success = http.StatusBadRequest, false
		out.Error, out.Message = res.Rejected[0].Reason, res.Rejected[0].Detail
	}
	size := sizeOf(res.Rejected)
	if size > shortAnswer {
		if s.answers.Take(size) {
			defer s.answers.Give(size)
		} else {
			out.Rejected = shortened(res.Rejected, shortAnswer)
			out.Omitted = len(res.Rejected) - len(out.Rejected)
		}
	}
	s.write(rw, status, out)
	return status
}

// sizeOf is about how many bytes rejections take in an answer.
func sizeOf(list []intake.Rejection) int64 {
	var n int64
	for i := range list {
		n += sizeOfOne(&list[i])
	}
	return n
}

func sizeOfOne(r *intake.Rejection) int64 {
	return int64(64 + len(r.MessageID) + len(r.Reason) + len(r.Detail))
}

// shortened are the first rejections that take no more than so many bytes.
func shortened(list []intake.Rejection, bytes int64) []intake.Rejection {
	for i := range list {
		if bytes -= sizeOfOne(&list[i]); bytes < 0 {
			return list[:i]
		}
	}
	return list
}

// refuse reports a request of which nothing was taken.
func (s *Server) refuse(rw http.ResponseWriter, ref *intake.Refusal) {
	switch ref.Status {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		later(rw.Header(), max(ref.Wait, s.cfg.RetryAfter))
	case http.StatusUnsupportedMediaType:
		rw.Header().Set("Accept-Encoding", "gzip")
	case http.StatusUnauthorized:
		rw.Header().Set("WWW-Authenticate", `Basic realm="write key"`)
	}
	s.write(rw, ref.Status, reply{Error: ref.Code, Message: ref.Message, Rejected: []intake.Rejection{}})
}

func (s *Server) write(rw http.ResponseWriter, status int, out reply) {
	out.Code = out.Error
	body, err := json.Marshal(out)
	if err != nil {
		s.logger.Error("encode an answer", "error", err)
		status, body = http.StatusInternalServerError, []byte(`{"success":false,"error":"internal","code":"internal","message":"internal error"}`)
	}
	writeJSON(rw, status, append(body, '\n'))
}

// Header values that every answer has, made once: nobody changes them in place.
var anyOrigin, jsonType = []string{"*"}, []string{"application/json"}

func writeJSON(rw http.ResponseWriter, status int, body []byte) {
	h := rw.Header()
	if h["Access-Control-Allow-Origin"] == nil {
		h["Access-Control-Allow-Origin"] = anyOrigin
	}
	h["Content-Type"] = jsonType
	h.Set("Content-Length", strconv.Itoa(len(body)))
	rw.WriteHeader(status)
	_, _ = rw.Write(body) // the client may be gone; nobody is left to tell
}
