package churn

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestConfigReportsEveryFault(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
	err := Config{Pace: 2 * time.Second, SweepAt: "25:00", SweepEvery: time.Minute, SweepSpread: time.Hour, EmitStep: .2}.Validate()
	for _, want := range []string{"dir: name", "bucket: name", "pace: 2s is not within", `sweep_at: "25:00"`, "sweep_every: 1m0s", "sweep_spread: 1h0m0s", "emit_step: 0.2"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
}

func TestFilesAreChecked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file.yaml")
	for what, c := range map[string]struct {
		text string
		cfg  Config
		want string
	}{
		"the shipped ones":      {"", Config{}, ""},
		"a wrong target":        {"targets: [{name: x}]", Config{Forecasts: path}, "forecasts file"},
		"a wrong feature":       {"features: [{name: x}]", Config{Features: path}, "x"},
		"a file that is not":    {"", Config{Forecasts: path + ".no"}, "read the forecasts"},
		"a target of a feature": {two, Config{Forecasts: path}, ""},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := CheckFiles(c.cfg); (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
}
