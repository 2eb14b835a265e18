package intake

import (
	"fmt"
	"net/http"
	"time"

	"github.com/freshet/freshet/services/collector/decode"
)

// Refusal is why a whole request was refused; nothing of it was taken.
type Refusal struct {
	// Status is the answer in HTTP; other protocols have their own words for it.
	Status int
	// Code is a word for programs, Message a sentence for people.
	Code, Message string
	// Wait is how long the client should wait before it tries again; zero means the configured time.
	Wait time.Duration
}

// Refuse makes a Refusal.
func Refuse(status int, code, message string) *Refusal {
	return &Refusal{Status: status, Code: code, Message: message}
}

// BadBody is the answer to a body whose events cannot be told apart; nil when they can.
func BadBody(f *decode.Fault) *Refusal {
	if f == nil {
		return nil
	}
	return Refuse(http.StatusBadRequest, f.Reason, f.Detail)
}

// TooLarge is the answer to a body of more than limit bytes.
func TooLarge(limit int) *Refusal {
	return Refuse(http.StatusRequestEntityTooLarge, decode.ReasonTooLarge,
		fmt.Sprintf("the body is larger than %d bytes after decompression: send fewer events at once", limit))
}

// Busy is the answer while there is no memory for a body.
func Busy() *Refusal {
	return Refuse(http.StatusServiceUnavailable, "busy", "too much is being taken in at once: send the same request again")
}
