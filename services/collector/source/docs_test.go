package source

import (
	"os"
	"strings"
	"testing"
	"time"
)

// The files that are shown or shipped are files that work.
func TestTheExamplesLoad(t *testing.T) {
	page, err := os.ReadFile("../../../docs/sources.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, ok := strings.Cut(string(page), "```yaml\n")
	example, _, closed := strings.Cut(example, "```")
	if !ok || !closed {
		t.Fatal("docs/sources.md shows no file")
	}
	f, err := Parse([]byte(example), "docs/sources.md", time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Sources) != 3 || f.Sources[0].Limits.Burst != 2000 || !f.Sources[2].Disabled() {
		t.Errorf("%+v", f)
	}
	compose, err := os.ReadFile("../../../deploy/sources/sources.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse(compose, "deploy/sources/sources.yaml", time.Now()); err != nil {
		t.Error(err)
	}
}
