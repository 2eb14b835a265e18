package library

import "testing"

func TestNamesAreKnownByTheirBeginnings(t *testing.T) {
	for name, c := range map[string]struct {
		library                  string
		visitors, servers, files bool
	}{
		"a browser":              {"analytics.js", true, false, false},
		"in another case":        {"Analytics.js", true, false, false},
		"a browser's, by plugin": {"@segment/analytics-next/npm:1.2", true, false, false},
		"an app":                 {"analytics-swift", true, false, true},
		"a server":               {"@segment/analytics-node", false, true, false},
		"a server with files":    {"analytics-csharp", false, true, true},
		"nobody's":               {"curl", false, false, false},
		"nothing":                {"", false, false, false},
	} {
		if OfVisitors(c.library) != c.visitors || OfServers(c.library) != c.servers || Files(c.library) != c.files {
			t.Errorf("%s: %v %v %v", name, OfVisitors(c.library), OfServers(c.library), Files(c.library))
		}
	}
}
