package embeddedclickhouse

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/freshet/freshet/pkg/clickhouse"
)

func open(t *testing.T, address, user, password string) driver.Conn {
	t.Helper()
	cfg := clickhouse.Default()
	cfg.Address, cfg.User, cfg.Password = address, user, password
	conn, err := clickhouse.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestAccess(t *testing.T) {
	ctx := context.Background()
	s := startHere(t, Config{Dir: t.TempDir(), ReaderPassword: "r", Readable: []string{"default"}})
	run(t, s.Native(), "CREATE TABLE t (x UInt64) ENGINE = MergeTree ORDER BY x", "INSERT INTO t VALUES (7)")

	wrong := s.ClientConfig()
	wrong.Password = "not it"
	if _, err := clickhouse.Open(ctx, wrong); err == nil || !strings.Contains(err.Error(), wrong.Address) || strings.Contains(err.Error(), wrong.Password) {
		t.Errorf("wrong password: got %v, want an error with the address and without the password", err)
	}
	reader := open(t, s.Native(), Reader, "r")
	var x uint64
	if err := reader.QueryRow(ctx, "SELECT x FROM default.t").Scan(&x); err != nil || x != 7 {
		t.Errorf("the reader reads %d, %v; want 7", x, err)
	}
	for _, q := range []string{
		"INSERT INTO default.t VALUES (8)", "DROP TABLE default.t", "CREATE TABLE u (x UInt64) ENGINE = Memory",
		"SELECT * FROM file('/etc/hostname', 'LineAsString')", "CREATE USER u",
	} {
		if err := reader.Exec(ctx, q); err == nil {
			t.Errorf("the reader may %s", q)
		}
	}
}

// TestFaultyClients: what clients do wrong must not end the engine; without a terminal it does.
func TestFaultyClients(t *testing.T) {
	s := startHere(t, Config{Dir: t.TempDir(), ReaderPassword: "r"})
	hello := "\x00\x02py\x01\x01\xaa\xa6\x03\x00\x07" + User + "\x01p"
	for name, tc := range map[string]struct {
		address, send string
		reset         bool
	}{
		"vanishes in its greeting":   {address: s.Native(), send: hello[:6], reset: true},
		"half a greeting":            {address: s.Native(), send: hello[:6]},
		"a wrong password":           {address: s.Native(), send: hello[:len(hello)-1] + "q"},
		"vanishes when logged in":    {address: s.Native(), send: hello, reset: true},
		"an unknown database":        {address: s.Native(), send: "\x00\x02py\x01\x01\xaa\xa6\x03\x04nope\x07" + User + "\x01p"},
		"HTTP on the native port":    {address: s.Native(), send: "GET / HTTP/1.1\r\n\r\n"},
		"no HTTP on the HTTP port":   {address: s.HTTP(), send: "\x00\x01\x02\r\n\r\n"},
		"vanishes in an HTTP answer": {address: s.HTTP(), send: "GET /?query=SELECT+number+FROM+numbers(10000000) HTTP/1.1\r\nHost: x\r\n\r\n", reset: true},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", tc.address)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Write([]byte(tc.send)); err != nil {
				t.Fatal(err)
			}
			_ = conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
			_, _ = conn.Read(make([]byte, 1)) // an answer, or the silence of one who waits for more
			if tc.reset {
				_ = conn.(*net.TCPConn).SetLinger(0)
			}
			_ = conn.Close()
		})
	}
	reader := open(t, s.Native(), Reader, "r")
	_ = reader.Exec(context.Background(), "KILL QUERY WHERE 1") // must not reach the engine's own query
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
	select {
	case <-s.Done():
		t.Fatal("the engine ended")
	case <-time.After(time.Second): // it takes a moment to die
	}
	run(t, s.Native(), "SELECT 1")
}

func TestHTTP(t *testing.T) {
	s := startHere(t, Config{Dir: t.TempDir()})
	resp, err := http.Get("http://" + s.HTTP() + "/?user=" + User + "&password=p&query=" + url.QueryEscape("SELECT 1+1"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || strings.TrimSpace(string(body)) != "2" {
		t.Errorf("got %q, %v; want 2", body, err)
	}
}

// TestEngineFeatures: what the warehouse builds on is in this engine.
func TestEngineFeatures(t *testing.T) {
	s := startHere(t, Config{Dir: t.TempDir()})
	run(t, s.Native(),
		"CREATE TABLE r (id UInt64, v UInt64) ENGINE = ReplacingMergeTree(v) ORDER BY id SETTINGS non_replicated_deduplication_window = 1000",
		"CREATE TABLE d (k String, v String, at DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY k TTL at + INTERVAL 1 DAY",
		"CREATE DICTIONARY dict (k String, v String) PRIMARY KEY k SOURCE(CLICKHOUSE(TABLE 'd' DB 'default' USER 'default')) LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(1)",
		"INSERT INTO d (k, v) VALUES ('a', 'b')",
		"INSERT INTO r SETTINGS insert_deduplication_token = 'x' VALUES (1, 1)",
		"INSERT INTO r SETTINGS insert_deduplication_token = 'x' VALUES (1, 1)",
	)
	if got := count(t, s.Native(), "r"); got != 1 {
		t.Errorf("%d rows after the same block twice, want 1", got)
	}
	var v string
	if err := open(t, s.Native(), User, "p").QueryRow(context.Background(), "SELECT dictGet('dict', 'v', 'a')").Scan(&v); err != nil || v != "b" {
		t.Errorf("dictionary gives %q, %v; want b", v, err)
	}
}

// TestPasswordIsNotKept: the directory holds a hash only.
func TestPasswordIsNotKept(t *testing.T) {
	dir := t.TempDir()
	if _, err := writeConfig(Config{Dir: dir, Password: "very-secret", ReaderPassword: "very-secret-too"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"config.xml", "users.xml"} {
		b, err := os.ReadFile(dir + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "very-secret") {
			t.Errorf("%s holds the password", name)
		}
	}
}
