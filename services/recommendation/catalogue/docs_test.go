package catalogue

import (
	"os"
	"strings"
	"testing"
)

// The page names whatever an event or a condition may use.
func TestThePageNamesEverything(t *testing.T) {
	page, err := os.ReadFile("../../../docs/items.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range read {
		names = append(names, name)
	}
	for _, name := range append(names, FilterNames()...) {
		if !strings.Contains(string(page), name) {
			t.Errorf("the page does not know %s", name)
		}
	}
}
