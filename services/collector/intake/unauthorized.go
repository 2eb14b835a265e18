package intake

import (
	"net/http"

	"github.com/freshet/freshet/services/collector/directory"
)

// keyAdvice is where a write key goes.
const keyAdvice = `send it as the user of Basic authorization (curl -u "<write key>:"), or as "writeKey" in the body`

// Unauthorized is the answer without a source. Who shows a whole key that worked once is told that it ended: it is what they need to know, and
// who holds no key learns nothing, since every other one is unknown. Whether it was revoked or its source disabled stays with the log.
func Unauthorized(why string) *Refusal {
	message := "the write key is unknown: " + keyAdvice
	switch why {
	case directory.Expired:
		message = "the write key has expired: ask for a new one, `freshet source` makes it"
	case directory.Revoked, directory.Disabled:
		message = "the write key does not work any more: ask for a new one, `freshet source` makes it"
	case directory.Missing:
		message = "there is no write key: " + keyAdvice
	case directory.Empty:
		message = "the user of the Basic authorization is empty, and the write key belongs there, not into the password: " + keyAdvice
	case directory.Unreadable:
		message = "what follows Basic in the authorization is no base64 of a write key and a colon: " + keyAdvice
	case directory.Bearer:
		message = "a Bearer token is not looked at and there is no write key beside it: if the token is the write key, " + keyAdvice
	case directory.Scheme:
		message = "the authorization is neither Basic nor Bearer: if it is the write key, " + keyAdvice
	}
	return Refuse(http.StatusUnauthorized, "unknown_write_key", message)
}

// Sender is the source of a Basic authorization where no body can name the key.
func (i *Intake) Sender(header string) (*directory.Source, *Refusal) {
	src, why := i.directory.ByAuthorization(header)
	if src != nil {
		return src, nil
	}
	if why == "" {
		why = directory.Unnamed(header)
	}
	return nil, Unauthorized(why)
}
