package experiment

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSharesAreMet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shares := rapid.SliceOfN(rapid.Float64Range(1, 100), 1, 5).Draw(t, "shares")
		salt := rapid.String().Draw(t, "salt")
		const n = 4000
		got, total := make([]int, len(shares)), 0.0
		for i := range n {
			got[Assign(salt, "default", fmt.Sprintf("%032x", i), shares)]++
		}
		for _, s := range shares {
			total += s
		}
		for i, s := range shares {
			p := s / total
			if d := math.Abs(float64(got[i]) - n*p); d > 5.5*math.Sqrt(n*p*(1-p))+1 {
				t.Fatalf("variant %d of %v has %d of %d visitors", i, shares, got[i], n)
			}
		}
	})
}

func TestAVariantAtTheEndMovesOnlyWhoMustMove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shares := rapid.SliceOfN(rapid.Float64Range(1, 100), 1, 4).Draw(t, "shares")
		by := rapid.Float64Range(0.1, 10).Draw(t, "others are scaled by")
		more := make([]float64, 0, len(shares)+1)
		for _, s := range shares {
			more = append(more, s*by)
		}
		more = append(more, rapid.Float64Range(1, 100).Draw(t, "share of the new one"))
		for i := range 500 {
			id := fmt.Sprintf("%032x", i)
			was, is := Assign("s", "w", id, shares), Assign("s", "w", id, more)
			if is != was && is != len(shares) {
				t.Fatalf("visitor %s of variant %d is of %d now, which was there before", id, was, is)
			}
		}
	})
}

func TestSaltsAreIndependent(t *testing.T) {
	const n = 20_000
	both := [2][2]int{}
	for i := range n {
		id := fmt.Sprintf("%032x", i)
		both[Assign("home", "default", id, []float64{50, 50})][Assign("cart", "default", id, []float64{50, 50})]++
	}
	for a := range both {
		for b := range both[a] {
			if d := math.Abs(float64(both[a][b]) - n/4); d > 5*math.Sqrt(n*.25*.75) {
				t.Fatalf("%v: home and cart hang together", both)
			}
		}
	}
}

func TestAssignIsForEver(t *testing.T) {
	got := ""
	for i := range 16 {
		got += fmt.Sprint(Assign("home", "default", fmt.Sprintf("%032x", i), []float64{50, 30, 20}))
	}
	if want := golden; got != want {
		t.Fatalf("visitors are shared out as %s, and not as %s: a running test would be spoilt", got, want)
	}
	if Assign("a", "bc", "d", []float64{1, 1, 1, 1, 1, 1, 1, 1, 1}) == Assign("ab", "c", "d", []float64{1, 1, 1, 1, 1, 1, 1, 1, 1}) {
		t.Error("(a, bc) and (ab, c) are one visitor")
	}
	for name, shares := range map[string][]float64{"none": nil, "zeros": {0, 0}, "not a number": {math.NaN(), -1}} {
		if got := Assign("s", "w", "c", shares); got != -1 {
			t.Errorf("%s: variant %d", name, got)
		}
	}
}

// play has visitors come one by one to either arm, and says whether the sequence and the fixed test, looked at after every one, ever saw a difference.
func play(r *rand.Rand, n int, value func(arm int) float64) (sequence, fixed bool, last Verdict) {
	var arms [2]Arm
	for range n {
		i := r.IntN(2)
		arms[i].Add(value(i))
		last = Compare(arms[0], arms[1])
		if last.Early {
			continue
		}
		sequence = sequence || last.Found()
		se := math.Sqrt(arms[0].variance()/float64(arms[0].Visitors) + arms[1].variance()/float64(arms[1].Visitors))
		fixed = fixed || math.Abs(last.Difference) > 1.96*se
	}
	return sequence, fixed, last
}

// bar is the most of 400 runs that may be wrong: 5 % and 3 standard errors of a binomial.
const runs, bar = 400, 33

func TestPeekingIsNotPunished(t *testing.T) {
	for name, value := range map[string]func(*rand.Rand) float64{
		"clicks of 10 %": func(r *rand.Rand) float64 {
			if r.Float64() < .1 {
				return 1
			}
			return 0
		},
		"purchases of 2 %": func(r *rand.Rand) float64 {
			if r.Float64() < .02 {
				return 1
			}
			return 0
		},
		"revenue with a long tail": func(r *rand.Rand) float64 {
			if r.Float64() < .05 {
				return math.Exp(3 + r.NormFloat64())
			}
			return 0
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sequences, fixeds := 0, 0
			for run := range runs {
				r := rand.New(rand.NewPCG(uint64(run), 11))
				s, f, _ := play(r, 10_000, func(int) float64 { return value(r) })
				if s {
					sequences++
				}
				if f {
					fixeds++
				}
			}
			t.Logf("wrong at some moment: the sequence in %d of %d runs, the fixed test in %d", sequences, runs, fixeds)
			if sequences > bar {
				t.Errorf("the sequence was wrong in %d of %d runs, above %d", sequences, runs, bar)
			}
			if fixeds < 3*bar {
				t.Errorf("the fixed test was wrong in %d runs only: this test shows nothing", fixeds)
			}
		})
	}
}

