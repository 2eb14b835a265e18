package standalone

import (
	"errors"
	"net/http"
	"testing"
)

// The API's readiness is the gateway's: it can be read while another part is behind. The process's is at the metrics address.
func TestTheAPIIsReadyWhileAnotherPartIsNot(t *testing.T) {
	r := start(t, nil)
	ready := func(address string) int {
		t.Helper()
		resp, err := http.Get("http://" + address + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if api, process := ready(r.addr.APIHTTP), ready(r.addr.Metrics); api != 200 || process != 200 {
		t.Errorf("at first: the API %d, the process %d", api, process)
	}
	r.ready.Add("warehouse", func() error { return errors.New("behind") })
	if api, process := ready(r.addr.APIHTTP), ready(r.addr.Metrics); api != 200 || process != 503 {
		t.Errorf("while a part is behind: the API %d, the process %d", api, process)
	}
}

// A customer is read in their own workspace only, whichever way they are named: a token of one workspace cannot name its way into another.
func TestAnIDOfAnotherWorkspaceIsNobody(t *testing.T) {
	r := start(t, nil)
	r.send("/v1/batch", order("m1", "42", 180))
	id := r.customer("user_id:42")
	for _, path := range []string{"", "/features", "/segments", "/features?as_of=2026-11-01T00:00:00Z"} {
		for _, ref := range []string{id, "user_id:42"} {
			sep := "?"
			if path != "" && path[len(path)-1] == 'Z' {
				sep = "&"
			}
			req, err := http.NewRequest(http.MethodGet, "http://"+r.addr.APIHTTP+"/v1/customers/"+ref+path+sep+"workspace=other", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+r.addr.APIToken)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusNotFound {
				t.Errorf("%s of the workspace default, asked for in another: %d", req.URL.Path, resp.StatusCode)
			}
		}
	}
}
