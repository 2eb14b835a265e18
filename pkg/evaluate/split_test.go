package evaluate

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func day(n int) time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n) }

// No training row's label may reach past the cut, and no row may be on both sides: this is what keeps the future out.
func TestTrainingKnowsNothingFromBehindTheCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		horizon := rapid.IntRange(0, 60).Draw(t, "horizon")
		first := rapid.IntRange(70, 120).Draw(t, "cut")
		cuts := []time.Time{day(first), day(first + rapid.IntRange(1, 50).Draw(t, "later"))}
		at := []time.Time{day(0), cuts[0], cuts[1]} // something on both sides
		for range rapid.IntRange(0, 50).Draw(t, "rows") {
			at = append(at, day(rapid.IntRange(0, 200).Draw(t, "day")))
		}
		folds, err := TimeSplits(at, cuts, time.Duration(horizon)*24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		tested := map[int]bool{}
		for i, f := range folds {
			for _, row := range f.Train {
				if at[row].AddDate(0, 0, horizon).After(cuts[i]) {
					t.Fatalf("a row of %v trains for the cut %v with a horizon of %d days", at[row], cuts[i], horizon)
				}
			}
			for _, row := range f.Test {
				if at[row].Before(cuts[i]) || tested[row] {
					t.Fatalf("a row of %v judges the cut %v, or judges twice", at[row], cuts[i])
				}
				tested[row] = true
			}
		}
		for row, when := range at {
			if !when.Before(cuts[0]) && !tested[row] {
				t.Fatalf("the row of %v judges nothing", when)
			}
		}
	})
}

func TestARowIsOnOneSideOnly(t *testing.T) {
	folds, err := TimeSplits([]time.Time{day(1), day(5), day(9)}, []time.Time{day(5)}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if f := folds[0]; len(f.Train) != 1 || len(f.Test) != 2 {
		t.Errorf("a row at the cut itself belongs to the test: %+v", f)
	}
}

func TestSplitsThatCannotBe(t *testing.T) {
	at := []time.Time{day(1), day(10)}
	cases := map[string]struct {
		cuts    []time.Time
		horizon time.Duration
		want    string
	}{
		"no cuts":               {nil, 0, "no cuts"},
		"cuts that do not rise": {[]time.Time{day(5), day(5)}, 0, "is not before cut"},
		"nothing to judge":      {[]time.Time{day(20)}, 0, "has 2 rows to train and 0 to judge"},
		"no label known yet":    {[]time.Time{day(5)}, 30 * 24 * time.Hour, "has 0 rows to train and 1 to judge"},
		"a horizon in the past": {[]time.Time{day(5)}, -time.Hour, "horizon -1h0m0s: want 0 or more"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := TimeSplits(at, c.cuts, c.horizon); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v; want an error with %q", err, c.want)
			}
		})
	}
}

func TestFoldsHoldEqualShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		label := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 1), func(i int) float64 { return float64(i) }), 10, 200).Draw(t, "label")
		k := rapid.IntRange(2, 10).Draw(t, "k")
		fold, err := StratifiedFolds(label, k, rapid.Uint64().Draw(t, "seed"))
		if err != nil {
			t.Fatal(err)
		}
		var size, yes []int
		for _, f := range Rows(fold, k) {
			n := 0
			for _, row := range f.Test {
				n += int(label[row])
			}
			size, yes = append(size, len(f.Test)), append(yes, n)
			if len(f.Train)+len(f.Test) != len(label) {
				t.Fatalf("%d train and %d judge of %d", len(f.Train), len(f.Test), len(label))
			}
		}
		for _, counts := range [][]int{size, yes} {
			for _, n := range counts {
				if d := n - counts[0]; d < -1 || d > 1 {
					t.Fatalf("folds have %v", counts)
				}
			}
		}
	})
}

func TestFoldsThatCannotBe(t *testing.T) {
	for want, f := range map[string]func() ([]int, error){
		"1 of 3 rows: want 2 or more": func() ([]int, error) { return StratifiedFolds([]float64{0, 1, 0}, 1, 0) },
		"4 of 3 rows":                 func() ([]int, error) { return StratifiedFolds([]float64{0, 1, 0}, 4, 0) },
		"row 1 has label 7":           func() ([]int, error) { return StratifiedFolds([]float64{0, 7, 0}, 2, 0) },
	} {
		if _, err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v; want an error with %q", err, want)
		}
	}
}

// No customer is on both sides, whoever has how many rows; folds have as many customers each, and as many of them with a yes.
func TestGroupsAreNotSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, k := rapid.IntRange(30, 120).Draw(t, "rows"), rapid.IntRange(2, 5).Draw(t, "folds")
		label, group := make([]float64, n), make([]int, n)
		for i := range n {
			label[i], group[i] = float64(rapid.IntRange(0, 1).Draw(t, "label")), i
			if i >= k {
				group[i] = rapid.IntRange(0, n/2).Draw(t, "group")
			}
		}
		fold, err := StratifiedGroups(label, group, k, 1)
		if err != nil {
			t.Fatal(err)
		}
		of, yes := map[int]int{}, map[int]bool{}
		for i, g := range group {
			if before, ok := of[g]; ok && before != fold[i] {
				t.Fatalf("group %d is in folds %d and %d", g, before, fold[i])
			}
			of[g], yes[g] = fold[i], yes[g] || label[i] == 1
		}
		all, yeses := make([]int, k), make([]int, k)
		for g, f := range of {
			all[f]++
			if yes[g] {
				yeses[f]++
			}
		}
		if slices.Max(all)-slices.Min(all) > 1 || slices.Max(yeses)-slices.Min(yeses) > 1 {
			t.Fatalf("folds of %v groups, of which %v with a yes", all, yeses)
		}
	})
	if _, err := StratifiedGroups([]float64{0, 1, 0}, []int{1, 2}, 2, 1); err == nil || !strings.Contains(err.Error(), "2 groups for 3 rows") {
		t.Error(err)
	}
	if _, err := StratifiedGroups([]float64{0, 1, 0}, []int{7, 7, 7}, 2, 1); err == nil || !strings.Contains(err.Error(), "2 of 1 rows") {
		t.Error(err)
	}
}
