package freshet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/testkit"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/freshet/retail"
)

func TestAFileIsImportedOnce(t *testing.T) {
	d := newDoor(t)
	file, mapping := rowsFile(t, 1000), write(t, "map.yaml", rowMapping)
	args := []string{"import", file, "--map", mapping, "--url", d.URL, "--ledger", t.TempDir(), "--max-rejects", "10"}
	out := must(t, args...)
	if err := contains(out, "1000 rows read: 990 events accepted, 10 rows rejected by the mapping", "mapping bad_value: 10 rows, first row 100: properties.n: column n \"99x\" is no whole number",
		"rejected rows are in "+file+".rejects.ndjson"); err != nil {
		t.Error(err)
	}
	events, n := d.events()
	if len(events) != 990 || n != 990 {
		t.Errorf("%d events, %d records", len(events), n)
	}
	rejects := rejectsOf(t, file)
	if len(rejects) != 10 || rejects[0] != `{"row":100,"line":101,"by":"mapping","reason":"bad_value","detail":"properties.n: column n \"99x\" is no whole number within 64 bits",`+
		`"data":{"id":"user-99","at":"2026-01-02 03:04:05","n":"99x","text":"text, 99"}}`+"\n" {
		t.Errorf("%d rejects: %v", len(rejects), rejects)
	}
	if err := contains(must(t, args...), "this file was imported with this mapping before", "990 events accepted"); err != nil {
		t.Error(err)
	}
	if _, again := d.events(); again != 990 {
		t.Errorf("a second import sent %d more", again-990)
	}
	must(t, append(args, "--again")...)
	if events, n := d.events(); len(events) != 990 || n != 1980 {
		t.Errorf("--again: %d ids in %d records", len(events), n)
	}
	other := write(t, "other.yaml", rowMapping+"description: x\nmessage_id: [n]\n")
	code, out, fault := run(t, "", "import", file, "--map", other, "--url", d.URL, "--ledger", args[7])
	if err := contains(out+fault, "warning: the same content was imported under another mapping", "more than --max-rejects 0"); err != nil || code != 1 {
		t.Error(code, err)
	}
}

func TestWhatTheCollectorRefusesIsARejectToo(t *testing.T) {
	d := newDoor(t)
	file := write(t, "x.ndjson", `{"id":"1","o":"1"}`+"\n"+`{"id":"null","o":"2"}`+"\n"+`{"o":3}`+"\n"+`{"id":"2","o":"4"}`)
	mapping := write(t, "map.yaml", "source_name: x\nevent: E\nidentifiers: {user_id: id}\nmessage_id: [o]\n")
	code, out, _ := run(t, "", "import", file, "--map", mapping, "--url", d.URL, "--ledger", t.TempDir())
	if err := contains(out, "2 events accepted", "2 events of 2 rows refused by the collector", "collector no_identifier: 2 rows, first row 2"); err != nil || code != 1 {
		t.Error(code, err)
	}
	if rejects := rejectsOf(t, file); len(rejects) != 2 || !strings.Contains(rejects[1], `"by":"collector","reason":"no_identifier"`) || !strings.Contains(rejects[1], `"message_id":"x-3","data":{"o":3}`) {
		t.Error(rejects)
	}
	code, out, _ = run(t, "", "import", file, "--map", mapping, "--dry-run")
	if err := contains(out, "2 events would be sent", "collector no_identifier: 2 rows, first row 2"); err != nil || code != 1 {
		t.Error(code, err)
	}
}