func TestAnEffectIsFound(t *testing.T) {
	found, covered := 0, 0
	const n = 100
	for run := range n {
		r := rand.New(rand.NewPCG(uint64(run), 12))
		_, _, v := play(r, 30_000, func(arm int) float64 {
			if r.Float64() < []float64{.10, .12}[arm] {
				return 1
			}
			return 0
		})
		if v.Low > 0 && v.P < Level {
			found++
		}
		if v.Low <= .02 && .02 <= v.High {
			covered++
		}
	}
	if found < 90 || covered < 93 {
		t.Fatalf("of %d tests %d found clicks of 12 %% instead of 10 %% among 30,000 visitors, %d intervals have the truth", n, found, covered)
	}
}

func TestPAndIntervalAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		arm := func(name string) Arm {
			n := rapid.Int64Range(1, 200_000).Draw(t, name)
			hit := rapid.Int64Range(0, n).Draw(t, name+" hits")
			return Arm{Visitors: n, Sum: float64(hit), Sum2: float64(hit), Responders: hit}
		}
		v := Compare(arm("control"), arm("variant"))
		if math.Abs(v.P-Level) > 1e-9 && v.Found() != (v.P < Level) {
			t.Fatalf("interval %v to %v, p %v", v.Low, v.High, v.P)
		}
		if v.Low > v.Difference || v.Difference > v.High {
			t.Fatalf("difference %v is not within %v and %v", v.Difference, v.Low, v.High)
		}
	})
}

func TestSampleRatio(t *testing.T) {
	alarms := 0
	for run := range runs {
		r := rand.New(rand.NewPCG(uint64(run), 13))
		n := []int64{0, 0}
		for range 10_000 {
			n[r.IntN(2)]++
			if RatioP(n, []float64{50, 50}) <= MismatchLevel {
				alarms++
				break
			}
		}
	}
	if alarms > 4 {
		t.Errorf("%d of %d honest tests were condemned", alarms, runs)
	}
	for name, c := range map[string]struct {
		n     []int64
		speak bool
	}{
		"as it should be":                  {[]int64{50_100, 49_900}, false},
		"nobody yet":                       {[]int64{0, 0}, false},
		"a few":                            {[]int64{7, 3}, false},
		"2 points off of 100,000":          {[]int64{52_000, 48_000}, true},
		"one variant does not come at all": {[]int64{500, 0}, true},
	} {
		t.Run(name, func(t *testing.T) {
			got := Mismatch([]string{"control", "b"}, c.n, []float64{1, 1})
			if (got != "") != c.speak {
				t.Errorf("%v: %q", c.n, got)
			}
			if c.speak && !strings.Contains(got, "instead of 50.00 %") {
				t.Errorf("words: %s", got)
			}
		})
	}
	if RatioP([]int64{10, 1}, []float64{1, 0}) != 0 {
		t.Error("somebody came to a variant without a share")
	}
}

func TestWords(t *testing.T) {
	arm := func(n, hits int64) Arm {
		return Arm{Visitors: n, Sum: float64(hits), Sum2: float64(hits), Responders: hits}
	}
	for name, c := range map[string]struct {
		control, variant Arm
		want             string
	}{
		"better":  {arm(10_000, 1_000), arm(10_000, 1_200), "b: 12.00 % clicked against 10.00 % of the control; it is better by 0.64 to 3.36 points (6 % to 34 %)"},
		"worse":   {arm(10_000, 1_200), arm(10_000, 1_000), "b: 10.00 % clicked against 12.00 % of the control; it is worse by 0.64 to 3.36 points (5 % to 28 %)"},
		"unknown": {arm(1_000, 100), arm(1_000, 105), "b: 10.50 % clicked against 10.00 % of the control; no difference is shown yet: it lies between"},
		"early":   {arm(50, 5), arm(50, 6), "b: 12.00 % clicked against 10.00 % of the control; too few visitors yet to say anything (100 in each variant, 20 who did it)"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Words("b", Click, Compare(c.control, c.variant)); !strings.HasPrefix(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	v := Compare(Arm{Visitors: 1000, Sum: 5000, Sum2: 1e6, Responders: 50}, Arm{Visitors: 1000, Sum: 5500, Sum2: 1e6, Responders: 50})
	if got := Words("b", Revenue, v); !strings.HasPrefix(got, "b: revenue by visitor is 5.50 against 5.00 of the control; no difference is shown yet: it lies between -") {
		t.Error(got)
	}
}

// golden is how the first 16 visitors are shared out, for ever.
const golden = "2120001012000011"
