package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"time"
)

// writeKey is the source's that the collector is configured with.
const writeKey = "loadtest-write-key"

// The widths of what is patched into every event, so that no request has to be built anew.
const (
	idDigits   = 12
	userDigits = 6
)

// event is a track call as a browser sends it, about 700 bytes. %s are the digits of
// the message id, of the user, and the time.
const event = `{"type":"track","event":"Product Viewed","userId":"user-%s","anonymousId":"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9","messageId":"ajs-next-%s","timestamp":"%s",` +
	`"context":{"ip":"203.0.113.7","locale":"en-GB","timezone":"Europe/London","userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",` +
	`"page":{"path":"/p/22633","referrer":"https://www.google.com/","title":"Hand warmer","url":"https://shop.example/p/22633"},"library":{"name":"analytics.js","version":"2.1.0"}},` +
	`"properties":{"product_id":"22633","sku":"22633","category":"Gifts","name":"HAND WARMER UNION JACK","price":1.85,"quantity":1,"currency":"GBP"}}`

// request is the bytes of one request, in which ids and users are patched before each sending.
type request struct {
	bytes      []byte
	ids, users []int // positions of the digits
	events     int
}

// newEvent is one event as a text, with the positions to patch.
func newEvent(now time.Time) (text []byte, user, id int) {
	const userMark, idMark = "UUUUUU", "IIIIIIIIIIII"
	text = fmt.Appendf(nil, event, userMark, idMark, now.UTC().Format("2006-01-02T15:04:05.000Z"))
	return text, bytes.Index(text, []byte(userMark)), bytes.Index(text, []byte(idMark))
}

// newRequest is a POST of so many events; one goes to /v1/track, more to /v1/batch.
func newRequest(events int, now time.Time) *request {
	text, user, id := newEvent(now)
	path, body := "/v1/track", append([]byte{}, text...)
	starts := []int{0}
	if events > 1 {
		path, starts, body = "/v1/batch", nil, []byte(`{"batch":[`)
		for i := range events {
			if i > 0 {
				body = append(body, ',')
			}
			starts = append(starts, len(body))
			body = append(body, text...)
		}
		body = fmt.Appendf(body, `],"sentAt":%q}`, now.UTC().Format(time.RFC3339Nano))
	}
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: collector.example\r\nUser-Agent: loadtest\r\nContent-Type: application/json\r\nAuthorization: Basic %s\r\nContent-Length: %d\r\n\r\n",
		path, base64.StdEncoding.EncodeToString([]byte(writeKey+":")), len(body))
	r := &request{bytes: append([]byte(head), body...), events: events}
	for _, start := range starts {
		r.users, r.ids = append(r.users, len(head)+start+user), append(r.ids, len(head)+start+id)
	}
	return r
}

// number gives every event of the request an id of its own, from first on.
func (r *request) number(first int64) {
	for i := range r.ids {
		n := first + int64(i)
		digits(r.bytes[r.ids[i]:r.ids[i]+idDigits], n)
		digits(r.bytes[r.users[i]:r.users[i]+userDigits], n%100_003) // enough customers for every partition
	}
}

// digits writes n in decimal, with zeros in front.
func digits(to []byte, n int64) {
	var buf [20]byte
	text := strconv.AppendInt(buf[:0], n, 10)
	pad := len(to) - len(text)
	for i := range pad {
		to[i] = '0'
	}
	copy(to[pad:], text)
}
