package bulk

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/freshet/freshet/services/freshet/bulk/mapping"
	"github.com/freshet/freshet/services/freshet/bulk/rows"
)

// TestThePageNamesEveryKeyAndReason holds docs/import.md against the code.
func TestThePageNamesEveryKeyAndReason(t *testing.T) {
	b, err := os.ReadFile("../../../docs/import.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, r := range mapping.Reasons {
		if !strings.Contains(page, "| `"+r+"` |") {
			t.Errorf("the page does not explain %s", r)
		}
	}
	for _, of := range []reflect.Type{reflect.TypeFor[mapping.Spec](), reflect.TypeFor[mapping.Identifiers](), reflect.TypeFor[mapping.Field](), reflect.TypeFor[mapping.Lines](), reflect.TypeFor[rows.Format]()} {
		for i := range of.NumField() {
			key, _, _ := strings.Cut(of.Field(i).Tag.Get("yaml"), ",")
			if !strings.Contains(page, key) {
				t.Errorf("the page does not know %s of %s", key, of.Name())
			}
		}
	}
}
