package freshet

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestASourceIsAddedWithItsGrade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sources.yaml")
	must(t, "source", "add", "erp", "--grade", "core", "--file", file)
	must(t, "source", "add", "web", "--file", file)
	raw, err := os.ReadFile(file)
	if err != nil || strings.Count(string(raw), "grade:") != 1 || !strings.Contains(string(raw), "grade: core") {
		t.Errorf("%s, %v", raw, err)
	}
	if code, _, fault := run(t, "", "source", "add", "till", "--grade", "gold", "--file", file); code != 1 || !strings.Contains(fault, `grade: "gold" is neither core nor behaviour`) {
		t.Errorf("%d, %s", code, fault)
	}
}
