package money_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/money"
)

// reading is a text and what it is under each habit: not known, point, comma. An amount ends with a code where the text names one;
// "?" is ErrAmbiguous, "-" ErrSyntax, "!" ErrRange. A single answer holds for all three.
type reading struct {
	text string
	want []string
}

var readings = map[string][]reading{
	"plain numbers, as programs write them": {
		{"12.50", []string{"12.5"}}, {"-12.5", []string{"-12.5"}}, {"+1", []string{"1"}}, {".5", []string{"0.5"}}, {"5.", []string{"5"}}, {"1e1", []string{"10"}},
		{"1.5e3", []string{"1500"}}, {"007", []string{"7"}}, {" 12.50\n", []string{"12.5"}}, {"1e30", []string{"!"}}, {"99999999999999", []string{"!"}}, {"$1e1", []string{"-"}},
	},
	"signs and codes before and behind": {
		{"$50.00", []string{"50"}}, {"$ 50", []string{"50"}}, {"50$", []string{"50"}}, {"50.5 $", []string{"50.5"}}, {"US$50.00", []string{"50 USD"}}, {"$50.00 USD", []string{"50 USD"}},
		{"USD $50.00", []string{"50 USD"}}, {"A$12", []string{"12 AUD"}}, {"€12.00", []string{"12 EUR"}}, {"12.00 EUR", []string{"12 EUR"}}, {"EUR12", []string{"12 EUR"}},
		{"12eur", []string{"12 EUR"}}, {"£9.99", []string{"9.99"}}, {"¥12", []string{"12"}}, {"￥12", []string{"12"}}, {"1980円", []string{"1980 JPY"}}, {"12元", []string{"12"}},
		{"5000원", []string{"5000 KRW"}}, {"₹500", []string{"500 INR"}}, {"500 ₽", []string{"500 RUB"}}, {"500 руб.", []string{"500 RUB"}}, {"12.50 zł", []string{"12.5 PLN"}},
		{"kr 12.50", []string{"12.5"}}, {"12.50 kr.", []string{"12.5"}}, {"99 Kč", []string{"99 CZK"}}, {"CHF 12.50", []string{"12.5 CHF"}}, {"Fr. 12.50", []string{"12.5"}},
		{"R$12.50", []string{"12.5 BRL"}}, {"Rs. 500", []string{"500"}}, {"Rs.500.50", []string{"500.5"}}, {"R12.50", []string{"12.5 ZAR"}}, {"RM 12.50", []string{"12.5 MYR"}},
		{"₦1500.75", []string{"1500.75 NGN"}}, {"₺12.50", []string{"12.5 TRY"}}, {"฿12.50", []string{"12.5 THB"}}, {"S/. 12.50", []string{"12.5 PEN"}}, {"HK$12.50", []string{"12.5 HKD"}},
		{"$.99", []string{"0.99"}}, {"€.99", []string{"0.99 EUR"}}, {"12.50\u00a0€", []string{"12.5 EUR"}}, {"NT$100", []string{"100 TWD"}}, {"12.50 د.إ", []string{"12.5 AED"}},
		{"12 euros", []string{"12 EUR"}}, {"€12 EUR", []string{"12 EUR"}}, {"$12 CAD", []string{"12 CAD"}}, {"CAD $12", []string{"12 CAD"}}, {"kr 12 SEK", []string{"12 SEK"}}, {"¥12 JPY", []string{"12 JPY"}}, {"$12 EUR", []string{"-"}},
	},
	"less than zero": {
		{"-$12.00", []string{"-12"}}, {"$-12.00", []string{"-12"}}, {"−12.50", []string{"-12.5"}}, {"–12.50", []string{"-12.5"}}, {"12.00-", []string{"-12"}}, {"12.00 -", []string{"-12"}},
		{"(12.00)", []string{"-12"}}, {"($4.00)", []string{"-4"}}, {"$(4.00)", []string{"-4"}}, {"(4.00) EUR", []string{"-4 EUR"}}, {"(1,234.50)", []string{"-1234.5"}}, {"- 5", []string{"-5"}},
		{"12-", []string{"-12"}}, {"€ -12.50", []string{"-12.5 EUR"}}, {"+$12.00", []string{"12"}},
		{"-(12.00)", []string{"-"}}, {"(12.00", []string{"-"}}, {"12.00)", []string{"-"}}, {"((1))", []string{"-"}}, {"--1", []string{"-"}}, {"-1-", []string{"-"}}, {"1-2", []string{"-"}}, {")1(", []string{"-"}},
	},
	"whole amounts with a dash": {
		{"12,-", []string{"12"}}, {"12.-", []string{"12"}}, {"CHF 12.–", []string{"12 CHF"}}, {"kr 1.234,-", []string{"1234"}}, {"12,-- €", []string{"12 EUR"}}, {"₹500/-", []string{"500 INR"}}, {"12,---", []string{"-"}},
	},
	"both marks tell": {
		{"1,234.50", []string{"1234.5"}}, {"1.234,50", []string{"1234.5"}}, {"$1,234.50", []string{"1234.5"}}, {"1.234.567,8", []string{"1234567.8"}}, {"1,234,567.891", []string{"1234567.891"}},
		{"1,00,000.00", []string{"100000"}}, {"12,34,567.5", []string{"1234567.5"}}, {"1,234.5,6", []string{"-"}}, {"1,23.50", []string{"-"}}, {"12,3456.50", []string{"-"}}, {",123.5", []string{"-"}},
		{"0,123.5", []string{"-"}}, {"1.00.000,00", []string{"-"}},
	},
	"groups that repeat": {
		{"1,234,567", []string{"1234567"}}, {"1.234.567", []string{"1234567"}}, {"1,00,000", []string{"100000"}}, {"1,00,00,000", []string{"10000000"}}, {"1,234,56", []string{"-"}}, {"1.2.3", []string{"-"}},
		{"20.11.2026", []string{"-"}}, {"1,,000", []string{"-"}}, {"1,234,", []string{"-"}},
	},
	"groups by blanks, apostrophes, underscores": {
		{"1 234,56", []string{"1234.56"}}, {"1 234.50", []string{"1234.5"}}, {"1\u00a0234,5", []string{"1234.5"}}, {"1\u202f234,56 €", []string{"1234.56 EUR"}}, {"1'234.50", []string{"1234.5"}},
		{"1’234’567.50", []string{"1234567.5"}}, {"1_000", []string{"1000"}}, {"1 234 567", []string{"1234567"}}, {"CHF 1'234.50", []string{"1234.5 CHF"}}, {"1 234,567", []string{"1234.567"}},
		{"12 50", []string{"-"}}, {"1 2345", []string{"-"}}, {"1 234'567", []string{"-"}}, {"1 234,5,6", []string{"-"}}, {"1'234,567.5", []string{"-"}}, {"1.234 5", []string{"-"}},
	},
	"a single comma": {
		{"19,99", []string{"?", "-", "19.99"}}, {"1,980", []string{"?", "1980", "1.98"}}, {"-1,980", []string{"?", "-1980", "-1.98"}}, {"€ 1,980", []string{"?", "1980 EUR", "1.98 EUR"}},
		{"12,5", []string{"?", "-", "12.5"}}, {"1234,5", []string{"?", "-", "1234.5"}}, {"1234,567", []string{"?", "-", "1234.567"}}, {"0,500", []string{"0.5"}}, {"0,5", []string{"0.5"}}, {",50", []string{"0.5"}},
		{"12,", []string{"12"}}, {"¥1,980", []string{"?", "1980", "1.98"}}, {"1,980円", []string{"1980 JPY", "1980 JPY", "1.98 JPY"}}, {"12,800 KRW", []string{"12800 KRW", "12800 KRW", "12.8 KRW"}},
	},
	"a single point": {
		{"1.980", []string{"1.98", "1.98", "1980"}}, {"12.345", []string{"12.345", "12.345", "12345"}}, {"-1.980", []string{"-1.98", "-1.98", "-1980"}}, {"19.99", []string{"19.99"}}, {"0.500", []string{"0.5"}},
		{"1234.567", []string{"1234.567"}}, {"1.980 €", []string{"?", "1.98 EUR", "1980 EUR"}}, {"50.000 ₫", []string{"50000 VND", "50 VND", "50000 VND"}}, {"Rp 50.000", []string{"?", "50 IDR", "50000 IDR"}},
		{"1.250 KWD", []string{"1.25 KWD", "1.25 KWD", "1250 KWD"}}, {"$0.125", []string{"0.125"}},
	},
	"other scripts": {
		{"１２．５０", []string{"12.5"}}, {"￥１，２３４．５０", []string{"1234.5"}}, {"١٢٫٥٠", []string{"12.5"}}, {"١٬٢٣٤٫٥", []string{"1234.5"}}, {"۱۲", []string{"12"}}, {"१२.५०", []string{"12.5"}}, {"\u200f12.50\u200e", []string{"12.5"}},
		{"₹१,००,०००.५", []string{"100000.5 INR"}}, {"+１２", []string{"12"}}, {"٩٠٨", []string{"908"}}, {"９", []string{"9"}}, {"९८७", []string{"987"}}, {"𝟗𝟎", []string{"90"}}, {"१२,५०", []string{"?", "-", "12.5"}},
	},
	"quotes of spreadsheets": {{"'12.50", []string{"12.5"}}, {`"12.50"`, []string{"12.5"}}, {`“12.50”`, []string{"12.5"}}},
	"no amounts": {
		{"", []string{"-"}}, {" ", []string{"-"}}, {"abc", []string{"-"}}, {"NaN", []string{"-"}}, {"Infinity", []string{"-"}}, {"-inf", []string{"-"}}, {"true", []string{"-"}}, {"null", []string{"-"}}, {"12%", []string{"-"}},
		{"12 xyz", []string{"-"}}, {"12 EUR USD", []string{"-"}}, {"$12 €", []string{"-"}}, {"1.2k", []string{"-"}}, {"99¢", []string{"-"}}, {"12-13", []string{"-"}}, {"0x10", []string{"-"}}, {"12:30", []string{"-"}}, {"€", []string{"-"}},
		{"12.50 / kg", []string{"-"}}, {"free", []string{"-"}}, {"1/2", []string{"-"}}, {"½", []string{"-"}}, {"12e", []string{"-"}}, {"e12", []string{"-"}}, {"=12", []string{"-"}}, {"#REF!", []string{"-"}}, {"50p", []string{"-"}},
		{strings.Repeat("1,000", 100), []string{"-"}}, {"..", []string{"-"}}, {"1..5", []string{"-"}}, {"1,.5", []string{"-"}}, {"$$5 €", []string{"-"}}, {"\xff12", []string{"-"}},
	},
}

