package gbdt

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFile(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := rapid.SampledFrom(objectives).Draw(rt, "objective")
		d := made(200, 1, o)
		m := train(t, drawn(rt, o), d)
		m.Metadata["code"] = "v1"
		b, err := m.Encode()
		if err != nil {
			rt.Fatal(err)
		}
		again, err := Decode(b)
		if err != nil {
			rt.Fatal(err)
		}
		a, c := predict(t, m, d.X), predict(t, again, d.X)
		for i := range a {
			if a[i] != c[i] {
				rt.Fatalf("row %d: %v, %v", i, a[i], c[i])
			}
		}
		b2, err := again.Encode()
		if err != nil || !bytes.Equal(b, b2) || again.Metadata["code"] != "v1" {
			rt.Fatalf("written again it differs (%v)", err)
		}
		at := rapid.IntRange(0, len(b)-1).Draw(rt, "at")
		damaged := bytes.Clone(b)
		damaged[at] ^= byte(rapid.IntRange(1, 255).Draw(rt, "bits"))
		if other, err := Decode(damaged); err == nil {
			if b3, _ := other.Encode(); !bytes.Equal(b, b3) {
				rt.Fatalf("a changed byte at %d was not noticed", at)
			}
		}
	})
	if _, err := Decode([]byte(`{"format":"freshet-gbdt","version":99}`)); err == nil || errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "newer release") {
		t.Error(err)
	}
}

// What XGBoost would be given predicts alike when it is read as XGBoost's.
func TestXGBoost(t *testing.T) {
	for _, o := range objectives {
		d := made(500, 1, o)
		d.X = d.X.Without("d", "e")
		m := train(t, Params{Objective: o, Trees: 20}, d)
		b, err := m.ToXGBoost()
		if err != nil {
			t.Fatal(err)
		}
		again, err := FromXGBoost(b)
		if err != nil {
			t.Fatalf("%s: %v", o, err)
		}
		a, c := predict(t, m, d.X), predict(t, again, d.X)
		worst := 0.0
		for i := range a {
			worst = max(worst, a[i]-c[i], c[i]-a[i])
		}
		if worst > 1e-5 {
			t.Errorf("%s: differs by %v", o, worst)
		}
	}
	if _, err := train(t, Params{Trees: 1}, made(100, 1, Logistic)).ToXGBoost(); err == nil || !strings.Contains(err.Error(), "categories") {
		t.Error(err)
	}
	for _, x := range []string{"", "{}", `{"learner":{"gradient_booster":{"name":"gblinear"}}}`} {
		if _, err := FromXGBoost([]byte(x)); err == nil {
			t.Errorf("%q was read", x)
		}
	}
}

func FuzzRead(f *testing.F) {
	d := made(100, 1, Logistic)
	m, err := Train(f.Context(), Params{Trees: 2, Leaves: 4}, d, nil)
	if err != nil {
		f.Fatal(err)
	}
	b, _ := m.Encode()
	f.Add(b)
	d.X = d.X.Without("d", "e")
	if m, err = Train(f.Context(), Params{Trees: 2, Leaves: 4}, d, nil); err != nil {
		f.Fatal(err)
	}
	x, _ := m.ToXGBoost()
	f.Add(x)
	f.Fuzz(func(_ *testing.T, b []byte) {
		for _, read := range []func([]byte) (*Model, error){Decode, FromXGBoost} {
			if m, err := read(b); err == nil && len(m.Columns) < 1000 {
				values := make([]float64, len(m.Columns))
				m.Score(values)
				m.Contributions(values, nil)
			}
		}
	})
}
