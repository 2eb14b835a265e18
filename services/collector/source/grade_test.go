package source

import (
	"strings"
	"testing"
	"time"
)

func TestGrades(t *testing.T) {
	for grade, want := range map[string]string{"core": "", "behaviour": "", `""`: "", "Core": `sources[0].grade: "Core" is neither core nor behaviour`, "behavior": "neither core nor behaviour"} {
		f, err := Parse([]byte("sources: [{name: erp, grade: "+grade+"}]"), "sources.yaml", time.Now())
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", grade, err, want)
		}
		if err == nil && f.Sources[0].Grade != strings.Trim(grade, `"`) {
			t.Errorf("%s: read as %q", grade, f.Sources[0].Grade)
		}
	}
}
