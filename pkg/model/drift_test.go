package model

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/wire/wiretest"
)

// number draws what a column may hold.
var number = rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, 0, 1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, 5e-324}))

func TestEveryNumberHasOneBin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(number, 0, 300).Draw(t, "values")
		b := NumberBins("x", values)
		if err := b.check(); err != nil {
			t.Fatal(err)
		}
		total := int64(0)
		for _, n := range b.Counts {
			total += n
		}
		if total != int64(len(values)) || len(b.Counts) > quantileBins+3 {
			t.Errorf("%d of %d values are in %d bins", total, len(values), len(b.Counts))
		}
		for _, x := range values {
			i := b.number(x)
			if math.IsNaN(x) != (i == len(b.Cuts)+1) {
				t.Errorf("%v is in bin %d of %d", x, i, b.size())
			}
			if !math.IsNaN(x) && i < len(b.Cuts) && (x > b.Cuts[i] || i > 0 && x <= b.Cuts[i-1]) {
				t.Errorf("%v is in bin %d of cuts %v", x, i, b.Cuts)
			}
		}
	})
}

func TestNumbersAreInTenBinsOfOneSize(t *testing.T) {
	values := make([]float64, 1000)
	for i := range values {
		values[i] = float64(i * i)
	}
	b := NumberBins("x", values)
	want := append(append([]int64{0}, slices.Repeat([]int64{100}, 10)...), 0, 0)
	if !slices.Equal(b.Counts, want) {
		t.Errorf("counts are %v, want %v", b.Counts, want)
	}
}

func TestWhatTrainingNeverSawIsDrift(t *testing.T) {
	for what, c := range map[string]struct {
		train, live []float64
		want        bool
	}{
		"a constant that is another one, lower":  {slices.Repeat([]float64{5}, 500), slices.Repeat([]float64{0}, 500), true},
		"a constant that is another one, higher": {slices.Repeat([]float64{5}, 500), slices.Repeat([]float64{6}, 500), true},
		"a constant that stays":                  {slices.Repeat([]float64{5}, 500), slices.Repeat([]float64{5}, 500), false},
		"gone missing":                           {slices.Repeat([]float64{5}, 500), slices.Repeat([]float64{math.NaN()}, 500), true},
		"always missing":                         {slices.Repeat([]float64{math.NaN()}, 500), slices.Repeat([]float64{math.NaN()}, 500), false},
		"missing, and now there":                 {slices.Repeat([]float64{math.NaN()}, 500), slices.Repeat([]float64{1}, 500), true},
		"infinite now":                           {slices.Repeat([]float64{5}, 500), slices.Repeat([]float64{math.Inf(1)}, 500), true},
	} {
		p := NewProfile(nil)
		p.Number("x", c.train)
		tally := p.Tally()
		for _, x := range c.live {
			tally.Number(0, x)
		}
		if d := tally.Drift()[1]; d.Acts() != c.want || d.Name != "x" || d.Rows != 500 {
			t.Errorf("%s: %+v", what, d)
		}
	}
}

func TestACategorysLevels(t *testing.T) {
	var values []string
	for i := range 30 { // level i comes i+1 times: the ten rarest have no bin of their own
		values = append(values, slices.Repeat([]string{fmt.Sprintf("level %02d", i)}, i+1)...)
	}
	values = append(values, "", "")
	b := CategoryBins("c", values)
	if len(b.Levels) != mostLevels || b.Levels[0] != "level 10" || b.Counts[0] != 11 || b.Counts[20] != 55 || b.Counts[21] != 2 {
		t.Errorf("%+v", b)
	}
	if b.text("never seen") != 20 || b.text("") != 21 || b.text("level 29") != 19 {
		t.Error("a level is in a bin that is not its own")
	}
}

// example is a profile of two columns, and values of it.
func example() (*Profile, []float64, []string) {
	numbers, levels, scores := make([]float64, 400), make([]string, 400), make([]float64, 400)
	for i := range numbers {
		numbers[i], levels[i], scores[i] = float64(i%97), []string{"gold", "silver", "", "none"}[i%4], float64(i%50)/50
	}
	numbers[7] = math.NaN()
	p := NewProfile(scores)
	p.Number("spend", numbers)
	p.Category("tier", levels)
	return p, numbers, levels
}

