package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/services/collector"
)

// nginx is Debian's, before a collector, until the test ends.
type nginx struct {
	t   *testing.T
	url string
}

// startNginx runs it with a server block, in which LISTEN stands for its address and COLLECTOR for what is behind it.
func startNginx(t *testing.T, server, collector string) *nginx {
	t.Helper()
	if os.Getenv(LanguagesVariable) == "" {
		t.Skip("nginx is not asked for: run make test-clients")
	}
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx"
	}
	dir := t.TempDir()
	address := free(t)
	server = strings.NewReplacer("LISTEN", address, "COLLECTOR", collector).Replace(server)
	var paths string
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		paths += fmt.Sprintf("  %s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	config := fmt.Sprintf("daemon off;\nmaster_process off;\npid %s;\nerror_log stderr warn;\nevents {}\nhttp {\n  access_log off;\n%s%s\n}\n",
		filepath.Join(dir, "pid"), paths, server)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(program, "-e", "stderr", "-p", dir, "-c", file)
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil && t.Failed() {
			t.Logf("nginx: %v\n%s\n%s", err, stderr.String(), config)
		}
	})
	eventually(t, "nginx answers", func() bool {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return &nginx{t: t, url: "http://" + address}
}

// free is an address nobody listens on now.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// told is an answer as a client has it.
type told struct {
	status int
	header http.Header
	Code   string
}

// post sends a request on a connection of its own and reads the answer while it still sends, as nginx gives it as soon as it has it.
func (n *nginx) post(path, key string, body []byte) told {
	n.t.Helper()
	req, err := http.NewRequestWithContext(n.t.Context(), http.MethodPost, n.url+path, bytes.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	req.SetBasicAuth(key, "")
	conn, err := net.Dial("tcp", req.URL.Host)
	if err != nil {
		n.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	go func() { _ = req.Write(conn) }() // nginx may stop listening once it has answered
	resp, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		n.t.Errorf("no answer: %v", err)
		return told{}
	}
	defer resp.Body.Close()
	a := told{status: resp.StatusCode, header: resp.Header}
	_ = json.NewDecoder(resp.Body).Decode(&a) // nginx's own answers are pages
	return a
}

// The block of docs/deploy.md, as it stands but for the addresses.
func blockOfTheDocs(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../../docs/deploy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(page), "```nginx\n")
	block, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("docs/deploy.md has no nginx block")
	}
	out := strings.NewReplacer("listen 443 ssl;", "listen LISTEN;", "server 127.0.0.1:8080;", "server COLLECTOR;").Replace(block)
	lines := strings.Split(out, "\n")
	for i, line := range lines {
		if strings.Contains(line, "ssl_certificate") { // there is no certificate here
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n")
}

// Refusals that are decided before the body is read come through nginx as they are, in its default settings (HTTP/1.0, the connection closed
// after each request) too. Before, they became 502 by chance.
func TestNginxPassesRefusals(t *testing.T) {
	t.Parallel()
	blocks := map[string]string{
		"nothing set":        "server { listen LISTEN; client_max_body_size 20m; location / { proxy_pass http://COLLECTOR; } }",
		"buffering off":      "server { listen LISTEN; client_max_body_size 20m; location / { proxy_pass http://COLLECTOR; proxy_request_buffering off; } }",
		"1.1, buffering off": "server { listen LISTEN; client_max_body_size 20m; location / { proxy_pass http://COLLECTOR; proxy_request_buffering off; proxy_http_version 1.1; } }",
		"the docs' block":    blockOfTheDocs(t),
	}
	for name, block := range blocks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, limited(t, 1, 1))
			n := startNginx(t, block, r.Address)
			for _, size := range []int{100_000, 900_000, 4 << 20} {
				body := bytes.Repeat([]byte(" "), size)
				for i := range 8 {
					if a := n.post("/v1/batch", "wrongwrong", body); a.status != 401 || a.Code != "unknown_write_key" {
						t.Errorf("a wrong key, %d bytes, try %d: %d %s", size, i, a.status, a.Code)
					}
				}
			}
			if a := n.post("/v1/batch", writeKey, bytes.Repeat([]byte(" "), 4<<20+100)); a.status != 413 || a.Code != "too_large" {
				t.Errorf("too large: %d %s", a.status, a.Code)
			}
			if a := n.post("/v1/v1/batch", writeKey, bytes.Repeat([]byte(" "), 900_000)); a.status != 404 || a.Code != "not_found" {
				t.Errorf("a wrong path: %d %s", a.status, a.Code)
			}
			batch := []byte(`{"batch":[` + strings.TrimSuffix(strings.Repeat(`{"type":"page","userId":"1"},`, 30), ",") + `]}`)
			if a := n.post("/v1/batch", writeKey, batch); a.status != 200 {
				t.Errorf("a good batch: %d %s", a.status, a.Code)
			}
			for range 8 {
				if a := n.post("/v1/batch", writeKey, bytes.Repeat([]byte(" "), 900_000)); a.status != 429 || a.header.Get("Retry-After") == "" {
					t.Errorf("over its rate: %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
				}
			}
		})
	}
}

// Behind the docs' block the collector names the address that its client used, and knows that client's address.
func TestNginxAndTheOuterAddress(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *collector.Config) { c.Enrich.TrustedProxies = []string{"127.0.0.1"} })
	n := startNginx(t, blockOfTheDocs(t), r.Address)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.url+"/v1/projects/"+writeKey+"/settings", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "events.example.com:8443"
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var settings struct {
		Integrations map[string]struct{ APIHost, Protocol string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&settings); err != nil {
		t.Fatal(err)
	}
	if got := settings.Integrations["Segment.io"]; got.APIHost != "events.example.com:8443/v1" || got.Protocol != "http" {
		t.Errorf("the settings name %+v", got)
	}
}
