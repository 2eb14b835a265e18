package pipeline

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/calibrate"
	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/linear"
	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/pkg/wire/wiretest"
)

// A decoded model predicts what the model predicted, to the bit, also of a table with other categories in another order.
func TestFiles(t *testing.T) {
	for _, kind := range []Kind{Binary, Real} {
		other := mixed(500, kind, 3).X
		plan := other.Find("plan")
		plan.Levels = []string{"team", "a new one", "basic", "plus", "pro"}
		for name, m := range models(t, kind) {
			b, err := m.Encode()
			if err != nil {
				t.Fatal(name, err)
			}
			back, err := Decode(b)
			if err != nil {
				t.Fatal(name, err)
			}
			again, err := back.Encode()
			if err != nil || !bytes.Equal(again, b) {
				t.Errorf("%s: it is written otherwise: %v", name, err)
			}
			if back.Kind != m.Kind || back.Family != m.Family || back.Settings != m.Settings {
				t.Errorf("%s: %+v", name, back)
			}
			want, err := m.Predict(other)
			if err != nil {
				t.Fatal(name, err)
			}
			if got, err := back.Predict(other); err != nil || !same(got, want) {
				t.Errorf("%s predicts otherwise: %v", name, err)
			}
		}
	}
}

// Levels that are not the model's are missing, whatever their codes.
func TestCategoriesAreFoundByName(t *testing.T) {
	m := models(t, Binary)["boosted trees, none"]
	predict := func(levels []string, value float64) float64 {
		x := mixed(1, Binary, 9).X
		x.Find("plan").Levels, x.Find("plan").Values = levels, []float64{value}
		p, err := m.Predict(x)
		if err != nil {
			t.Fatal(err)
		}
		return p[0]
	}
	team := predict([]string{"basic", "plus", "pro", "team"}, 3)
	if got := predict([]string{"team"}, 0); got != team {
		t.Errorf("team is %v, at another place %v", team, got)
	}
	missing := predict([]string{"basic"}, nan())
	if got := predict([]string{"never seen"}, 0); got != missing || got == team {
		t.Errorf("a new one is %v, missing %v, team %v", got, missing, team)
	}
}

