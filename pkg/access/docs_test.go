package access

import (
	"os"
	"strings"
	"testing"
)

// The files that are shown or shipped are files that work.
func TestTheExamplesLoad(t *testing.T) {
	page, err := os.ReadFile("../../docs/gateway.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, ok := strings.Cut(string(page), "```yaml\n")
	example, _, closed := strings.Cut(example, "```")
	if !ok || !closed {
		t.Fatal("docs/gateway.md shows no file")
	}
	if f, err := Parse([]byte(example), "docs/gateway.md", noon); err != nil || len(f.Tokens) != 1 || len(f.Tokens[0].Keys) != 1 {
		t.Errorf("%+v, %v", f, err)
	}
	shipped, err := os.ReadFile("../../deploy/tokens/tokens.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if f, err := Parse(shipped, "deploy/tokens/tokens.yaml", noon); err != nil || len(f.Tokens) != 0 {
		t.Errorf("%+v, %v", f, err)
	}
	for _, scope := range Scopes {
		if !strings.Contains(string(page), "| `"+scope+"` |") {
			t.Errorf("docs/gateway.md does not say what %s opens", scope)
		}
	}
}
