package segmentation

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/wire/wiretest"
	"github.com/freshet/freshet/services/segmentation/webhook"
)

// rulesFile is the one that ships.
const rulesFile = "../../deploy/rules.yaml"

func TestShippedRulesLoad(t *testing.T) {
	b, err := newBook(Config{Rules: rulesFile})
	if err != nil {
		t.Fatal(err)
	}
	if len(b.set.Rules) < 5 || len(b.endpoints) != 0 {
		t.Errorf("%d rules, endpoints %v", len(b.set.Rules), b.endpoints)
	}
	if got := b.alerts("vip_complaint", true); got != "" {
		t.Errorf("an endpoint without an address hears of it: %q", got)
	}
	b, err = newBook(Config{Rules: rulesFile, Endpoints: map[string]webhook.Endpoint{"webhook": {URL: nowhere, Secret: testSecret}}})
	if err != nil {
		t.Fatal(err)
	}
	if b.alerts("vip_complaint", true) != "webhook" || b.alerts("vip_complaint", false) != "" || b.alerts("regular", true) != "" {
		t.Error("with an address, entries of vip_complaint and nothing else of the three are alerts")
	}
}

func TestBookRefusals(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rules.yaml")
	for name, c := range map[string]struct {
		rules     string
		endpoints map[string]webhook.Endpoint
		want      string
	}{
		"a tier's name":    {"segments: [{name: potential, when: orders_1h > 1}]", nil, "the name is taken"},
		"no secret":        {"endpoints: [{name: a, url: http://x}]", nil, "endpoints.a: no secret"},
		"secret file gone": {"", map[string]webhook.Endpoint{"a": {URL: nowhere, SecretFile: path + ".no"}}, "endpoints.a: read the secret"},
	} {
		if err := os.WriteFile(path, []byte(c.rules), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := newBook(Config{Rules: path, Endpoints: c.endpoints}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestConfigReportsEveryFault(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
	c := Default()
	c.Dir, c.Pace = "", 2*time.Second
	c.Endpoints = map[string]webhook.Endpoint{"a": {URL: "nope", Events: "x"}}
	err := c.Validate()
	for _, want := range []string{"dir: must be set", "pace: 2s is not within", "endpoints.a.url:", "endpoints.a.events:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
	err = CutPointsConfig{Every: 1, CheckEvery: 2, KeepWithin: 1}.Validate()
	for _, want := range []string{"check_every:", "keep_within:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
}

func TestRecordSurvivesItsEncoding(t *testing.T) {
	r := &record{workspace: "w", version: 7, mergedInto: "x", evaluatedMs: 5, dueMs: 1 << 60, rules: 1<<64 - 1, cuts: 3, features: []byte{1, 2},
		segments: []membership{{segment: "a", version: -1, seq: 9, in: true, sinceMs: -4}, {segment: "", seq: 1 << 50}}}
	got, err := decodeRecord(r.encode())
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("%+v, %v\nwant %+v", got, err, r)
	}
	v := versions{"a": 1, "bc": -5, "": 1 << 47}
	if got, err := decodeVersions(v.encode()); err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("%v, %v", got, err)
	}
	for _, s := range []sweep{{}, {rules: 1, cuts: 1 << 63, done: true}, {cursor: "c/abc\x00"}} {
		if got, err := decodeSweep(s.encode()); err != nil || got != s {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

// FuzzDecoders: damaged state is an error and never a panic or an endless loop.
func FuzzDecoders(f *testing.F) {
	f.Add((&record{workspace: "w", version: 1, segments: []membership{{segment: "a", seq: 1}}}).encode())
	f.Add(versions{"a": 1}.encode())
	f.Add(sweep{rules: 1}.encode())
	for _, b := range wiretest.Bytes(f, "segmentation-*") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := decodeRecord(data); err == nil {
			if again, err := decodeRecord(r.encode()); err != nil || !reflect.DeepEqual(again, r) {
				t.Errorf("%+v decodes again to %+v, %v", r, again, err)
			}
		}
		_, _ = decodeVersions(data)
		_, _ = decodeSweep(data)
		_, _ = decodeMember(data)
		_, _ = decodeCount(data)
		_, _, _ = parseCountKey(append([]byte(prefixCount), data...))
	})
}

// TestKeysDoNotCollide: parts that join to the same text are different keys.
func TestKeysDoNotCollide(t *testing.T) {
	if bytes.Equal(memberKey("a", "b_c", id(1)), memberKey("a_b", "c", id(1))) || bytes.Equal(countKey("ab", "c"), countKey("a", "bc")) {
		t.Error("two segments share a key")
	}
	if transitionID("a", "bc", 1, "x", 2) == transitionID("ab", "c", 1, "x", 2) || transitionID("a", "b", 12, "x", 3) == transitionID("a", "b", 1, "x", 23) {
		t.Error("two transitions share an id")
	}
	if got := transitionID("default", "big_spender", 7, id(1), 1); got != "b0a919c2caf1ef8a7e2602f2dab80e88" {
		t.Errorf("transition id %s: stored ids changed", got)
	}
	if w, s, err := parseCountKey(countKey("a/b", "")); w != "a/b" || s != "" || err != nil {
		t.Errorf("%q %q %v", w, s, err)
	}
}
