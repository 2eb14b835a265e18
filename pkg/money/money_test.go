package money_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/money"
)

func TestParseMicros(t *testing.T) {
	tests := []struct {
		text string
		want int64
		err  error
	}{
		{"0", 0, nil}, {"-0", 0, nil}, {"12.50", 12_500_000, nil}, {"-12.5", -12_500_000, nil}, {"+1", 1_000_000, nil},
		{"1e3", 1_000_000_000, nil}, {"1E+3", 1_000_000_000, nil}, {"1.5e-3", 1_500, nil}, {"1e-6", 1, nil}, {".5", 500_000, nil}, {"5.", 5_000_000, nil},
		{"007", 7_000_000, nil}, {"9747747.934", 9_747_747_934_000, nil}, {"0.1", 100_000, nil},
		// Halves go to the even micro.
		{"0.0000005", 0, nil}, {"0.0000015", 2, nil}, {"0.0000025", 2, nil}, {"-0.0000015", -2, nil}, {"0.00000050000001", 1, nil}, {"0.00000049999", 0, nil},
		{"0.00000009", 0, nil}, {"0.0000009", 1, nil}, {"1.9999999", 2_000_000, nil},
		{"9223372036854.775807", math.MaxInt64, nil}, {"-9223372036854.775808", math.MinInt64, nil},
		{"9223372036854.775808", 0, money.ErrRange}, {"-9223372036854.775809", 0, money.ErrRange}, {"9223372036854.7758075", 0, money.ErrRange},
		{"-9223372036854.7758085", math.MinInt64, nil}, {"99999999999999999999", 0, money.ErrRange}, {"1e30", 0, money.ErrRange},
		{"1e999999999999999999999", 0, money.ErrRange}, {"1e-999999999999999999999", 0, nil}, {"0e999999999999999999999", 0, nil},
		{"0." + strings.Repeat("0", 100_000) + "1e100001", 1_000_000, nil}, {"1" + strings.Repeat("0", 100_000) + "e-100000", 1_000_000, nil},
		{"", 0, money.ErrSyntax}, {".", 0, money.ErrSyntax}, {"-", 0, money.ErrSyntax}, {"NaN", 0, money.ErrSyntax}, {"Inf", 0, money.ErrSyntax},
		{"-Infinity", 0, money.ErrSyntax}, {"1,5", 0, money.ErrSyntax}, {"1 000", 0, money.ErrSyntax}, {" 1", 0, money.ErrSyntax}, {"£5", 0, money.ErrSyntax},
		{"0x10", 0, money.ErrSyntax}, {"1e", 0, money.ErrSyntax}, {"1e+", 0, money.ErrSyntax}, {"1e1.5", 0, money.ErrSyntax}, {"e5", 0, money.ErrSyntax},
		{"1e+-5", 0, money.ErrSyntax}, {"--1", 0, money.ErrSyntax}, {"1.2.3", 0, money.ErrSyntax}, {"1e5e5", 0, money.ErrSyntax}, {"١", 0, money.ErrSyntax}, {"1_000", 0, money.ErrSyntax},
	}
	for _, test := range tests {
		got, err := money.ParseMicros(test.text)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%.60q gave %d, %v; want %d, %v", test.text, got, err, test.want, test.err)
		}
	}
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	_, err := money.ParseMicros("twelve")
	if err == nil || err.Error() != `"twelve" is no decimal number, such as "12.50"` {
		t.Errorf("got %v", err)
	}
	if _, err = money.ParseMicros(strings.Repeat("9", 1_000_000)); err == nil || len(err.Error()) > 200 {
		t.Error("a long text gave a long error")
	}
}

func TestFormat(t *testing.T) {
	for micros, want := range map[int64]string{
		0: "0.00", 12_500_000: "12.50", -1: "-0.000001", 1_234_567: "1.234567", 1_200_000: "1.20", 1_230_000: "1.23", 1_234_000: "1.234",
		math.MaxInt64: "9223372036854.775807", math.MinInt64: "-9223372036854.775808",
	} {
		if got := money.Format(micros); got != want {
			t.Errorf("%d is %q, want %q", micros, got, want)
		}
	}
}

func TestFormatReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "micros")
		if got, err := money.ParseMicros(money.Format(n)); err != nil || got != n {
			t.Fatalf("%d became %q and then %d, %v", n, money.Format(n), got, err)
		}
	})
}

// TestAgainstExactArithmetic compares with big.Rat, which reads the same numbers
// and never rounds.
func TestAgainstExactArithmetic(t *testing.T) {
	number := rapid.StringMatching(`[+-]?([0-9]{1,15}(\.[0-9]{0,12})?|\.[0-9]{1,12})([eE][+-]?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) { compare(t, number.Draw(t, "text")) })
}

type failer interface{ Fatalf(string, ...any) }

func compare(t failer, text string) {
	exact, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("big.Rat cannot read %q", text)
	}
	want := roundHalfEven(exact.Mul(exact, big.NewRat(money.Unit, 1)))
	got, err := money.ParseMicros(text)
	switch {
	case !want.IsInt64() && !errors.Is(err, money.ErrRange):
		t.Fatalf("%q gave %d, %v; it is out of range", text, got, err)
	case want.IsInt64() && (err != nil || got != want.Int64()):
		t.Fatalf("%q gave %d, %v; want %s", text, got, err, want)
	}
}

func roundHalfEven(r *big.Rat) *big.Int {
	floor, rest := new(big.Int).DivMod(r.Num(), r.Denom(), new(big.Int)) // rest is never negative
	twice := rest.Lsh(rest, 1)
	if c := twice.Cmp(r.Denom()); c > 0 || c == 0 && floor.Bit(0) == 1 {
		floor.Add(floor, big.NewInt(1))
	}
	return floor
}

// FuzzParseMicros: no text panics, a JSON number is never a syntax error, and what
// is taken is what exact arithmetic gives.
func FuzzParseMicros(f *testing.F) {
	for _, seed := range []string{"0", "-12.50", "1e3", "0.0000005", "9223372036854.775807", "1e400", "-0.0", "NaN", "1e-7", "\xff", "5.", ".5", "00", "1E+2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := money.ParseMicros(text)
		var number json.Number
		if json.Unmarshal([]byte(text), &number) == nil && string(number) == text && errors.Is(err, money.ErrSyntax) {
			t.Fatalf("JSON number %q: %v", text, err)
		}
		if err == nil && len(text) < 100 && !strings.ContainsAny(text, "eE") {
			compare(t, text)
		}
	})
}

func BenchmarkParseMicros(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := money.ParseMicros("1234.56"); err != nil {
			b.Fatal(err)
		}
	}
}

func TestQuantitiesHaveTheDecimalsTheyNeed(t *testing.T) {
	for micros, want := range map[int64]string{0: "0", 1_000_000: "1", -10_000_000: "-10", 1_250_000: "1.25", 100_000: "0.1", 1: "0.000001"} {
		if got := money.FormatQuantity(micros); got != want {
			t.Errorf("%d is %s, want %s", micros, got, want)
		}
	}
}

func TestRatesHaveTwelveDecimals(t *testing.T) {
	for text, want := range map[string]int64{"1": 1_000_000_000_000, "0.92": 920_000_000_000, "1e-12": 1, "0.0000000000005": 0, "9223372.036854775807": math.MaxInt64} {
		if got, err := money.ParseRate(text); got != want || err != nil {
			t.Errorf("%s is %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0,92", "9223372.036854775808", "1e999999999"} {
		if got, err := money.ParseRate(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}
