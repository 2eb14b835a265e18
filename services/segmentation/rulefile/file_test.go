package rulefile

import (
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/rule"
)

// shop is the shipped catalogue.
var shop = func() rule.Schema {
	c, err := catalog.Load("")
	if err != nil {
		panic(err)
	}
	return rule.SchemaOf(c.Layout(), true)
}()

func TestParse(t *testing.T) {
	f, err := Parse([]byte(`
endpoints:
  - name: crm
    url: https://crm.example/hook
    secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
    events: entered
  - name: local
segments:
  - name: big_spender
    description: Spent much.
    when: spend_30d >= 499.99
    alert: crm
  - name: lapsing
    when: |
      days_since_last_order > 30 &&
      orders_365d >= 2
`), shop, "high_value")
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Set.Rules) != 2 || f.Set.Rules[0].Name != "big_spender" || f.Alerts["big_spender"] != "crm" || f.Alerts["lapsing"] != "" {
		t.Errorf("rules %+v", f.Set.Rules)
	}
	if f.Endpoints["crm"].URL != "https://crm.example/hook" || f.Endpoints["local"].URL != "" {
		t.Errorf("endpoints %+v", f.Endpoints)
	}
	if _, err := Parse(nil, shop); err != nil {
		t.Errorf("an empty file: %v", err)
	}
}

func TestAllFaultsOfAFileAtOnce(t *testing.T) {
	_, err := Parse([]byte(`
endpoints:
  - {name: crm, url: "ftp://x", secret: whsec_zz, events: sometimes}
  - {name: crm, url: "http://x", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, secret_file: f}
segments:
  - {name: A-b, when: "foo > 1"}
  - {name: a, when: "orders_30d > 1", wen: "x"}
  - {name: a, when: "orders_30d >", alert: nobody}
  - {name: high_value, when: "orders_30d > 1"}
segmets: []
`), shop, "high_value")
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		`line 7: unknown key "wen"`, `line 10: unknown key "segmets"`,
		`endpoints[0] "crm": url: is no http or https address`, `endpoints[0] "crm": secret: must`, `endpoints[0] "crm": events: "sometimes"`,
		`endpoints[1] "crm": the name is used twice`, `endpoints[1] "crm": secret and secret_file: give one`,
		`segments[0] "A-b": name must be lower snake case`, `segments[0] "A-b": when: 1:1: "foo" is no feature`,
		`segments[2] "a": the name is taken`, `segments[2] "a": alert: no endpoint is named "nobody"`, `segments[2] "a": when: 1:13:`,
		`segments[3] "high_value": the name is taken`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s", want)
		}
	}
	if t.Failed() {
		t.Logf("got:\n%v", err)
	}
}

func TestParseRefusesWhatIsNoRulesFile(t *testing.T) {
	for text, want := range map[string]string{
		"a: [":                              "not YAML",
		"segments: 3":                       "line 1: the value `3` has not the form that belongs here",
		"segments: []\n---\nsegments: []":   "more than one YAML document",
		"segments:\n - when: events_1h > 1": "name must be lower snake case",
	} {
		if _, err := Parse([]byte(text), shop); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := Load("/does/not/exist.yaml", shop); err == nil {
		t.Error("a missing file loads")
	}
}