func small(t testing.TB) []byte {
	t.Helper()
	table := mixed(200, Binary, 1)
	m, _, err := ofLabels(mixed(60, Binary, 1))[3].fit(t.Context(), quick(), table, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	b, err := (&Trained{Family: "boosted trees", Calibration: Calibration{Kind: platt, Platt: &calibrate.Platt{A: -1.5, B: .25}}, fitted: m}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestADamagedFileIsRefused(t *testing.T) {
	b := small(t)
	for i := range 8 * len(b) {
		if i/8 == len(magic) {
			continue // the layout's number
		}
		bad := bytes.Clone(b)
		bad[i/8] ^= 1 << (i % 8)
		if _, err := Decode(bad); !errors.Is(err, ErrNotAModel) {
			t.Fatalf("bit %d changed: %v", i, err)
		}
	}
	for n := range len(b) {
		if _, err := Decode(b[:n]); !errors.Is(err, ErrNotAModel) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
	newer := bytes.Clone(b)
	newer[len(magic)] = Format.Newest + 1
	var version *wire.VersionError
	if _, err := Decode(newer); !errors.As(err, &version) || !strings.Contains(err.Error(), "newer Freshet") {
		t.Errorf("a layout of a later release: %v", err)
	}
}

// file is a model with this head and body, its hash right.
func file(head, body string) []byte {
	return rehash(append(wire.AppendText(wire.AppendText(Format.Begin([]byte(magic)), head), body), make([]byte, sha256.Size)...))
}

// Bytes with a right hash that are no model are refused with a reason: somebody else may have written them.
func TestAnUnsoundModelIsRefused(t *testing.T) {
	const none = `"calibration":{"kind":"none"}`
	for name, c := range map[string]struct{ head, body, want string }{
		"no JSON":                         {"{", "", "its head"},
		"two heads":                       {`{"form":"constant",` + none + `}{}`, "", "something behind it"},
		"a field of another release":      {`{"form":"constant","colour":1,` + none + `}`, "", "unknown field"},
		"another kind of label":           {`{"kind":"colour","form":"constant",` + none + `}`, "", "is no kind of label"},
		"another form":                    {`{"form":"sequence",` + none + `}`, "", `form "sequence"`},
		"more than sure":                  {`{"form":"constant","constant":1.5,` + none + `}`, "", "predicts 1.5"},
		"a constant with a body":          {`{"form":"constant",` + none + `}`, "x", "no body"},
		"a column twice":                  {`{"form":"constant","columns":[{"name":"a"},{"name":"a"}],` + none + `}`, "", `column "a"`},
		"a number with levels":            {`{"form":"constant","columns":[{"name":"a","levels":["x"]}],` + none + `}`, "", "neither numbers nor"},
		"a level twice":                   {`{"form":"constant","columns":[{"name":"a","category":true,"levels":["x","x"]}],` + none + `}`, "", `category "x"`},
		"no calibration":                  {`{"form":"constant"}`, "", "its calibration"},
		"steps that fall":                 {`{"form":"constant","calibration":{"kind":"isotonic","isotonic":{"at":[0,1],"value":[0.5,0.4]}}}`, "", "do not rise"},
		"steps without values":            {`{"form":"constant","calibration":{"kind":"isotonic","isotonic":{"at":[0],"value":[]}}}`, "", "do not rise"},
		"a line that falls":               {`{"form":"constant","calibration":{"kind":"platt","platt":{"a":1,"b":0}}}`, "", "line of Platt"},
		"amounts of a label":              {`{"form":"constant","calibration":{"kind":"ratio","amount":{"scale":"log","a":0,"b":1,"low":0,"high":1}}}`, "", "those of another label"},
		"amounts beyond all numbers":      {`{"kind":"real","form":"constant","calibration":{"kind":"power","amount":{"scale":"log","a":0,"b":1,"low":0,"high":1000}}}`, "", "amounts on the scale"},
		"amounts on no scale":             {`{"kind":"real","form":"constant","calibration":{"kind":"ratio","amount":{"a":0,"b":1,"low":0,"high":1}}}`, "", "amounts on the scale"},
		"columns that are not the body's": {`{"form":"linear","columns":[{"name":"a"}],` + none + `}`, `{"intercept":0,"columns":[]}`, "1 columns"},
		"a category that is a number":     {`{"form":"linear","columns":[{"name":"a","category":true,"levels":["x"]}],` + none + `}`, `{"intercept":0,"columns":[{"name":"a","scale":1}]}`, "of another kind"},
		"effects of both kinds":           {`{"form":"linear","columns":[{"name":"a","category":true,"levels":["x"]}],` + none + `}`, `{"intercept":0,"columns":[{"name":"a","scale":1,"categories":["x"],"effects":[1]}]}`, "effects of both kinds"},
		"trees that are none":             {`{"form":"trees",` + none + `}`, "FGBM", "its trees"},
	} {
		if _, err := Decode(file(c.head, c.body)); !errors.Is(err, ErrNotAModel) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := Decode([]byte("PK\x03\x04 some other file that is long enough to hold a hash")); !errors.Is(err, ErrNotAModel) {
		t.Error(err)
	}
	odd := &Trained{Calibration: Calibration{Kind: asTheyAre}, fitted: &fitted{schema{{Name: "\xff"}}, constant{}}}
	if _, err := odd.Encode(); err == nil || !strings.Contains(err.Error(), "UTF-8") {
		t.Errorf("a name that JSON cannot keep: %v", err)
	}
}

func TestGoldenModel(t *testing.T) {
	encode := func(m *Trained) []byte {
		b, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	columns := schema{{Name: "tail", Log: true}, {Name: "plan", Category: true, Levels: []string{"basic", "pro"}}}
	line := &linear.Model{Intercept: -1.25, Columns: []linear.Term{{Name: "tail", Slope: .5, Mean: 2, Scale: 1.5, Least: .1, Most: 9, Missing: .75},
		{Name: "plan", Categories: []string{"basic", "pro"}, Effects: []float64{.3, -.4}, Missing: .1, Average: .1}}}
	steps := Calibration{Kind: isotonic, Isotonic: &calibrate.Isotonic{At: []float64{.1, .4}, Value: []float64{.05, .5}}}
	wiretest.Golden(t, wiretest.Layout[[]byte]{
		Format: Format, Name: "churn-trained", Version: 1, Read: func(b []byte) ([]byte, error) {
			m, err := Decode(b)
			if err != nil {
				return nil, err
			}
			return encode(m), nil
		},
		Write: func(b []byte) []byte { return b },
		Examples: map[string][]byte{
			"a constant":                 encode(&Trained{Family: "base rate", Calibration: Calibration{Kind: asTheyAre}, fitted: &fitted{form: constant{Binary, .25}}}),
			"a regression, and steps":    encode(&Trained{Family: "logistic regression", Settings: "L2 1", Calibration: steps, fitted: &fitted{columns, regression{Binary, line}}}),
			"trees, and a line of Platt": small(t),
			"amounts, and a power":       encode(&Trained{Kind: Real, Family: "ridge regression", Settings: "L2 30", Calibration: Calibration{Kind: power, Amount: &Amount{Scale: log1p, A: -.5, B: 1.25, Low: -.1, High: 7}}, fitted: &fitted{columns, regression{Real, line}}}),
		},
	})
}

// rehash makes the hash right, so that what the fuzzer changes is read.
func rehash(b []byte) []byte {
	if len(b) < sha256.Size {
		return b
	}
	front := b[:len(b)-sha256.Size]
	sum := sha256.Sum256(front)
	return append(bytes.Clone(front), sum[:]...)
}

// FuzzDecode: no bytes make it panic, and what it takes predicts and explains any row, and comes back.
func FuzzDecode(f *testing.F) {
	for _, kind := range []Kind{Binary, Real} {
		for _, m := range models(f, kind) {
			b, err := m.Encode()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Add(file(`{"form":"constant","calibration":{"kind":"none"}}`, ""))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(rehash(b))
		if err != nil {
			return
		}
		again, err := m.Encode()
		if err != nil {
			t.Fatalf("it cannot be written: %v", err)
		}
		if _, err := Decode(again); err != nil {
			t.Fatalf("it does not come back: %v", err)
		}
		if len(m.schema) > 64 {
			return
		}
		x := &frame.Frame{Rows: 2}
		for _, c := range m.schema {
			kind := frame.Number
			if c.Category {
				kind = frame.Category
			}
			x.Columns = append(x.Columns, frame.Column{Name: c.Name, Kind: kind, Levels: c.Levels, Values: []float64{nan(), nan()}})
		}
		if _, err := m.Predict(x); err != nil {
			t.Fatal(err)
		}
		rows, _ := m.rows(x)
		m.reasons(rows[:len(m.schema)], make([]float64, len(m.schema)))
	})
}