func TestRead(t *testing.T) {
	for kind, list := range readings {
		for _, r := range list {
			for i, decimal := range []byte{0, '.', ','} {
				want := r.want[min(i, len(r.want)-1)]
				if got := said(money.Read(r.text, money.Habit{Decimal: decimal})); got != want {
					t.Errorf("%s: %q under decimal %q is %s, want %s", kind, r.text, decimal, got, want)
				}
			}
		}
	}
}

// said writes an answer of Read as the table does.
func said(a money.Amount, err error) string {
	switch {
	case errors.Is(err, money.ErrAmbiguous):
		return "?"
	case errors.Is(err, money.ErrRange):
		return "!"
	case err != nil:
		return "-"
	}
	return strings.TrimSpace(money.FormatQuantity(a.Micros) + " " + a.Currency)
}

func TestTheCurrencyOfTheOrderTellsThousands(t *testing.T) {
	for _, c := range []struct{ text, currency, want string }{
		{"1,980", "JPY", "1980"}, {"1.980", "JPY", "1.98"}, {"¥1.980", "JPY", "1980"}, {"$1.980", "CLP", "1980"}, {"19,99", "JPY", "?"},
		{"1,980", "EUR", "?"}, {"1,980", "KWD", "?"}, {"$1.980", "USD", "?"}, {"1,980", "", "?"}, {"1,980", "XYZ", "?"},
		{"€ 1,980", "JPY", "?"}, // the text knows better than the order
	} {
		if got := said(money.Read(c.text, money.Habit{Currency: c.currency})); got != c.want {
			t.Errorf("%q of an order in %q is %s, want %s", c.text, c.currency, got, c.want)
		}
	}
}

