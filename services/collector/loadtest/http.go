package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"time"
)

// overHTTP sends one request after the other on one connection, as cheaply as can be:
// the bytes of the request are there already, and of the answer only the status, the
// length and the count are looked at.
func overHTTP(ctx context.Context, l *load, t *tally) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", l.address)
	if err != nil {
		return fmt.Errorf("dial %s: %w", l.address, err)
	}
	defer func() { _ = conn.Close() }()
	r := newRequest(l.batch, l.begun)
	t.latencies = make([]int32, 0, 1<<16)
	buf := make([]byte, 8192)
	next := l.first
	for sent := time.Now(); sent.Before(l.until); {
		r.number(next)
		next += int64(r.events)
		if err := conn.SetDeadline(sent.Add(time.Minute)); err != nil {
			return err
		}
		if _, err := conn.Write(r.bytes); err != nil {
			return fmt.Errorf("send a request: %w", err)
		}
		a, err := readAnswer(conn, buf)
		if err != nil {
			return err
		}
		answered := time.Now()
		if a.status/100 == 2 {
			t.add(l, sent, answered, a.accepted)
		} else {
			t.failed++
		}
		sent = answered
	}
	return nil
}

// answer is what the generator looks at.
type answer struct {
	status   int
	accepted int64
}

var (
	lengthHeader  = []byte("\r\nContent-Length: ")
	acceptedField = []byte(`"accepted":`)
)

// readAnswer reads one response with a Content-Length that fits into buf.
func readAnswer(conn net.Conn, buf []byte) (answer, error) {
	for n := 0; ; {
		more, err := conn.Read(buf[n:])
		if err != nil {
			return answer{}, fmt.Errorf("read an answer: %w", err)
		}
		n += more
		head := bytes.Index(buf[:n], []byte("\r\n\r\n"))
		if head < 0 {
			continue
		}
		at := bytes.Index(buf[:head], lengthHeader)
		if at < 0 {
			return answer{}, fmt.Errorf("an answer without length: %q", buf[:head])
		}
		length := number(buf[at+len(lengthHeader):])
		if n < head+4+int(length) {
			if n == len(buf) {
				return answer{}, fmt.Errorf("an answer of %d bytes", length)
			}
			continue
		}
		status, err := strconv.Atoi(string(buf[9:12]))
		if err != nil {
			return answer{}, fmt.Errorf("the status in %q: %w", buf[:12], err)
		}
		a := answer{status: status}
		if at := bytes.Index(buf[head:n], acceptedField); at >= 0 {
			a.accepted = number(buf[head+at+len(acceptedField):])
		}
		return a, nil
	}
}

// number reads the digits at the start of b.
func number(b []byte) (n int64) {
	for _, c := range b {
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + int64(c-'0')
	}
	return n
}