// TestRejectsOfAnotherImportStay: they are its dead letters, whatever is imported from the same file or name afterwards.
func TestRejectsOfAnotherImportStay(t *testing.T) {
	d := newDoor(t)
	file, ledger := rowsFile(t, 200), t.TempDir()
	first := []string{"import", file, "--map", write(t, "map.yaml", rowMapping), "--url", d.URL, "--ledger", ledger, "--max-rejects", "2"}
	must(t, first...)
	want := rejectsOf(t, file)
	clean := write(t, "clean.yaml", "source_name: clean\nevent: E\nidentifiers: {user_id: id}\n")
	must(t, "import", file, "--map", clean, "--url", d.URL, "--ledger", ledger)
	other := write(t, "other.yaml", strings.Replace(rowMapping, "test", "other", 1))
	if err := contains(must(t, "import", file, "--map", other, "--url", d.URL, "--ledger", ledger, "--max-rejects", "2"), "rejected rows are in "+file+".rejects.2.ndjson"); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(want, rejectsOf(t, file)); diff != "" {
		t.Error("the first import's rejects are gone: ", diff)
	}
	must(t, append(first, "--again")...)
	if diff := cmp.Diff(want, rejectsOf(t, file)); diff != "" {
		t.Error("the import done again does not write its own file: ", diff)
	}
	if err := contains(must(t, first...), "rejected rows are in "+file+".rejects.ndjson"); err != nil {
		t.Error(err)
	}
}

