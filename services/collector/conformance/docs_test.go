package conformance

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The examples of docs/clients.md, run as they stand but for the collector's address.
func TestExamplesOfTheDocs(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/clients.md")
	if err != nil {
		t.Fatal(err)
	}
	r := start(t)
	examples := 0
	for _, line := range strings.Split(string(page), "\n") {
		command, ok := strings.CutPrefix(line, "$ curl ")
		if !ok {
			continue
		}
		examples++
		if status := runExample(t, strings.ReplaceAll(command, "http://127.0.0.1:8080", r.proxy.url)); status != http.StatusOK {
			t.Errorf("%d: curl %s", status, command)
		}
	}
	if examples != 5 {
		t.Errorf("%d examples, want 5", examples)
	}
	names := map[string]bool{}
	for _, e := range r.stored() {
		names[e.Name] = true
	}
	for _, name := range []string{"Message Opened", "Cart", "Order Completed", "Product Viewed", "Product Added", "Survey Answered"} {
		if !names[name] {
			t.Errorf("%s is not in Kafka", name)
		}
	}
	if n := len(r.stored()); n != 6 {
		t.Errorf("%d events in Kafka, want 6", n)
	}
}

// runExample has a shell read the words of a curl command, as a reader's would, and makes
// the request that they mean: curl itself may not be here.
func runExample(t *testing.T, command string) int {
	t.Helper()
	shell := exec.CommandContext(t.Context(), "bash", "-c", `printf '%s\0' `+command)
	shell.Env = append(os.Environ(), "WRITE_KEY="+writeKey)
	out, err := shell.Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	words := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	resp, err := http.DefaultClient.Do(requestOf(t, words))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// requestOf reads the few options of curl that the page uses.
func requestOf(t *testing.T, words []string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://unset.invalid", nil)
	if err != nil {
		t.Fatal(err)
	}
	body, query := "", req.URL.Query()
	for i := 0; i < len(words); i++ {
		switch option := words[i]; option {
		case "-G":
			continue
		case "-u", "-H", "-d", "--data-urlencode":
			i++
			name, value, _ := strings.Cut(words[i], map[string]string{"-u": ":", "-H": ": ", "--data-urlencode": "="}[option])
			switch option {
			case "-u":
				req.SetBasicAuth(name, value)
			case "-H":
				req.Header.Set(name, value)
			case "-d":
				req.Method, body = http.MethodPost, words[i]
			default:
				query.Set(name, value)
			}
		default:
			if req.URL, err = req.URL.Parse(option); err != nil {
				t.Fatal(err)
			}
			if req.Host = req.URL.Host; req.URL.RawQuery != "" {
				query = req.URL.Query()
			}
		}
	}
	req.URL.RawQuery = query.Encode()
	out, err := http.NewRequestWithContext(t.Context(), req.Method, req.URL.String(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	out.Header = req.Header
	return out
}
