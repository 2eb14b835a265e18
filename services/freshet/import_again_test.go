package freshet

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const weekly = `source_name: weekly
event: Contact Changed
identifiers: {user_id: id}
timestamp: changed
message_id: [id, changed]
properties: {city: city}
`

// A file that is replaced every week by one that has last week's rows too: what is in both is sent once, what says something else under its id is
// refused, not dropped in silence.
func TestOfAReplacedFileOnlyWhatIsNewCounts(t *testing.T) {
	d, ledger, dir := newDoor(t), t.TempDir(), t.TempDir()
	mapping := write(t, "map.yaml", weekly)
	week := func(n int, rows string) (out string, code int) {
		file := filepath.Join(dir, fmt.Sprintf("contacts-%d.csv", n))
		if err := os.WriteFile(file, []byte("id,changed,city,seen\n"+rows), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, fault := run(t, "", "import", file, "--map", mapping, "--url", d.URL, "--ledger", ledger)
		return out + fault, code
	}
	if out, code := week(1, "1,2026-01-01,Bonn,x\n2,2026-01-01,Köln,x\n"); code != 0 || contains(out, "2 events accepted") != nil {
		t.Fatal(code, out)
	}
	out, code := week(2, "2,2026-01-01,Köln,y\n1,2026-01-01,Bonn,y\n1,2026-01-08,Berlin,y\n3,2026-01-08,Ulm,y\n")
	if err := contains(out, "4 rows read: 2 events accepted, 0 rows rejected", "2 rows skipped", "2 of the skipped rows are as another file sent them"); err != nil || code != 0 {
		t.Error(code, err)
	}
	out, code = week(3, "1,2026-01-08,Hamburg,z\n3,2026-01-08,Ulm,z\n")
	if err := contains(out, "0 events accepted, 1 rows rejected", "mapping changed_under_its_id: 1 rows, first row 1: the event weekly-1/2026-01-08 was sent before"); err != nil || code != 1 {
		t.Error(code, err)
	}
	if events, n := d.events(); len(events) != 4 || n != 4 {
		t.Errorf("%d events in %d records", len(events), n)
	}
	must(t, "import", filepath.Join(dir, "contacts-2.csv"), "--map", mapping, "--url", d.URL, "--ledger", ledger, "--again")
	if events, n := d.events(); len(events) != 4 || n != 8 {
		t.Errorf("--again: %d events in %d records", len(events), n)
	}
}

// Of people, whose rows say what they are, what changed is sent anew and what did not is not: their ids need no column that changes.
func TestOfReplacedPeopleWhatChangedIsSent(t *testing.T) {
	d, ledger, dir := newDoor(t), t.TempDir(), t.TempDir()
	mapping := write(t, "map.yaml", "source_name: people\ntype: identify\nidentifiers: {user_id: id}\nmessage_id: [id]\ntraits: {city: city}\n")
	for n, c := range []struct{ rows, want string }{
		{"1,Bonn\n2,Köln\n", "2 events accepted"},
		{"1,Berlin\n2,Köln\n3,Ulm\n", "2 events accepted, 0 rows rejected by the mapping, 0 events of 0 rows refused by the collector, 1 rows skipped"},
		{"3,Ulm\n1,Berlin\n2,Köln\n", "0 events accepted, 0 rows rejected by the mapping, 0 events of 0 rows refused by the collector, 3 rows skipped"},
		{"1,Bonn\n", "1 events accepted"},   // as it was at first
		{"1,Berlin\n", "1 events accepted"}, // and once more
		{"1,Berlin\n2,Köln\n", "0 events accepted"},
	} {
		file := filepath.Join(dir, fmt.Sprintf("people-%d.csv", n))
		if err := os.WriteFile(file, []byte("id,city\n"+c.rows), 0o600); err != nil {
			t.Fatal(err)
		}
		if out := must(t, "import", file, "--map", mapping, "--url", d.URL, "--ledger", ledger); contains(out, c.want) != nil {
			t.Errorf("week %d: %s", n+1, out)
		}
	}
	if events, n := d.events(); len(events) != 6 || n != 6 {
		t.Errorf("%d events in %d records", len(events), n)
	}
}

// Next week's export of a shop has last week's orders too, delivered and partly refunded meanwhile: they are the same orders, and only what more was
// given back is new.
func TestASaleSaysTheSameNextWeek(t *testing.T) {
	for name, c := range map[string]struct {
		events, again, rows string
		changes             []string
	}{
		"shopify-orders.csv":     {"5 events accepted", "1 events accepted", "6 rows skipped", []string{",fulfilled,", ",partial,", ",paid,", ",refunded,", ",4.00,Mugs,", ",25.00,Mugs,"}},
		"magento-orders.csv":     {"2 events accepted", "1 events accepted", "3 rows skipped", []string{",complete,", ",closed,", "checkmo,\n000000002", "checkmo,61.29\n000000002"}},
		"squarespace-orders.csv": {"2 events accepted", "1 events accepted", "3 rows skipped", []string{",PAID,", ",REFUNDED,", ",0.00,61.29,", ",61.29,61.29,", ",FULFILLED,", ",PENDING,"}},
		"bigcommerce-orders.csv": {"2 events accepted", "1 events accepted", "3 rows skipped", []string{",Completed,", ",Shipped,", "09/04/2026", "09/05/2026", ",0.00,Storefront", ",5.00,Storefront"}},
		"amazon-orders.csv":      {"3 events accepted", "0 events accepted", "5 rows skipped", []string{"2026-09-05T10:00:00", "2026-09-12T10:00:00", "Shipped\tAmazon", "Shipped - Delivered to Buyer\tAmazon"}},
		"zendesk-tickets.csv":    {"2 events accepted", "0 events accepted", "2 rows skipped", []string{",Solved,High,", ",Closed,Low,", "2026-09-14 10:11,,", "2026-09-15 12:00,2026-09-15 12:00,"}},
	} {
		d, ledger := newDoor(t), t.TempDir()
		first := "bulk/known/testdata/" + name
		mapping := write(t, "orders.yaml", must(t, "import", first, "--infer"))
		if out := must(t, "import", first, "--map", mapping, "--url", d.URL, "--ledger", ledger, "--rejects", filepath.Join(t.TempDir(), "r")); contains(out, c.events) != nil {
			t.Fatal(name, out)
		}
		text, err := os.ReadFile(first)
		if err != nil {
			t.Fatal(err)
		}
		next := strings.NewReplacer(c.changes...).Replace(string(text))
		if next == string(text) {
			t.Fatal(name, "nothing changed")
		}
		if out := must(t, "import", write(t, "next.csv", next), "--map", mapping, "--url", d.URL, "--ledger", ledger); contains(out, c.again+", 0 rows rejected by the mapping", c.rows) != nil {
			t.Error(name, out)
		}
	}
}

// Events that will be dated at the import are told before and behind it.
func TestUndatedEventsAreTold(t *testing.T) {
	file := write(t, "x.csv", "id,at\n1,2026-01-02\n2,\n")
	none := write(t, "none.yaml", "source_name: x\nevent: E\nidentifiers: {user_id: id}\n")
	some := write(t, "some.yaml", "source_name: x\nevent: E\nidentifiers: {user_id: id}\ntimestamp: {column: at, when: 'row.at != \"\"'}\n")
	person := write(t, "person.yaml", "source_name: x\ntype: identify\nidentifiers: {user_id: id}\n")
	const before, behind = "there is no timestamp: every event will be dated at its import", "events have no time of their own: they are dated at the import"
	for name, c := range map[string]struct {
		mapping, flag, want string
		not                 string
	}{
		"preview":        {none, "--preview=1", before, "\x00"},
		"dry run":        {none, "--dry-run", before, "\x00"},
		"behind":         {none, "--dry-run", "warning: 2 " + behind, "\x00"},
		"some":           {some, "--dry-run", "warning: 1 " + behind, before},
		"of a person no": {person, "--dry-run", "2 events would be sent", "dated at"},
	} {
		_, out, fault := run(t, "", "import", file, "--map", c.mapping, c.flag)
		if text := out + fault; contains(text, c.want) != nil || strings.Contains(text, c.not) {
			t.Errorf("%s: %s", name, text)
		}
	}
	d := newDoor(t)
	if _, out, _ := run(t, "", "import", file, "--map", some, "--url", d.URL, "--ledger", t.TempDir()); contains(out, "2 events accepted", "warning: 1 "+behind) != nil {
		t.Error(out)
	}
}
