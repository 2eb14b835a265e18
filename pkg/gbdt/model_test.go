package gbdt

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/pkg/wire/wiretest"
)

// strange is a row as nobody trained on: holes, infinities, categories that do not exist.
func strange(rng *rand.Rand) []float64 {
	row := []float64{rng.NormFloat64() * 3, rng.NormFloat64(), float64(rng.IntN(14) - 1), float64(rng.IntN(4))}
	for i := range row {
		switch rng.IntN(12) {
		case 0:
			row[i] = math.NaN()
		case 1:
			row[i] = math.Inf(1)
		case 2:
			row[i] = math.Inf(-1)
		}
	}
	return row
}

// Alone, in a batch of any size, and by a plain walk down the trees, a row has the same score to the bit.
func TestScoresAreTheSameHoweverTheyAreAsked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := small(rapid.SampledFrom(objectives).Draw(t, "objective"))
		p.Rounds = rapid.IntRange(1, 9).Draw(t, "rounds")
		p.Leaves = rapid.SampledFrom([]int{2, 8, 128, 300}).Draw(t, "leaves")
		p.MinRows = rapid.SampledFrom([]int{1, 5}).Draw(t, "rows")
		m, err := Train(context.Background(), p, mixed(900, rapid.Uint64().Draw(t, "seed")), Run{})
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "rows' seed"), 1))
		n := rapid.IntRange(0, 3*blockRows+3).Draw(t, "n")
		var all []float64
		for range n {
			all = append(all, strange(rng)...)
		}
		out := make([]float64, n)
		if err := m.Scores(all, out); err != nil {
			t.Fatal(err)
		}
		for i, got := range out {
			row := all[4*i : 4*i+4]
			if plain, alone := slow(m, row), m.Score(row); got != plain || alone != plain {
				t.Fatalf("row %v: %v in a batch, %v alone, %v by walking", row, got, alone, plain)
			}
		}
	})
}

func TestALargeModelIsWalked(t *testing.T) {
	p := small(Squared)
	p.Leaves, p.MinRows = 200, 1
	m := mustTrain(t, p, mixed(2000, 1), Run{})
	if !m.fast.large {
		t.Fatal("the model is not large")
	}
	p = small(Squared)
	p.Rounds, p.ColumnShare = 150, .02
	if m := mustTrain(t, p, madeUp(300, 400, 1), Run{}); !m.fast.large {
		t.Fatalf("trees that ask for %d numbers are not large", len(m.fast.places))
	}
}

// What counts is which numbers the trees ask for, not how many columns there are: a catalogue has more than fit into bytes.
func TestManyColumnsOfWhichFewAreAsked(t *testing.T) {
	d := madeUp(500, 400, 1)
	m := mustTrain(t, small(Squared), d, Run{})
	if m.fast.large {
		t.Fatal("the model is large")
	}
	row := make([]float64, 400)
	for i := range 500 {
		d.Row(i, row)
		row[i%400] = math.NaN()
		if got, want := m.Score(row), slow(m, row); got != want {
			t.Fatalf("row %d: %v, by walking %v", i, got, want)
		}
	}
}

func TestScoringAllocatesNothing(t *testing.T) {
	m := mustTrain(t, small(Logistic), mixed(1000, 1), Run{})
	row := []float64{1, 2, 3, 1}
	if n := testing.AllocsPerRun(200, func() { m.Predict(row) }); n != 0 {
		t.Errorf("%v allocations for a row", n)
	}
	rows, out := make([]float64, 4*100), make([]float64, 100)
	if n := testing.AllocsPerRun(200, func() { m.Predictions(rows, out) }); n != 0 {
		t.Errorf("%v allocations for a batch", n)
	}
}

