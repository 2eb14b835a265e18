package freshet

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/terminal"
)

func TestListenPrintsEachAlertAsALine(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- listen(ctx, l, terminal.NewWriter(w)) }()
	post := func(body string) int {
		res, err := http.Post("http://"+l.Addr().String()+"/", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	if got := post("not JSON"); got != http.StatusBadRequest {
		t.Errorf("garbage was answered %d, want 400", got)
	}
	if got := post("{\n \"type\": \"segment.entered\"\n}"); got != http.StatusOK {
		t.Errorf("an alert was answered %d, want 200", got)
	}
	if line, err := bufio.NewReader(r).ReadString('\n'); err != nil || line != "{\"type\":\"segment.entered\"}\n" {
		t.Errorf("printed %q, %v", line, err)
	}
	hostile := strings.NewReader(`{"k` + "\u009b\u202e" + `":"\u001b]0;owned\u0007\nFORGED` + "\x7f" + `"}`)
	go func() {
		if res, err := http.Post("http://"+l.Addr().String()+"/", "application/json", hostile); err == nil {
			res.Body.Close()
		}
	}()
	if line, err := bufio.NewReader(r).ReadString('\n'); err != nil || line != `{"k\u009b\u202e":"\u001b]0;owned\u0007\nFORGED\u007f"}`+"\n" {
		t.Errorf("printed %q, %v", line, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
