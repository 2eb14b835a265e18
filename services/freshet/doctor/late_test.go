package doctor

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestWhatTheWatchFindsIsShown(t *testing.T) {
	const head = "# TYPE " + openBreaches + " gauge\n"
	for name, c := range map[string]struct {
		page  string
		state State
		want  string
	}{
		"nothing late": {head + openBreaches + `{cause="late",grade="core",stage="identity"} 0` + "\n", OK, "nothing late"},
		"two stages": {head + openBreaches + `{cause="late",grade="core",stage="warehouse"} 1` + "\n" + openBreaches + `{cause="unseen",grade="any",stage="broker"} 1` + "\n", Warned,
			"live events (core) are too late before warehouse, the watch cannot see broker"},
		"more than is worked off": {head + openBreaches + `{cause="behind",grade="any",stage="overload"} 1` + "\n", Warned, "more comes than the stages work off"},
		"no watch":                {"up 1\n", Warned, "no freshness watch"},
		"not a metrics":           {"<html>\n", Warned, "read the metrics"},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(c.page)) }))
			defer s.Close()
			a := nowhere()
			a.Metrics = strings.TrimPrefix(s.URL, "http://")
			if f := late(t.Context(), Patient{Addresses: a}); f.State != c.state || !strings.Contains(f.Detail, c.want) || (f.State == OK) != (f.Fix == "") {
				t.Errorf("%+v", f)
			}
		})
	}
}