// TestAnImportGoesOnFromAnotherFolder: the paths of a command are relative to where it is given.
func TestAnImportGoesOnFromAnotherFolder(t *testing.T) {
	d := newDoor(t)
	var healed atomic.Bool
	var served atomic.Int64
	dying := proxy(t, d.URL, func(w http.ResponseWriter, _ *http.Request) bool {
		if healed.Load() || served.Add(1) <= 4 {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	file := rowsFile(t, 9000)
	rest := []string{"--map", write(t, "map.yaml", rowMapping), "--url", dying, "--ledger", t.TempDir(), "--max-rejects", "90", "--retry-for", "1ms", "--connections", "1"} // with more, the fifth request may be answered before the first
	t.Chdir(filepath.Dir(file))
	code, out, fault := run(t, "", append([]string{"import", filepath.Base(file)}, rest...)...)
	if err := contains(out, "rejected rows are in rows.csv.rejects.ndjson"); err != nil || code != 1 {
		t.Fatal(code, err, fault)
	}
	healed.Store(true)
	t.Chdir(t.TempDir())
	must(t, append([]string{"import", file}, rest...)...)
	if n := len(rejectsOf(t, file)); n != 90 {
		t.Errorf("%d rejects", n)
	}
}

func TestAnInterruptedImportSaysThatItGoesOn(t *testing.T) {
	d := newDoor(t)
	ledger := t.TempDir()
	var served atomic.Int64
	slow := proxy(t, d.URL, func(_ http.ResponseWriter, r *http.Request) bool { // so that it has recorded something, and is not over, when the signal comes
		if served.Add(1) > 8 {
			select {
			case <-time.After(2 * time.Second):
			case <-r.Context().Done():
			}
		}
		return false
	})
	cmd := exec.CommandContext(t.Context(), os.Args[0], "import", rowsFile(t, 30_000), "--map", write(t, "map.yaml", rowMapping), "--url", slow, "--ledger", ledger)
	var fault bytes.Buffer
	cmd.Env, cmd.Stderr = append(os.Environ(), asCommand+"=1"), &fault
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, time.Minute, func() error {
		if unitsOf(t, ledger) == 0 {
			return errors.New("no progress")
		}
		return nil
	})
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if err := contains(fault.String(), "the import stopped at row", "the same command goes on from there", "freshet: interrupted"); err != nil || cmd.ProcessState.ExitCode() != 130 {
		t.Error(cmd.ProcessState, err)
	}
}

// TestAFileThatGrewIsNoticed: without message_id its old rows would count twice.
func TestAFileThatGrewIsNoticed(t *testing.T) {
	d := newDoor(t)
	file := write(t, "x.csv", "id,at,n,text\n1,2026-01-02,1,a\n")
	imported := func(mapping string, rows string) string {
		t.Helper()
		if err := os.WriteFile(file, []byte("id,at,n,text\n"+rows), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, fault := run(t, "", "import", file, "--map", mapping, "--url", d.URL, "--ledger", filepath.Join(filepath.Dir(file), "ledger"))
		if code != 0 {
			t.Fatal(out, fault)
		}
		return fault
	}
	const warning = "warning: x.csv was imported with this mapping before, with other content"
	byRow, byID := write(t, "row.yaml", rowMapping), write(t, "id.yaml", strings.Replace(rowMapping, "test", "other", 1)+"message_id: [n]\n")
	for mapping, warned := range map[string]bool{byRow: true, byID: false} {
		if got := imported(mapping, "1,2026-01-02,1,a\n"); strings.Contains(got, "warning") {
			t.Error(got)
		}
		if got := imported(mapping, "1,2026-01-02,1,a\n2,2026-01-02,2,b\n"); strings.Contains(got, warning) != warned {
			t.Errorf("%s: %s", mapping, got)
		}
	}
}

// TestAnotherWriteKeyIsNoticed: with it the rows are another source's, perhaps in another workspace.
func TestAnotherWriteKeyIsNoticed(t *testing.T) {
	d := newDoor(t)
	args := []string{"import", rowsFile(t, 50), "--map", write(t, "map.yaml", rowMapping), "--url", d.URL, "--ledger", t.TempDir()}
	must(t, args...)
	const warning = "begun with another write key: if that is another source, it has nothing of this file: give it a --ledger of its own"
	for key, warned := range map[string]bool{DefaultWriteKey: false, "another-key": true} {
		if _, _, fault := run(t, "", append(args, "--write-key", key)...); strings.Contains(fault, warning) != warned {
			t.Errorf("%s: %s", key, fault)
		}
	}
}

// TestAnImportThatIsKilledGoesOn kills the real process again and again: what is there in the end is what an undisturbed import makes.
func TestAnImportThatIsKilledGoesOn(t *testing.T) {
	for name, packed := range map[string]bool{"plain": false, "packed": true} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t)
			slow := slowly(t, d.URL, 100*time.Millisecond)
			file := rowsFile(t, 30_000)
			if packed {
				file = gzipped(t, file)
			}
			mapping, ledger := write(t, "map.yaml", rowMapping), t.TempDir()
			args := []string{"import", file, "--map", mapping, "--url", slow, "--ledger", ledger, "--max-rejects", "300"}
			kills, last := killed(t, ledger, 4, args)
			if err := contains(last, "going on behind row", "30000 rows read: 29700 events accepted, 300 rows rejected"); err != nil {
				t.Error(err)
			}
			if kills == 0 {
				t.Fatal("the import was over before it could be killed")
			}
			events, n := d.events()
			if len(events) != 29_700 {
				t.Errorf("%d ids", len(events))
			}
			t.Logf("%d kills, %d records for %d ids", kills, n, len(events))
			rejects := rejectsOf(t, file)

			calm := newDoor(t)
			if err := os.Remove(file + ".rejects.ndjson"); err != nil {
				t.Fatal(err)
			}
			must(t, "import", file, "--map", mapping, "--url", calm.URL, "--ledger", t.TempDir(), "--max-rejects", "300")
			want, _ := calm.events()
			same := func(a, b *eventv1.Event) bool { return proto.Equal(a, b) }
			if !maps.EqualFunc(events, want, same) {
				t.Error("the events differ from those of an undisturbed import")
			}
			if diff := cmp.Diff(rejectsOf(t, file), rejects); diff != "" {
				t.Error("the rejects differ: ", diff)
			}
		})
	}
}

