package collector

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/collector/intake"
)

// deaf opens a connection with a small receive buffer, on which nothing will be read.
func deaf(t *testing.T, r *rig) net.Conn {
	t.Helper()
	small := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 2048) })
	}}
	conn, err := small.DialContext(t.Context(), "tcp", r.svc.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// refusedBatch is a request whose 2,500 events are all refused: its answer is long.
func refusedBatch(event string) []byte {
	body := `{"batch":[` + strings.TrimSuffix(strings.Repeat(event+",", 2500), ",") + `]}`
	return fmt.Appendf(nil, "%sContent-Length: %d\r\n\r\n%s", strings.Replace(postHead, "/v1/track", "/v1/batch", 1), len(body), body)
}

// stuff sends requests one behind the other until the server takes no more of them.
func stuff(conn net.Conn, requests ...[]byte) error {
	for _, request := range requests {
		if err := conn.SetWriteDeadline(time.Now().Add(5 * time.Second)); err != nil {
			return err
		}
		if _, err := conn.Write(request); err != nil {
			return err
		}
	}
	return nil
}

func repeated(n int, request []byte) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = request
	}
	return out
}

// Fifty-four connections send batch behind batch of refused events and never read an answer. Nobody else notices: before, what they had
// sent stayed in the memory for bodies until their answers were read, and everybody was answered 503 for as long as they liked.
func TestAnswersThatNobodyReads(t *testing.T) {
	r := start(t, withoutSpool, func(s *setup) { s.cfg.Limits.InFlightBytes, s.cfg.ReadTimeout = 16<<20, 5*time.Second })
	long := strings.Repeat("m", 250)
	big := refusedBatch(`{"messageId":"` + long + `","type":"nope","x":"` + strings.Repeat("p", 200) + `"}`) // 1.2 MB
	mid := refusedBatch(`{"messageId":"` + long + `","type":"nope","x":"p"}`)
	tiny := refusedBatch(`{}`)
	var wg sync.WaitGroup
	stuck := make(chan struct{})
	for i := range 54 {
		requests := append(repeated(2, mid), repeated(6, big)...)
		switch {
		case i >= 24:
			requests = repeated(25, tiny)
		case i >= 20:
			requests = repeated(9, mid)
		}
		conn := deaf(t, r)
		wg.Go(func() {
			_ = stuff(conn, requests...) // ends when the sockets are full, or with the connection of one that was told that there is no room
		})
	}
	go func() { wg.Wait(); close(stuck) }()
	served := 0
	for over := false; !over; served++ {
		neighbour(t, r, fmt.Sprint("during ", served))
		select {
		case <-stuck:
			over = true
		default:
		}
	}
	testkit.Eventually(t, time.Minute, func() error { // with the connections still open
		if used := r.held(); used != 0 {
			return fmt.Errorf("%d bytes are still reserved", used)
		}
		return nil
	})
	unread := r.count("requests_in_flight")
	t.Logf("%d requests of others were served meanwhile; %v answers wait for their readers", served, unread)
	if unread == 0 {
		t.Error("no answer waits for its reader: the test no longer tests")
	}
	for i := range 20 {
		neighbour(t, r, fmt.Sprint("after ", i))
	}
}

// Who does not read loses the connection after write_timeout, over HTTP/1.
func TestAConnectionThatIsNotReadIsClosed(t *testing.T) {
	r := start(t, withoutSpool, func(s *setup) { s.cfg.WriteTimeout = 300 * time.Millisecond })
	conn := deaf(t, r)
	_ = stuff(conn, repeated(40, refusedBatch(`{"messageId":"`+strings.Repeat("m", 250)+`","type":"nope"}`))...) // ends with the connection
	testkit.Eventually(t, time.Minute, func() error {
		_ = conn.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		_, err := conn.Write([]byte("x"))
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			return errors.New("the connection is still there")
		}
		return nil
	})
	settled(t, r)
}

// While the long answers of others wait for their readers, a list of rejections is cut short, and says so. Answers have a fourth of the memory for
// bodies: this one takes about 430 KB.
func TestLongAnswersHaveABudget(t *testing.T) {
	body := `{"batch":[` + strings.TrimSuffix(strings.Repeat(`{"messageId":"`+strings.Repeat("m", 250)+`","type":"nope"},`, 2500), ",") + `]}`
	within := func(bytes int64) *rig {
		return start(t, withoutSpool, func(s *setup) { s.cfg.Limits.BodyBytes, s.cfg.Limits.InFlightBytes = 1<<20, 4*bytes })
	}
	roomy := within(600 << 10)
	for range 3 { // what one holds is given back; the client may have read its answer before the handler is done
		testkit.Eventually(t, time.Minute, func() error {
			if g := roomy.post("/v1/batch", body); len(g.Rejected) != 2500 || g.Omitted != 0 {
				return fmt.Errorf("with room: %d rejected, %d omitted", len(g.Rejected), g.Omitted)
			}
			return nil
		})
	}
	narrow := within(300 << 10)
	g := narrow.post("/v1/batch", body)
	bytes, err := strconv.Atoi(g.Header.Get("Content-Length"))
	if err != nil || bytes > 32<<10 || g.Status != http.StatusOK || len(g.Rejected) == 0 || len(g.Rejected)+g.Omitted != 2500 {
		t.Errorf("without: %d, %d rejected, %d omitted, %d bytes (%v)", g.Status, len(g.Rejected), g.Omitted, bytes, err)
	}
	if g := narrow.post("/v1/batch", `{"batch":[{}]}`); len(g.Rejected) != 1 || g.Omitted != 0 {
		t.Errorf("a short one: %+v", g)
	}
}

// Clients that name a large body and send none of it hold next to nothing, with or without a key.
func TestLargeBodiesThatDoNotArrive(t *testing.T) {
	r := start(t, withoutSpool)
	for i := range 40 { // forty times 4 MB is more than there is
		head := postHead
		if i%2 == 0 {
			head = "POST /v1/batch HTTP/1.1\r\nHost: x\r\n" // the key could still be in the body
		}
		if _, err := fmt.Fprintf(connect(t, r), "%sContent-Length: %d\r\n\r\n{", head, 4<<20); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Eventually(t, time.Minute, func() error {
		if used := r.held(); used != 40*intake.FirstRoom {
			return fmt.Errorf("%d bytes are reserved, want %d", used, 40*intake.FirstRoom)
		}
		return nil
	})
	whole := `{"batch":[` + track("large") + strings.Repeat(" ", 3<<20) + `]}`
	if g := r.post("/v1/batch", whole); g.Status != http.StatusOK {
		t.Errorf("a large body of another: %+v", g)
	}
	neighbour(t, r, "small")
}
