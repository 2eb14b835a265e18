package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
)

// door is an endpoint's address as it may be told: scheme and host. User, path, query and fragment are secrets: for Slack, Teams or Zapier
// the path is the password.
func door(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "its address" // which is not shown: what cannot be taken apart cannot be cut
	}
	return u.Scheme + "://" + u.Host
}

// told is a fault of a request as it may be logged and kept in a dead letter. Its words are chosen here, out of what is known of it: the
// text of an error of net/http has the address in it, and what a server said may repeat what it was sent. TestNoSecretOfAnAddressIsTold.
func told(address string, err error) error {
	return fmt.Errorf("post to %s: %s", door(address), why(err))
}

// why names what went wrong, without a word that the address or the other side supplied, except names of hosts and certificates.
func why(err error) string {
	var (
		dns         *net.DNSError
		op          *net.OpError
		errno       syscall.Errno
		unverified  *tls.CertificateVerificationError
		stranger    x509.HostnameError
		timeout     net.Error
		handshaking tls.RecordHeaderError
		alert       tls.AlertError
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer within the time"
	case errors.Is(err, context.Canceled):
		return "cut off: this process stops"
	case errors.As(err, &dns):
		return fmt.Sprintf("look up %s: %s", dns.Name, dns.Err)
	case errors.As(err, &stranger):
		return "its certificate is for another host"
	case errors.As(err, &unverified):
		return "its certificate is not trusted"
	case errors.As(err, &handshaking), errors.As(err, &alert):
		return "the TLS handshake failed"
	case errors.As(err, &op) && errors.As(err, &errno):
		return op.Op + ": " + errno.Error()
	case errors.As(err, &op):
		return op.Op + " failed"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, http.ErrServerClosed):
		return "the connection ended before the answer did"
	default:
		return "no HTTP answer came"
	}
}

// answered is an answer that is none of success. The reason phrase is the server's, which may repeat the request: the code's own is used.
func answered(address string, code int) error {
	return fmt.Errorf("%s answered %d %s", door(address), code, http.StatusText(code))
}
