package embeddedclickhouse

import (
	"net"
	"testing"
	"time"
)

// A killed engine's ports come free a moment after its lock: a start waits for them.
func TestAPortThatComesFreeSoonIsWaitedFor(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(200*time.Millisecond, func() { _ = l.Close() })
	first, _, err := takePorts(t.Context(), l.Addr().String(), "")
	if err != nil || first != l.Addr().(*net.TCPAddr).Port {
		t.Errorf("takePorts gave %d, %v", first, err)
	}
}