// shapley is the definition: the mean over all orders of features of what each adds, where features that are not known yet go both ways
// by the covers.
func shapley(m *Model, row []float64) []float64 {
	f := len(m.Features)
	value := make([]float64, 1<<f)
	for known := range value {
		for i := range m.trees {
			value[known] += expected(m.trees[i].nodes, 0, row, known)
		}
	}
	out := make([]float64, f+1)
	out[f] = m.Base + value[0]
	factorial := func(n int) float64 { return math.Gamma(float64(n + 1)) }
	for i := range f {
		for known := range value {
			if known>>i&1 == 1 {
				continue
			}
			size := 0
			for j := range f {
				size += known >> j & 1
			}
			out[i] += factorial(size) * factorial(f-size-1) / factorial(f) * (value[known|1<<i] - value[known])
		}
	}
	return out
}

func expected(nodes []node, at int32, row []float64, known int) float64 {
	n := &nodes[at]
	if n.feature < 0 {
		return n.value
	}
	if known>>n.feature&1 == 1 {
		if n.goes(row[n.feature]) {
			return expected(nodes, n.left, row, known)
		}
		return expected(nodes, n.left+1, row, known)
	}
	l, r := shares(nodes, n)
	return l*expected(nodes, n.left, row, known) + r*expected(nodes, n.left+1, row, known)
}

// Contributions are the Shapley values by their definition, and with the last one they sum to the score.
func TestContributionsAreShapleyValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := small(rapid.SampledFrom(objectives).Draw(t, "objective"))
		p.Rounds, p.Leaves = 3, rapid.SampledFrom([]int{2, 8, 30}).Draw(t, "leaves")
		m, err := Train(context.Background(), p, mixed(500, rapid.Uint64().Draw(t, "seed")), Run{})
		if err != nil {
			t.Fatal(err)
		}
		row := strange(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "row"), 1)))
		got, want := make([]float64, 5), shapley(m, row)
		if err := m.Contributions(row, got); err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i := range want {
			sum += got[i]
			if math.Abs(got[i]-want[i]) > 1e-9 {
				t.Fatalf("feature %d moves the score by %v, by definition %v", i, got[i], want[i])
			}
		}
		if math.Abs(sum-m.Score(row)) > 1e-9 {
			t.Fatalf("they sum to %v, the score is %v", sum, m.Score(row))
		}
	})
}

func TestContributionsSayWhatDoesNotFit(t *testing.T) {
	m := mustTrain(t, small(Logistic), mixed(500, 1), Run{})
	if m.Contributions(make([]float64, 4), make([]float64, 4)) == nil || m.Contributions(make([]float64, 3), make([]float64, 5)) == nil {
		t.Error("a row or an answer of another length is taken")
	}
	if m.Scores(make([]float64, 7), make([]float64, 2)) == nil {
		t.Error("half a row is taken")
	}
}

