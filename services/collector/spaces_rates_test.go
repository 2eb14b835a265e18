package collector

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/decode"
)

const euroSpace = `
workspaces:
  - {name: default, currency: EUR, rates: rates.csv, decimal: ","}
sources:
  - {name: shop, keys: [{id: k1, sha256: "%s"}]}
  - {name: plain, decimal: ".", keys: [{id: k1, sha256: "%s"}]}
`

func TestRatesAndHabitsComeFromTheSourcesFileAndAreTakenUp(t *testing.T) {
	var path string
	edit := sourcesFile(t, &path, fmt.Sprintf(euroSpace, sha("shop-key"), sha("plain-key")))
	csv := filepath.Join(filepath.Dir(path), "rates.csv")
	swap(t, csv, "date,currency,rate\n2026-02-27,USD,0.92\n")
	r := start(t, atNoon, edit)
	send := func(id, key, total string) *eventv1.Event {
		t.Helper()
		body := `{"event":"Order Completed","userId":"1","messageId":"` + id + `","properties":{"order_id":"` + id + `","currency":"USD","total":` + total + `}}`
		if g := r.post("/v1/track", body, as(key)...); g.Status != 200 {
			t.Fatalf("%+v", g)
		}
		return r.events()[id]
	}
	if e := send("1", "shop-key", `"1.980"`); e.Order.GetTotalMicros() != 1_980_000_000 || e.Order.Conversion.GetRateE12() != 920_000_000_000 || e.Order.Conversion.GetRateDate() != "2026-02-27" {
		t.Errorf("with the workspace's habit: %v", e.Order)
	}
	if e := send("2", "plain-key", `"1.980"`); e.Order.GetTotalMicros() != 1_980_000 {
		t.Errorf("with the source's habit: %v", e.Order)
	}
	swap(t, csv, "date,currency,rate\n2026-02-27,USD,0.5\n")
	r.settled("ok", 1)
	if e := send("3", "shop-key", "1"); e.Order.Conversion.GetRateE12() != 500_000_000_000 {
		t.Errorf("after a change of the rates: %v", e.Order)
	}
	// Rates that cannot be read leave those before them, and hold up nothing else.
	swap(t, csv, "date,currency,rate\n2026-02-27,USD,zero\n")
	swap(t, path, fmt.Sprintf(euroSpace, sha("another-key"), sha("plain-key")))
	r.settled("ok", 2)
	if e := send("4", "another-key", "1"); e.Order.Conversion.GetRateE12() != 500_000_000_000 {
		t.Errorf("after faulty rates: %v", e.Order)
	}
	if got := r.metric("freshet_collector_rates_stale", "workspace", "default"); got != 1 {
		t.Errorf("faulty rates show as %v", got)
	}
	if e := send("5", "another-key", `"x"`); len(e.Notes) != 1 || r.metric("freshet_collector_notes_total", "kind", decode.NoteUnreadableMoney) != 1 || r.metric("freshet_collector_notes_total", "source", "shop") != 1 {
		t.Errorf("notes %v, counted %v", e.Notes, r.metric("freshet_collector_notes_total", "source", "shop"))
	}
	swap(t, csv, "date,currency,rate\n2026-02-27,USD,0.25\n")
	await(t, "the change to be taken up", func() bool { return r.metric("freshet_collector_rates_stale", "workspace", "default") == 0 })
	tries := 0
	swap(t, path, strings.ReplaceAll(fmt.Sprintf(euroSpace, sha("another-key"), sha("plain-key")), ", rates: rates.csv", ""))
	await(t, "the change to be taken up", func() bool {
		tries++
		return send(fmt.Sprint("try-", tries), "another-key", "1").Order.Conversion == nil
	})
	if e := send("6", "another-key", "1"); e.Order.Conversion != nil || len(e.Notes) != 1 || e.Notes[0].Kind != decode.NoteNoRate {
		t.Errorf("without rates: %v, %v", e.Order, e.Notes)
	}
}

func TestFaultyRatesStopTheStart(t *testing.T) {
	for name, c := range map[string]struct{ csv, want string }{
		"no file":     {"", "workspace default: read the exchange rates"},
		"a bad line":  {"date,currency,rate\n2026-02-27,USD,0\nx,USD,1\n", "rates.csv:\nline 2: rate: \"0\" is not above 0\nline 3: date:"},
		"no header":   {"2026-02-27,USD,1\n", "no column date"},
		"own inverse": {"date,currency,rate\n2026-02-27,EUR,2\n", "worth 1 of itself"},
	} {
		var path string
		sourcesFile(t, &path, fmt.Sprintf(euroSpace, sha("shop-key"), sha("plain-key")))
		if c.csv != "" {
			swap(t, filepath.Join(filepath.Dir(path), "rates.csv"), c.csv)
		}
		err := tryNew(t, func(cfg *Config) { cfg.SourcesFile = path })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
