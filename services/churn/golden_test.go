package churn

import (
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/pkg/wire/wiretest"
)

func TestGoldenState(t *testing.T) {
	wiretest.Golden(t, wiretest.Layout[*record]{
		Format: recordFormat, Name: "churn-record", Version: 1, Write: (*record).encode, Read: decodeRecord,
		Examples: map[string]*record{
			"scores, a band, a warning": {workspace: "default", version: 300, told: 17, mark: 0xfeedbeef, dueMs: start + 300_000, schema: 0xfeed, values: []byte{1, 0, 1, 'x'},
				scores: []toldScore{
					{target: shortHash("churn_risk_60d"), value: .4375, band: 3, model: parseModel(first)},
					{target: shortHash("spend_next_90d"), value: 12345.5, model: parseModel("made by hand")},
				},
				warnings: []toldWarning{{name: shortHash("warning_order_overdue"), sinceMs: start}}},
			"nothing is said of them": {workspace: "shop", version: 1, told: 1, schema: 1, values: []byte{}},
			"a tombstone":             {workspace: "default", version: 9, mergedInto: id(7), told: 2, mark: gone, values: []byte{}},
		},
	})
	wiretest.Golden(t, wiretest.Layout[sweep]{
		Format: sweepFormat, Name: "churn-sweep", Version: 1, Write: sweep.encode, Read: decodeSweep,
		Examples: map[string]sweep{"done": {mark: 1 << 63, night: 20618, done: true}, "on its way": {mark: 300, night: -1, cursor: "c/" + id(7) + "\x00"}},
	})
	wiretest.Golden(t, wiretest.Layout[[]byte]{
		Name: "churn-keys", Version: 1, Write: func(b []byte) []byte { return b },
		Examples: map[string][]byte{"a customer": customerKey(id(7)), "a workspace": workspaceKey("shop"), "the sweep": []byte(keySweep)},
	})
}

// Every value of a newer release is told from damage.
func TestStateOfANewerReleaseIsToldApart(t *testing.T) {
	for name, decode := range map[string]func([]byte) error{
		"record": func(b []byte) error { _, err := decodeRecord(b); return err },
		"sweep":  func(b []byte) error { _, err := decodeSweep(b); return err },
	} {
		if err := decode([]byte{9, 0}); !errors.Is(err, wire.ErrNewer) {
			t.Errorf("%s: %v", name, err)
		}
		if err := decode([]byte{1, 0x80}); !errors.Is(err, wire.ErrDamaged) {
			t.Errorf("a damaged %s: %v", name, err)
		}
	}
}

// Whatever a record says, it is read as it was written.
func TestRecordSurvivesItsEncoding(t *testing.T) {
	texts := rapid.SampledFrom([]string{"", "default", "shop", first, second, "20261128T181500-3F2A", "20261399T181500-3f2a", "20261128T181500-3f2a0", "x"})
	rapid.Check(t, func(t *rapid.T) {
		r := &record{
			workspace: rapid.SampledFrom([]string{"default", "shop"}).Draw(t, "workspace"), version: rapid.Int64Min(0).Draw(t, "version"),
			mergedInto: texts.Draw(t, "merged"), told: rapid.Int64Min(0).Draw(t, "told"), mark: rapid.Uint32().Draw(t, "mark"), dueMs: rapid.Int64().Draw(t, "due"),
			schema: rapid.Uint64().Draw(t, "schema"), values: []byte(texts.Draw(t, "values")),
		}
		for range rapid.IntRange(0, 5).Draw(t, "scores") {
			r.scores = append(r.scores, toldScore{target: rapid.Uint32().Draw(t, "target"), value: rapid.Float32().Draw(t, "value"),
				band: byte(rapid.IntRange(0, 3).Draw(t, "band")), model: parseModel(texts.Draw(t, "model"))})
		}
		for range rapid.IntRange(0, 3).Draw(t, "warnings") {
			r.warnings = append(r.warnings, toldWarning{name: rapid.Uint32().Draw(t, "name"), sinceMs: rapid.Int64().Draw(t, "since")})
		}
		got, err := decodeRecord(r.encode())
		if err != nil || !reflect.DeepEqual(got, r) {
			t.Fatalf("%+v, %v\nwant %+v", got, err, r)
		}
	})
}

// A version is kept short and comes back as it was.
func TestVersionsComeBackAsTheyWere(t *testing.T) {
	for text, size := range map[string]int{first: 7, "20261128T181500-3f2a": 7, "20261128T181500-3F2A": 22, "20261399T181500-3f2a": 22, "": 2, "by hand": 9} {
		m := parseModel(text)
		b := m.append(nil)
		in := wire.Read(b)
		if got := readModel(&in); got != m || got.String() != text || len(b) != size || in.Done() != nil {
			t.Errorf("%q: %q in %d bytes, want %d; %v", text, got, len(b), size, in.Done())
		}
	}
}

// FuzzDecoders: damaged state is an error and never a panic or an endless loop.
func FuzzDecoders(f *testing.F) {
	for _, b := range wiretest.Bytes(f, "churn-*") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := decodeRecord(data); err == nil {
			if again, err := decodeRecord(r.encode()); err != nil || !reflect.DeepEqual(again, r) {
				t.Errorf("%+v decodes again to %+v, %v", r, again, err)
			}
		}
		if s, err := decodeSweep(data); err == nil {
			if again, err := decodeSweep(s.encode()); err != nil || again != s {
				t.Errorf("%+v decodes again to %+v, %v", s, again, err)
			}
		}
	})
}
