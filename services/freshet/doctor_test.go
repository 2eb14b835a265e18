package freshet

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/stack"
)

// TestDoctorSendsAProbeToEveryEnd: the probe's times come with the other findings, it is told apart from real events, and it can be left out.
func TestDoctorSendsAProbeToEveryEnd(t *testing.T) {
	hook := newHook(t)
	file := up(t, "--webhook", hook.URL, "--rules", write(t, "rules.yaml",
		"endpoints: [{name: webhook}]\nsegments: [{name: anybody, description: did anything, when: events_lifetime >= 1, alert: webhook}]\n"))
	cli := func(args ...string) string { t.Helper(); return must(t, append(args, "--addresses-file", file)...) }
	for range 2 { // the second finds the first one's customer
		told := cli("doctor", "--dir", filepath.Dir(file))
		if err := contains(told, "ms  the collector has it", "ms  it is in dw.events", "ms  identity knows", "ms  feature has counted it", "ms  segmentation has looked", "the watch finds nothing late"); err != nil {
			t.Error(err)
		}
	}
	if told := cli("doctor", "--no-probe"); strings.Contains(told, "probe") {
		t.Errorf("a probe in spite of --no-probe:\n%s", told)
	}
	if code, out, _ := run(t, "", "doctor", "--write-key", "wrong-key", "--addresses-file", file); code != 1 || !strings.Contains(out, "or leave the probe out with --no-probe") {
		t.Errorf("a probe with a wrong key: %d\n%s", code, out)
	}
	a, err := stack.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	db, err := a.ClickHouse(t.Context(), stack.Login{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var all, marked uint64
	query := "SELECT count(), countIf(name = 'Freshet Probe' AND history AND JSONExtractBool(toString(context), 'freshet_probe')) FROM dw.events"
	if err := db.QueryRow(t.Context(), query).Scan(&all, &marked); err != nil || all != 2 || marked != 2 {
		t.Errorf("%d events, %d of them marked probes, %v; want two probes", all, marked, err)
	}
	cli("send", "--user", "7", "--event", "Real")
	hook.wait(t, "anybody") // an alert of a real event comes; one of a probe would have come before it
	if hook.count() != 1 {
		t.Errorf("%d alerts, want that of the real event", hook.count())
	}
}