// TestFaultsOfTheCollectorPass answers 429, 503 and nothing at all now and then: every event arrives, and none twice beyond the repeats.
func TestFaultsOfTheCollectorPass(t *testing.T) {
	d := newDoor(t)
	var n, faults atomic.Int64
	flaky := proxy(t, d.URL, func(w http.ResponseWriter, _ *http.Request) bool {
		switch n.Add(1) % 5 {
		case 1:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 3:
			faults.Add(1)
			panic(http.ErrAbortHandler)
		default:
			return false
		}
		faults.Add(1)
		return true
	})
	file, mapping := rowsFile(t, 5000), write(t, "map.yaml", rowMapping)
	must(t, "import", file, "--map", mapping, "--url", flaky, "--ledger", t.TempDir(), "--max-rejects", "50")
	if events, records := d.events(); len(events) != 4950 || records != 4950 || faults.Load() < 5 {
		t.Errorf("%d ids, %d records, %d faults", len(events), records, faults.Load())
	}
}

// TestAnOutageIsTold: a bar that stands still for minutes does not say why.
func TestAnOutageIsTold(t *testing.T) {
	d := newDoor(t)
	var n atomic.Int64
	away := proxy(t, d.URL, func(w http.ResponseWriter, _ *http.Request) bool {
		if n.Add(1) > 8 {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	code, out, fault := run(t, "", "import", rowsFile(t, 50), "--map", write(t, "map.yaml", rowMapping), "--url", away, "--ledger", t.TempDir())
	if err := contains(fault, "the collector takes nothing for now: the collector answered 503 Service Unavailable: ; it is tried again for up to 10m0s"); err != nil || code != 0 {
		t.Error(code, out, err)
	}
	if strings.Count(fault, "takes nothing") != 1 {
		t.Error(fault)
	}
}

// TestACollectorThatStaysAwayStopsTheImportWhereItIs names the row, and the same command goes on there.
func TestACollectorThatStaysAwayStopsTheImportWhereItIs(t *testing.T) {
	d := newDoor(t)
	var served atomic.Int64
	var healed atomic.Bool
	dying := proxy(t, d.URL, func(w http.ResponseWriter, _ *http.Request) bool {
		if healed.Load() || served.Add(1) <= 4 {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	args := []string{"import", rowsFile(t, 9000), "--map", write(t, "map.yaml", rowMapping), "--url", dying, "--ledger", t.TempDir(), "--max-rejects", "90", "--retry-for", "300ms"}
	code, out, fault := run(t, "", args...)
	if err := contains(fault, "the import stopped at row", "the same command goes on from there", "503"); err != nil || code != 1 {
		t.Error(code, out, err)
	}
	healed.Store(true)
	if err := contains(must(t, args...), "9000 rows read: 8910 events accepted"); err != nil {
		t.Error(err)
	}
	if events, _ := d.events(); len(events) != 8910 {
		t.Errorf("%d ids", len(events))
	}
}

// TestTheRetailFileGivesTheOrdersOfTheReplay imports the real file with the example's mapping.
func TestTheRetailFileGivesTheOrdersOfTheReplay(t *testing.T) {
	path := testkit.Data(t, "online_retail.csv.gz")
	d := newDoor(t)
	out := must(t, "import", path, "--map", "../../docs/examples/import/online-retail.yaml", "--url", d.URL, "--ledger", t.TempDir(), "--rejects", filepath.Join(t.TempDir(), "r"))
	if err := contains(out, "541909 rows read: 25900 events accepted, 0 rows rejected", "0 rows skipped"); err != nil {
		t.Fatal(err)
	}
	t.Log(out)
	got, _ := d.events()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	invoices, err := retail.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	lines, total := 0, int64(0)
	for _, inv := range invoices {
		e := got[inv.MessageID()]
		if e == nil {
			t.Fatalf("no event of invoice %s", inv.Number)
		}
		o := e.Order
		lines += len(o.Items)
		total += o.GetTotalMicros()
		if o.OrderId != inv.Number || o.GetTotalMicros() != inv.TotalMicros || o.Currency != "GBP" || len(o.Items) != inv.Lines || e.Name != inv.EventName() ||
			e.OccurredMs != inv.At.UnixMilli() || e.Identifiers[0].Type+":"+e.Identifiers[0].Value != inv.Person() {
			t.Fatalf("invoice %s: %v", inv.Number, e)
		}
		var mine, theirs struct {
			Properties struct{ Products json.RawMessage }
			Products   json.RawMessage
		}
		if json.Unmarshal(e.PropertiesJson, &mine) != nil || json.Unmarshal(inv.Event(0), &theirs) != nil || !equalLines(mine.Products, theirs.Properties.Products) {
			t.Fatalf("lines of invoice %s: %s, the replay has %s", inv.Number, mine.Products, theirs.Properties.Products)
		}
	}
	if len(got) != 25_900 || lines != 541_909 || total != 9_747_747_934_000 {
		t.Errorf("%d orders, %d lines, %d micros", len(got), lines, total)
	}
}

// equalLines compares lines of orders; a price may have other zeros behind its decimals.
func equalLines(a, b []byte) bool {
	type line struct {
		ProductID string `json:"product_id"`
		Name      string
		Quantity  int64
		Price     float64
	}
	var x, y []line
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && slices.Equal(x, y)
}

func TestTheTelcoFileBecomesTraits(t *testing.T) {
	path := testkit.Data(t, "telco_churn.csv.gz")
	d := newDoor(t)
	must(t, "import", path, "--map", "../../docs/examples/import/telco.yaml", "--url", d.URL, "--ledger", t.TempDir(), "--rejects", filepath.Join(t.TempDir(), "r"))
	events, _ := d.events()
	people, churned := map[string]bool{}, 0
	for _, e := range events {
		var traits struct {
			Churned  bool
			Contract string
			Total    json.Number `json:"total_charges"`
		}
		if err := json.Unmarshal(e.TraitsJson, &traits); err != nil || traits.Contract == "" {
			t.Fatal(string(e.TraitsJson), err)
		}
		people[e.Identifiers[0].Value] = true
		if traits.Churned {
			churned++
		}
	}
	if len(people) != 7043 || churned != 1869 {
		t.Errorf("%d people, %d churned", len(people), churned)
	}
}

// TestParquetGivesWhatCSVGives imports one table in both forms, and packed, and from standard input.
func TestFormsOfOneTableGiveTheSameEvents(t *testing.T) {
	type row struct {
		ID   string    `parquet:"id"`
		At   time.Time `parquet:"at,timestamp(microsecond)"`
		N    int64     `parquet:"n"`
		Text *string   `parquet:"text,optional"`
	}
	var table []row
	var text, nd strings.Builder
	text.WriteString("id,at,n,text\n")
	for i := range 2000 {
		s := fmt.Sprintf("text %d", i)
		at := time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC)
		table = append(table, row{fmt.Sprint(i + 100), at, int64(i), &s})
		fmt.Fprintf(&text, "%d,%s,%d,%s\n", i+100, at.Format(time.DateTime), i, s)
		fmt.Fprintf(&nd, `{"id":"%d","at":%q,"n":%d,"text":%q}`+"\n", i+100, at.Format(time.RFC3339), i, s)
	}
	var pq bytes.Buffer
	if err := parquet.Write(&pq, table); err != nil {
		t.Fatal(err)
	}
	mapping := write(t, "map.yaml", rowMapping+"message_id: [n]\n")
	var want map[string]*eventv1.Event
	for _, form := range []struct{ name, content string }{{"x.csv", text.String()}, {"x.ndjson", nd.String()}, {"x.json", "[" + strings.ReplaceAll(strings.TrimSpace(nd.String()), "\n", ",\n") + "]"}, {"x.parquet", pq.String()}, {"-", pq.String()}} {
		d := newDoor(t)
		file, stdin := "-", form.content
		if form.name != "-" {
			file, stdin = write(t, form.name, form.content), ""
		}
		code, out, fault := run(t, stdin, "import", file, "--map", mapping, "--url", d.URL, "--ledger", t.TempDir(), "--rejects", filepath.Join(t.TempDir(), "r"))
		got, _ := d.events()
		for _, e := range got {
			e.ContextJson = nil // the file's name
		}
		if want == nil {
			want = got
		}
		if code != 0 || len(got) != 2000 || !maps.EqualFunc(got, want, func(a, b *eventv1.Event) bool { return proto.Equal(a, b) }) {
			t.Errorf("%s: %d, %d events\n%s%s", form.name, code, len(got), out, fault)
		}
	}
}

func TestTheExamplesGiveWhatTheirPagesSay(t *testing.T) {
	for file, want := range map[string][]string{
		"crm-contacts.csv":  {"4 rows read: 2 events would be sent, 1 rows rejected by the mapping", "1 rows skipped", "the hour that is left out when the clocks go forward in Europe/Berlin"},
		"pos-receipts.csv":  {"6 rows read: 3 events would be sent, 2 rows rejected", "row 5: lines.fields.product_id: column article is empty"},
		"membership.ndjson": {"3 rows read: 2 events would be sent, 1 rows rejected", `column change "pause" has no entry in the map`},
		"tickets.csv":       {"3 rows read: 2 events would be sent", "collector no_identifier: 1 rows, first row 3"},
	} {
		path := "../../docs/examples/import/" + file
		mapping := strings.TrimSuffix(path, filepath.Ext(path)) + ".yaml"
		code, out, fault := run(t, "", "import", path, "--map", mapping, "--dry-run")
		if err := contains(out, want...); err != nil || code != 1 {
			t.Errorf("%s: %d %v%s", file, code, err, fault)
		}
	}
	preview := must(t, "import", "../../docs/examples/import/crm-contacts.csv", "--map", "../../docs/examples/import/crm-contacts.yaml", "--preview", "2")
	if err := contains(cells(preview), `"last_name": "Müller"`, `"birthday": "1980-02-01"`, `"timestamp": "2026-05-03T07:15:00.000Z"`, `"newsletter": true`,
		`row 2: {"CustomerNo":"1002","First name":"Anna \"Ann\"","Last name":"Schmidt; geb. Voß"`, `"email": "jm@example.com"`); err != nil {
		t.Error(err)
	}
}

// TestADraftNamesTheEncoding: a file of an old system is no UTF-8, its header neither; the draft says in what it seems to be written.
func TestADraftNamesTheEncoding(t *testing.T) {
	for name, c := range map[string]struct {
		encoding encoding.Encoding
		text     string
		want     []string // in the draft
		value    string   // in the preview
	}{
		"german": {charmap.Windows1252, "Kundennummer;Straße;Umsatz\n7;Größerer Weg;1,50\n8;Café;2,25\n",
			[]string{`format: {encoding: windows-1252, decimal: ","}`, "letters are written in windows-1252", "Straße"}, "Größerer Weg"},
		"chinese": {simplifiedchinese.GB18030, "会员编号,姓名,city\n7,王小明,上海\n8,李,Köln\n", []string{"format: {encoding: gb18030}", "letters are written in gb18030", "姓名"}, "王小明"},
		"utf-8":   {encoding.Nop, "Kundennummer;Straße\n7;Größerer Weg\n", []string{"Straße"}, "Größerer Weg"},
	} {
		t.Run(name, func(t *testing.T) {
			content, err := c.encoding.NewEncoder().String(c.text)
			if err != nil {
				t.Fatal(err)
			}
			file := write(t, "old.csv", content)
			draft := must(t, "import", file, "--infer")
			if err := contains(draft, c.want...); err != nil || name == "utf-8" && strings.Contains(draft, "encoding") {
				t.Errorf("%v\n%s", err, draft)
			}
			preview := must(t, "import", file, "--map", write(t, "draft.yaml", draft), "--preview=1")
			if err := contains(preview, c.value); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestADraftLoadsAndImports drafts a mapping for every example and for the real files, and runs it dry.
func TestADraftLoadsAndImports(t *testing.T) {
	for file, want := range map[string][]string{
		"../../docs/examples/import/tickets.csv":       {"type: track", "timestamp: {column: updated_at", "state: state"},
		"../../docs/examples/import/pos-receipts.csv":  {"group_by: [store, receipt]", "product_id: {column: article, type: integer}", "quantity: {column: qty, type: integer}", "timestamp: {column: sold_at", `format: {decimal: ",", thousands: "."}`, "price: {column: price, type: decimal}"},
		"../../docs/examples/import/membership.ndjson": {"timestamp: {column: at, layouts: [unix_ms]}", "email: member.email", "plan.price: {column: plan.price, type: decimal}"},
		testkit.Data(t, "online_retail.csv.gz"):        {"user_id: {column: CustomerID, type: integer}", "group_by: [InvoiceNo]", "order_id: InvoiceNo", "price: {column: UnitPrice, type: decimal}"},
		testkit.Data(t, "telco_churn.csv.gz"):          {"type: identify", "user_id: customerID", "tenure: {column: tenure, type: integer}", "partner: {column: Partner, type: boolean}"},
		testkit.Data(t, "hillstrom.csv.gz"):            {"CHANGE THIS"},
	} {
		draft := must(t, "import", file, "--infer")
		if err := contains(draft, want...); err != nil {
			t.Error(file, err)
		}
		how, want := "--dry-run", "rows read"
		if strings.Contains(file, "online_retail") {
			how, want = "--preview=1", `"quantity": 6` // the whole file is for another test
		}
		_, out, fault := run(t, "", "import", file, "--map", write(t, "draft.yaml", draft), how)
		if err := contains(out, want); err != nil {
			t.Errorf("%s: %v%s\n%s", file, err, fault, draft)
		}
	}
}

func TestWrongImportsAreExplained(t *testing.T) {
	csv, mapping := write(t, "x.csv", "id,at,n,text\n1,,1,x\n"), write(t, "map.yaml", rowMapping)
	for line, want := range map[string]string{
		"import " + csv:                                                                    "an import needs a mapping: --map FILE.yaml; --infer drafts one",
		"import " + csv + " --map gone.yaml":                                               "open the mapping",
		"import gone.csv --map " + mapping:                                                 "open the file",
		"import " + csv + " --map " + mapping + " --url ftp://x":                           "--url \"ftp://x\"",
		"import " + csv + " --map " + write(t, "bad.yaml", "sourcename: x"):                "unknown key; the nearest known key is source_name",
		"import " + csv + " --map " + write(t, "col.yaml", rowMapping+"message_id: [idd]"): `there is no column "idd"; the nearest is "id"`,
		"import " + write(t, "e.csv", "") + " --infer":                                     "the file is empty",
		"import " + csv + " --map " + mapping + " --rejects /no/such/folder/x --url http://127.0.0.1:1 --ledger " + t.TempDir(): "--rejects names another",
	} {
		code, _, fault := run(t, "", strings.Fields(line)...)
		if code != 1 || !strings.Contains(fault, want) {
			t.Errorf("%s: %d, %s", line, code, fault)
		}
	}
}

// BenchmarkImport is the whole command against a collector and a broker in the same process.
func BenchmarkImport(b *testing.B) {
	d := newDoor(b)
	file := rowsFile(b, 100_000)
	mapping := filepath.Join(b.TempDir(), "map.yaml")
	if err := os.WriteFile(mapping, []byte(rowMapping), 0o600); err != nil {
		b.Fatal(err)
	}
	began, n := time.Now(), 0
	for b.Loop() {
		must(b, "import", file, "--map", mapping, "--url", d.URL, "--ledger", b.TempDir(), "--max-rejects", "1000")
		n += 100_000
	}
	b.ReportMetric(float64(n)/time.Since(began).Seconds(), "rows/s")
}