func TestOnlyTheSameFeaturesAreScored(t *testing.T) {
	m := mustTrain(t, small(Logistic), mixed(500, 1), Run{})
	for name, c := range map[string]struct {
		edit func([]Feature) []Feature
		ok   bool
	}{
		"the same":             {func(f []Feature) []Feature { return f }, true},
		"a category more":      {func(f []Feature) []Feature { f[3].Categories = append(names(3), "new"); return f }, true},
		"a category less":      {func(f []Feature) []Feature { f[3].Categories = names(2); return f }, false},
		"categories reordered": {func(f []Feature) []Feature { f[3].Categories = []string{"c1", "c0", "c2"}; return f }, false},
		"a feature less":       {func(f []Feature) []Feature { return f[:3] }, false},
		"another name":         {func(f []Feature) []Feature { f[0].Name = "z"; return f }, false},
		"another kind":         {func(f []Feature) []Feature { f[0].Kind = Categorical; return f }, false},
	} {
		if err := m.Check(c.edit(mixed(5, 1).Schema())); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func example(t testing.TB, o Objective) *Model {
	p := small(o)
	p.Rounds, p.Leaves, p.Seed, p.EarlyStop = 2, 4, 1<<63, 9
	if o != Quantile {
		p.Monotone = map[string]int{"x": 1}
	}
	return mustTrain(t, p, mixed(300, 1), Run{Workers: 1, Valid: mixed(50, 2), Meta: map[string]string{"until": "2026-11-28", "code": "1"}})
}

// A model that is written and read is the same: what it says of itself, and what it predicts.
func TestAModelComesBack(t *testing.T) {
	for _, o := range objectives {
		m := example(t, o)
		again, err := Decode(m.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if m.Hash() != again.Hash() || !reflect.DeepEqual(m.Trained, again.Trained) || !reflect.DeepEqual(m.Params, again.Params) ||
			!reflect.DeepEqual(m.Features, again.Features) || !reflect.DeepEqual(m.Gains(), again.Gains()) {
			t.Errorf("%v: %+v came back as %+v", o, m, again)
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for range 50 {
			if row := strange(rng); m.Predict(row) != again.Predict(row) {
				t.Errorf("%v: row %v is predicted otherwise", o, row)
			}
		}
	}
}

// Any bit that changes is noticed; so is a foreign file, a cut one, and one of a later release.
func TestADamagedFileIsRefused(t *testing.T) {
	b := example(t, Logistic).Encode()
	for i := range 8 * len(b) {
		if i/8 == len(magic) {
			continue // the number of the layout: below
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
	if _, err := Decode(newer); !errors.As(err, &version) {
		t.Errorf("a layout of a later release: %v", err)
	}
}

func TestGoldenModel(t *testing.T) {
	wiretest.Golden(t, wiretest.Layout[[]byte]{
		Format: Format, Name: "gbdt-model", Version: 1, Read: func(b []byte) ([]byte, error) {
			m, err := Decode(b)
			if err != nil {
				return nil, err
			}
			return m.Encode(), nil
		},
		Write: func(b []byte) []byte { return b },
		Examples: map[string][]byte{
			"probabilities": example(t, Logistic).Encode(),
			"a ranking":     example(t, LambdaRank).Encode(),
		},
	})
}

// rehash makes the hash right, so that what the fuzzer changes is read.
func rehash(b []byte) []byte {
	if len(b) < sha256.Size {
		return b
	}
	body := b[:len(b)-sha256.Size]
	sum := sha256.Sum256(body)
	return append(bytes.Clone(body), sum[:]...)
}

// FuzzDecode: no bytes make it panic, and what it takes scores and explains any row, and is written as it was read.
func FuzzDecode(f *testing.F) {
	for _, o := range objectives {
		f.Add(example(f, o).Encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(rehash(b))
		if err != nil {
			return
		}
		use(t, m)
		again, err := Decode(m.Encode())
		if err != nil || again.Hash() != m.Hash() {
			t.Fatalf("it does not come back: %v", err)
		}
	})
}

// FuzzReadXGBoost: no text makes it panic, and what it takes scores and explains.
func FuzzReadXGBoost(f *testing.F) {
	m := mustTrain(f, small(Logistic), madeUp(100, 6, 1), Run{Workers: 1})
	b, err := m.WriteXGBoost()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := ReadXGBoost(b); err == nil {
			use(t, m)
			if _, err := Decode(m.Encode()); err != nil {
				t.Fatalf("it cannot be kept: %v", err)
			}
		}
	})
}

func use(t *testing.T, m *Model) {
	if len(m.Features) > 64 || m.Trees() > 64 {
		return
	}
	rows, out := make([]float64, 40*len(m.Features)), make([]float64, 40)
	for i := range rows {
		rows[i] = []float64{0, 1, math.NaN(), math.Inf(1), math.Inf(-1), -7}[i%6]
	}
	if err := m.Predictions(rows, out); err != nil {
		t.Fatal(err)
	}
	if err := m.Contributions(rows[:len(m.Features)], make([]float64, len(m.Features)+1)); err != nil {
		t.Fatal(err)
	}
}
