package freshet

import (
	"os"
	"testing"
)

// TestTheDemoFindsTheTruthAndLeavesNothingBehind plays a small demo.
func TestTheDemoFindsTheTruthAndLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	out := must(t, "demo", "--customers", "300", "--days", "20", "--rate", "150", "--live", "5s")
	for _, want := range []string{"ok  events stored, each once", "ok  customers", "alerts reached the webhook", "Freshness, event received", "One customer's story", "high_value"} {
		if err := contains(out, want); err != nil {
			t.Error(err)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary directory: %v, %v", left, err)
	}
}
