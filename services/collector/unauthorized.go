package collector

import (
	"net/http"
	"strings"
)

// keyAdvice is where a write key goes.
const keyAdvice = `send it as the user of Basic authorization (curl -u "<write key>:"), or as "writeKey" in the body`

// Why there is no write key to look up, beside the reasons why one does not work.
const keyMissing, keyUnreadable, keyEmpty, keyBearer, keyScheme = "missing", "unreadable", "empty", "bearer", "scheme"

// unauthorized is the answer without a source. Who shows a whole key that worked once is told that it ended: it is what they need to know, and
// who holds no key learns nothing, since every other one is unknown. Whether it was revoked or its source disabled stays with the log.
func unauthorized(why string) *refusal {
	message := "the write key is unknown: " + keyAdvice
	switch why {
	case keyExpired:
		message = "the write key has expired: ask for a new one, `freshet source` makes it"
	case keyRevoked, keyDisabled:
		message = "the write key does not work any more: ask for a new one, `freshet source` makes it"
	case keyMissing:
		message = "there is no write key: " + keyAdvice
	case keyEmpty:
		message = "the user of the Basic authorization is empty, and the write key belongs there, not into the password: " + keyAdvice
	case keyUnreadable:
		message = "what follows Basic in the authorization is no base64 of a write key and a colon: " + keyAdvice
	case keyBearer:
		message = "a Bearer token is not looked at and there is no write key beside it: if the token is the write key, " + keyAdvice
	case keyScheme:
		message = "the authorization is neither Basic nor Bearer: if it is the write key, " + keyAdvice
	}
	return refused(http.StatusUnauthorized, "unknown_write_key", message)
}

// unnamed is why a request without Basic authorization, and without a key in its body, has no key.
func unnamed(authorization string) string {
	scheme, _, _ := strings.Cut(strings.TrimSpace(authorization), " ")
	switch {
	case scheme == "":
		return keyMissing
	case strings.EqualFold(scheme, "bearer"):
		return keyBearer
	}
	return keyScheme
}
