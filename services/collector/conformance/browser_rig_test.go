package conformance

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ChromiumVariable is the path of the browser; without it the browser tests are skipped.
const ChromiumVariable = "FRESHET_CHROMIUM"

// browser is a headless Chromium with one page, and the shop's web server.
type browser struct {
	t    *testing.T
	shop string
	in   io.Writer
	out  *bufio.Reader
}

func startBrowser(t *testing.T) *browser {
	t.Helper()
	chromium := os.Getenv(ChromiumVariable)
	if chromium == "" {
		t.Skip("no Chromium is named: run make test-browser")
	}
	clients := modules(t, "playwright-core")
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join("drivers", "browser.mjs"))
	cmd.Env = append(os.Environ(), ClientsVariable+"="+clients, ChromiumVariable+"="+chromium)
	cmd.Stderr, cmd.WaitDelay = os.Stderr, 10*time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // the driver closes the browser
		_ = cmd.Wait()
	})
	return &browser{t: t, shop: startShop(t, clients), in: in, out: bufio.NewReader(out)}
}

// startShop serves the pages and the npm packages, on an origin that is not the collector's.
func startShop(t *testing.T, clients string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/npm/", http.StripPrefix("/npm/", http.FileServer(http.Dir(filepath.Join(clients, "node_modules")))))
	mux.Handle("/", http.FileServer(http.Dir("pages")))
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() { _ = srv.Serve(listener); close(done) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return "http://" + listener.Addr().String()
}

// do gives the driver a command and decodes its answer into value, unless that is nil.
func (b *browser) do(t *testing.T, value any, command string, args map[string]any) {
	t.Helper()
	line := map[string]any{"command": command}
	for name, arg := range args {
		line[name] = arg
	}
	if err := json.NewEncoder(b.in).Encode(line); err != nil {
		t.Fatal(err)
	}
	raw, err := b.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("the browser's driver is gone: %v", err)
	}
	var answer struct {
		Value json.RawMessage
		Error string
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Error != "" {
		t.Fatalf("%s: %s\n%s", command, answer.Error, strings.Join(b.console(t), "\n"))
	}
	if value == nil {
		return
	}
	if err := json.Unmarshal(answer.Value, value); err != nil {
		t.Fatal(err)
	}
}

// console is what the page wrote to its console.
func (b *browser) console(t *testing.T) []string {
	t.Helper()
	var lines []string
	if err := json.NewEncoder(b.in).Encode(map[string]any{"command": "console"}); err != nil {
		return nil
	}
	raw, err := b.out.ReadBytes('\n')
	var answer struct{ Value []string }
	if err == nil && json.Unmarshal(raw, &answer) == nil {
		lines = answer.Value
	}
	return lines
}

// visit opens the shop's page in a browser without a past and loads the client.
func (b *browser) visit(t *testing.T, r *rig, c client, options map[string]any) {
	t.Helper()
	b.do(t, nil, "open", map[string]any{"url": b.shop + c.page()})
	b.load(t, r, options)
}

// comeBack opens the page anew in the same browser.
func (b *browser) comeBack(t *testing.T, r *rig, c client, options map[string]any) {
	t.Helper()
	b.do(t, nil, "goto", map[string]any{"url": b.shop + c.page()})
	b.load(t, r, options)
}

func (b *browser) load(t *testing.T, r *rig, options map[string]any) {
	t.Helper()
	if options == nil {
		options = map[string]any{}
	}
	b.do(t, nil, "run", map[string]any{"name": "start", "arg": map[string]any{
		"collector": r.proxy.url, "writeKey": writeKey, "options": options,
	}})
}

// play makes calls in the page.
func (b *browser) play(t *testing.T, calls ...[]any) {
	t.Helper()
	b.do(t, nil, "run", map[string]any{"name": "play", "arg": calls})
}

// settle lets the page do what its calls have put off: clients queue them for a moment.
func (b *browser) settle(t *testing.T) {
	t.Helper()
	b.do(t, nil, "settle", nil)
}

// leave goes to another page, which unloads the one there was.
func (b *browser) leave(t *testing.T) {
	t.Helper()
	b.do(t, nil, "goto", map[string]any{"url": b.shop + "/elsewhere.html"})
}

// stayedHome fails when a page asked for anything but the shop and the collector.
func (b *browser) stayedHome(t *testing.T, r *rig) {
	t.Helper()
	var requests []string
	b.do(t, &requests, "requests", nil)
	for _, request := range requests {
		u, err := url.Parse(request)
		if err != nil || "http://"+u.Host != b.shop && u.Host != r.proxy.host {
			t.Errorf("the page asked for %s", request)
		}
	}
}

// page is the file of the client's page.
func (c client) page() string { return "/" + c.driver }
