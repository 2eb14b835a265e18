package testkit

import (
	"bytes"
	"compress/gzip"
	"testing"
)

// Gzip packs a body as clients do.
func Gzip(t testing.TB, body []byte) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