func TestAQuantityHasNoCurrency(t *testing.T) {
	for text, want := range map[string]string{"1.25": "1.25", "1 000": "1000", "2": "2", "-3": "-3", "$2": "-", "2 EUR": "-", "2 pcs": "-", "1,25": "?", "0,25": "0.25", "1e1": "10", "": "-"} {
		n, err := money.ReadNumber(text, money.Habit{})
		if got := said(money.Amount{Micros: n}, err); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

func TestCurrency(t *testing.T) {
	for text, want := range map[string]string{"eur": "EUR", " USD ": "USD", "€": "EUR", "US$": "USD", "zł": "PLN", "RMB": "CNY", "руб.": "RUB", "$": "", "¥": "", "EUROS": "EUR", "PTS": "", "": "", "US Dollar": "", "978": ""} {
		if got, known := money.Currency(text); got != want || known != (want != "") {
			t.Errorf("%q is %q (%v), want %q", text, got, known, want)
		}
	}
}

func TestMinorDigits(t *testing.T) {
	for code, want := range map[string]int{"EUR": 2, "JPY": 0, "KWD": 3, "CLF": 4, "XOF": 0, "MGA": 2, "ISK": 0, "HUF": 2} {
		if got, known := money.MinorDigits(code); got != want || !known {
			t.Errorf("%s has %d (%v), want %d", code, got, known, want)
		}
	}
	for sign, codes := range money.Signs() {
		for _, code := range strings.Fields(codes) {
			if _, known := money.MinorDigits(code); !known {
				t.Errorf("%s stands for %q, which is no currency", sign, code)
			}
		}
	}
	for _, code := range []string{"", "XXX", "XAU", "eur", "EURO"} {
		if _, known := money.MinorDigits(code); known {
			t.Errorf("%q is a currency", code)
		}
	}
}

func TestACanonicalNumberReadsAsItself(t *testing.T) {
	number := rapid.StringMatching(`[+-]?([0-9]{1,13}(\.[0-9]{0,12})?|\.[0-9]{1,12})([eE][+-]?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		text := number.Draw(t, "text")
		want, wantErr := money.ParseMicros(text)
		for _, decimal := range []byte{0, '.'} {
			got, err := money.Read(text, money.Habit{Decimal: decimal, Currency: rapid.SampledFrom([]string{"", "JPY", "EUR"}).Draw(t, "currency")})
			if got.Micros != want || (err == nil) != (wantErr == nil) {
				t.Fatalf("%q under %q is %d, %v; ParseMicros says %d, %v", text, decimal, got.Micros, err, want, wantErr)
			}
		}
	})
}

// convention is how a country writes amounts.
type convention struct {
	decimal byte
	group   string
	india   bool
}

var conventions = []convention{
	{'.', ",", false}, {',', ".", false}, {',', " ", false}, {',', "\u202f", false}, {',', "\u00a0", false}, {'.', " ", false}, {'.', "'", false}, {'.', "’", false},
	{'.', "", false}, {',', "", false}, {'.', ",", true}, {'.', "_", false},
}

// write writes an amount as the convention has it, with as many decimals as it needs and at least two.
func (c convention) write(micros int64) string {
	sign, text := "", money.Format(micros)
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	grouped, size := "", 3
	for len(whole) > size {
		grouped = c.group + whole[len(whole)-size:] + grouped
		whole = whole[:len(whole)-size]
		if c.india {
			size = 2
		}
	}
	return sign + whole + grouped + string(c.decimal) + fraction
}

func TestEveryConventionReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(conventions).Draw(t, "convention")
		micros := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1_000_000_000_000, 1_000_000_000_000), rapid.Map(rapid.Int64Range(-100_000, 100_000_000), func(n int64) int64 { return n * 10_000 })).Draw(t, "micros")
		around := rapid.SampledFrom([]string{"%s", " %s ", "$%s", "%s €", "EUR %s", "%s kr", "US$ %s", "\u200e%s", "%s\u00a0zł"}).Draw(t, "around")
		text := fmt.Sprintf(around, c.write(micros))
		got, err := money.Read(text, money.Habit{Decimal: c.decimal})
		if err != nil || got.Micros != micros {
			t.Fatalf("%d, written %q, was read as %d, %v", micros, text, got.Micros, err)
		}
		// Nobody's habit is needed where the text tells: then it is the same, or it is not read.
		if got, err := money.Read(text, money.Habit{}); err == nil && got.Micros != micros {
			t.Fatalf("%d, written %q, is read as %d when the habit is not known", micros, text, got.Micros)
		}
	})
}

// FuzzRead: no text panics; what is read does not change when it is written again, and a number of ParseMicros is itself.
func FuzzRead(f *testing.F) {
	for _, list := range readings {
		for _, r := range list {
			f.Add(r.text, byte(0), "")
			f.Add(r.text, byte(','), "JPY")
		}
	}
	f.Fuzz(func(t *testing.T, text string, decimal byte, currency string) {
		a, err := money.Read(text, money.Habit{Decimal: decimal, Currency: currency})
		if err != nil {
			if !errors.Is(err, money.ErrSyntax) && !errors.Is(err, money.ErrRange) && !errors.Is(err, money.ErrAmbiguous) || a != (money.Amount{}) {
				t.Fatalf("%q: %+v, %v", text, a, err)
			}
			return
		}
		again, err := money.Read(strings.TrimSpace(money.Format(a.Micros)+" "+a.Currency), money.Habit{Decimal: '.'})
		if err != nil || again != a {
			t.Fatalf("%q is %+v, and written anew %+v, %v", text, a, again, err)
		}
		if n, err := money.ParseMicros(text); err == nil && decimal != ',' && n != a.Micros {
			t.Fatalf("%q is %d and %d", text, n, a.Micros)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	for _, text := range []string{"1234.56", "$1,234.56", "1.234,56 €"} {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := money.Read(text, money.Habit{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