func TestTalliesMerge(t *testing.T) {
	p, _, _ := example()
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(number, 0, 100).Draw(t, "numbers")
		levels := rapid.SliceOfN(rapid.SampledFrom([]string{"gold", "silver", "other", ""}), len(numbers), len(numbers)).Draw(t, "levels")
		one := p.Tally()
		several := []*Tally{p.Tally(), p.Tally(), p.Tally()}
		for i := range numbers {
			for _, tally := range []*Tally{one, several[rapid.IntRange(0, 2).Draw(t, "who")]} {
				tally.Number(0, numbers[i])
				tally.Text(1, levels[i])
				tally.Score(numbers[i])
			}
		}
		for _, tally := range several[1:] {
			if err := several[0].Merge(tally); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(one, several[0]) {
			t.Errorf("counted at once %+v, in parts %+v", one, several[0])
		}
	})
	other, _, _ := example()
	if err := p.Tally().Merge(other.Tally()); !errors.Is(err, ErrOtherBins) {
		t.Errorf("tallies of two profiles merge: %v", err)
	}
}

func TestTheSameRowsDoNotDrift(t *testing.T) {
	p, numbers, levels := example()
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if p, err = DecodeProfile(data); err != nil {
		t.Fatal(err)
	}
	tally := p.Tally()
	for i := range numbers {
		tally.Number(0, numbers[i])
		tally.Text(1, levels[i])
		tally.Score(float64(i%50) / 50)
	}
	for _, d := range tally.Drift() {
		if d.PSI != 0 || d.Acts() {
			t.Errorf("%+v", d)
		}
	}
	for range 4000 {
		tally.Text(1, "gold")
	}
	all := tally.Drift()
	if !all[1].Acts() || all[1].Name != "tier" || Worst(all) != all[1].PSI || all[0].Name != "" {
		t.Errorf("ten times as much gold: %+v", all)
	}
}

// Fifty customers drift by far more than the conventional limit, and it is chance.
func TestFewRowsAreNoDrift(t *testing.T) {
	values := make([]float64, 5000)
	for i := range values {
		values[i] = float64(i)
	}
	p := NewProfile(values)
	tally := p.Tally()
	for _, x := range []float64{10, 20, 30, 4000, 4100, 4200, 4990, 1000, 2100, 2500, 3100} {
		tally.Score(x)
	}
	if d := tally.Drift()[0]; d.PSI < DriftActs || d.Acts() || Worst(tally.Drift()) != 0 {
		t.Errorf("%+v", d)
	}
	if d := p.Tally().Drift()[0]; !math.IsNaN(d.PSI) || d.Acts() || Worst([]Drift{d}) != 0 {
		t.Errorf("nothing counted: %+v", d)
	}
}

func TestAForeignProfileIsRefused(t *testing.T) {
	for what, text := range map[string]string{
		"empty":                  "",
		"no JSON":                "FGBM",
		"another file":           `{"kind":"churn"}`,
		"a later layout":         `{"layout":2,"columns":[],"scores":{"name":"","counts":[0,0]}}`,
		"counts too few":         `{"layout":1,"columns":[{"name":"x","cuts":[1,2],"counts":[1]}],"scores":{"name":"","counts":[0,0]}}`,
		"cuts that fall":         `{"layout":1,"columns":[{"name":"x","cuts":[2,1],"counts":[1,1,1,1]}],"scores":{"name":"","counts":[0,0]}}`,
		"levels out of order":    `{"layout":1,"columns":[{"name":"x","category":true,"levels":["b","a"],"counts":[1,1,1,1]}],"scores":{"name":"","counts":[0,0]}}`,
		"less than nothing":      `{"layout":1,"columns":[],"scores":{"name":"","counts":[0,-1]}}`,
		"scores without a bin":   `{"layout":1,"columns":[]}`,
		"scores that are levels": `{"layout":1,"columns":[],"scores":{"name":"","category":true,"counts":[0,0]}}`,
	} {
		if p, err := DecodeProfile([]byte(text)); err == nil {
			t.Errorf("%s: read as %+v", what, p)
		}
	}
}

func FuzzDecodeProfile(f *testing.F) {
	p, _, _ := example()
	data, err := p.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(_ *testing.T, data []byte) {
		p, err := DecodeProfile(data)
		if err != nil {
			return
		}
		tally := p.Tally() // whatever was decoded can be counted into
		for i, b := range p.Columns {
			if b.Category {
				tally.Text(i, "gold")
			} else {
				tally.Number(i, 1)
			}
		}
		tally.Score(math.NaN())
		tally.Drift()
	})
}

func TestGoldenProfile(t *testing.T) {
	small := func() *Profile {
		p := NewProfile([]float64{.1, .2, .9})
		p.Number("spend", []float64{1, 2.5, math.NaN()})
		p.Category("tier", []string{"gold", "", "none"})
		return p
	}
	wiretest.Golden(t, wiretest.Layout[*Profile]{
		Name: "model-profile", Version: profileLayout, Read: DecodeProfile, Examples: map[string]*Profile{"three rows": small()},
		Write: func(p *Profile) []byte {
			data, err := p.Encode()
			if err != nil {
				t.Fatal(err)
			}
			return data
		},
	})
}
