package standalone

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Every task of every service checks the machine's clock as it runs for users; only a test that gives a clock of its own is believed.
func TestEveryTaskChecksTheClock(t *testing.T) {
	r := start(t, nil)
	resp, err := http.Get("http://" + r.addr.Metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	tasks := 0
	for line := range strings.Lines(string(body)) {
		if strings.HasPrefix(line, "freshet_stream_clock_limit_seconds{") {
			tasks++
			if !strings.HasSuffix(line, " 3600\n") {
				t.Errorf("%swant an hour", line)
			}
		}
	}
	if tasks != 9 {
		t.Errorf("%d tasks have a limit, want those of identity (2), feature (2), segmentation, churn and recommendation (3)", tasks)
	}
}
