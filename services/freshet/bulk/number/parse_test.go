package number_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/money"
	"github.com/freshet/freshet/services/freshet/bulk/number"
)

func TestParse(t *testing.T) {
	point, comma := number.Convention{}, number.Convention{Decimal: ","}
	german, english, swiss, french := number.Convention{Decimal: ",", Thousands: "."}, number.Convention{Thousands: ","}, number.Convention{Thousands: "’"}, number.Convention{Decimal: ",", Thousands: " "}
	for name, c := range map[string]struct {
		text       string
		convention number.Convention
		want       string // digits, a blank, the currency; "" for none
	}{
		"digits stay as they are":             {"012345678901234567890.10", point, "12345678901234567890.10"},
		"a fraction alone":                    {"-.5", point, "-0.5"},
		"a point at the end":                  {"5.", point, "5"},
		"an exponent":                         {"1.5e-3", point, "1.5e-3"},
		"an exponent with a comma":            {"1,5E+3", comma, "1.5E+3"},
		"plus":                                {"+7", point, "7"},
		"minus behind":                        {"12.50-", point, "-12.50"},
		"minus behind a comma":                {"1.234,50-", german, "-1234.50"},
		"U+2212":                              {"−12,5", comma, "-12.5"},
		"minus between sign and number":       {"$-12.96", point, "-12.96 $"},
		"minus before the sign":               {"-$12.96", point, "-12.96 $"},
		"accounting":                          {"($4.00)", point, "-4.00 $"},
		"accounting without a currency":       {"(1,234.50)", english, "-1234.50"},
		"English groups":                      {"1,234,567.80", english, "1234567.80"},
		"English groups without a convention": {"$1,234.50", point, "1234.50 $"},
		"which alone could be two":            {"1,234", point, ""},
		"German groups":                       {"1.234.567,80 €", german, "1234567.80 EUR"},
		"French groups":                       {"1 234,56 €", french, "1234.56 EUR"},
		"with a no-break blank":               {"1\u00a0234,56\u00a0€", french, "1234.56 EUR"},
		"with a narrow one":                   {"1\u202f234,56\u202f€", french, "1234.56 EUR"},
		"with a thin one":                     {"€1\u2009234,56", comma, "1234.56 EUR"},
		"Swiss groups":                        {"CHF 1'234.50", point, "1234.50 CHF"},
		"Swiss groups, typeset":               {"1’234.50 Fr.", swiss, "1234.50 FR"},
		"Indian groups":                       {"₹1,00,000.00", english, "100000.00 INR"},
		"crores":                              {"Rs. 12,34,56,789", english, "123456789 RS"},
		"yen":                                 {"￥1,980", english, "1980 ¥"},
		"yen behind":                          {"1,980円", english, "1980 JPY"},
		"yuan":                                {"17.70元", point, "17.70 元"},
		"full width":                          {"１２，８００", english, "12800"},
		"Arabic-Indic":                        {"١٬٢٣٤٫٥", point, "1234.5"},
		"rand":                                {"R 1 234.50", point, "1234.50 ZAR"},
		"real":                                {"R$ 1.234,50", german, "1234.50 BRL"},
		"zloty":                               {"12,50 zł", comma, "12.50 PLN"},
		"koruna":                              {"1 234,50 Kč", comma, "1234.50 CZK"},
		"forint":                              {"1 980 Ft", comma, "1980 HUF"},
		"krone":                               {"kr 12,-", comma, "12 KR"},
		"Canadian":                            {"C$5.00", point, "5.00 CAD"},
		"Australian":                          {"A$5.00", point, "5.00 AUD"},
		"Hong Kong":                           {"HK$5.00", point, "5.00 HKD"},
		"lira":                                {"₺12,50", comma, "12.50 TRY"},
		"rouble":                              {"12,50 ₽", comma, "12.50 RUB"},
		"won":                                 {"₩12,800", english, "12800 KRW"},
		"a code in front":                     {"USD 12", point, "12 USD"},
		"a code behind":                       {"12.00 usd", point, "12.00 USD"},
		"percent":                             {"12.5%", point, "12.5"},
		"percent behind a blank":              {"12,5\u00a0%", comma, "12.5"},
		"percent in front":                    {"%12,5", comma, "12.5"},
		"less than none percent":              {"(5%)", point, "-5"},
		"a thousandth is no thousand":         {"1.980", german, "1980"},
		"a group of two":                      {"1.98", german, ""},
		"a group of four":                     {"1.2345", german, ""},
		"a group that begins with zero":       {"0.500", german, ""},
		"two points":                          {"1.5.2", point, ""},
		"two points that could part groups":   {"1.234.567", point, ""},
		"an empty group":                      {"1,,000", english, ""},
		"mixed groups":                        {"1,234'567.00", english, ""},
		"not a number":                        {"NaN", point, ""},
		"words":                               {"12 apples", point, ""},
		"a date":                              {"2026-01-05", point, ""},
		"two percent signs":                   {"5%%", point, ""},
		"percent within":                      {"5%5", point, ""},
		"percent of money":                    {"$5%", point, ""},
		"nothing":                             {" ", point, ""},
		"a point alone":                       {".", point, ""},
		"a sign alone":                        {"$", point, ""},
		"a huge one":                          {strings.Repeat("9", 201), point, ""},
	} {
		t.Run(name, func(t *testing.T) {
			digits, currency, ok := number.Parse(c.text, c.convention)
			if got := strings.TrimSpace(digits + " " + currency); ok != (c.want != "") || got != c.want {
				t.Errorf("%q: %q, %v, want %q", c.text, got, ok, c.want)
			}
		})
	}
}

func TestInteger(t *testing.T) {
	for text, want := range map[string]string{"0017850.00": "17850", "-0": "0", "9223372036854775807": "9223372036854775807", "9223372036854775808": "", "1e3": "", "1.5": "", "$12.00": "12"} {
		if got, ok := number.Integer(text, number.Convention{}); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", text, got, ok)
		}
	}
}

// written is an amount in a convention, and its digits.
func written(t *rapid.T) (text, digits string, c number.Convention) {
	c = rapid.SampledFrom([]number.Convention{{}, {Decimal: ","}, {".", ","}, {",", "."}, {",", " "}, {".", "'"}, {",", "\u202f"}}).Draw(t, "convention")
	whole := rapid.StringMatching(`0|[1-9][0-9]{0,11}`).Draw(t, "whole")
	fraction := rapid.StringMatching(`|[0-9]{1,2}|[0-9]{4,6}`).Draw(t, "fraction")
	digits, text = whole, ""
	for i, d := range whole {
		if left := len(whole) - i; i > 0 && left%3 == 0 && c.Thousands != "" {
			text += c.Thousands
		}
		text += string(d)
	}
	if fraction != "" {
		digits += "." + fraction
		if text += c.Decimal; c.Decimal == "" {
			text += "."
		}
		text += fraction
	}
	form := rapid.SampledFrom([]string{"#", "-#", "(#)", "#-", "$#", "-$#", "# €", "EUR #", "#\u00a0zł", "#%"}).Draw(t, "form")
	if strings.ContainsAny(form, "-(") {
		digits = "-" + digits
	}
	return strings.Replace(form, "#", text, 1), digits, c
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, want, c := written(t)
		got, _, ok := number.Parse(text, c)
		if !ok || got != want || !json.Valid([]byte(got)) {
			t.Fatalf("%q in %+v: %q, %v, want %q", text, c, got, ok, want)
		}
	})
}

// Both read amounts: where both take one, it is the same.
func TestMoneyReadsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[-+(]?[$€]?[0-9]{1,3}([., '][0-9]{1,3}){0,3}[)%]?`).Draw(t, "text")
		c := rapid.SampledFrom([]number.Convention{{}, {Decimal: ","}, {".", ","}, {",", "."}}).Draw(t, "convention")
		digits, _, ok := number.Parse(text, c)
		if !ok {
			return
		}
		a, err := money.Read(text, money.Habit{Decimal: (c.Decimal + ".")[0]})
		if err != nil {
			return
		}
		micros, err := money.ParseMicros(digits)
		if err != nil || micros != a.Micros {
			t.Fatalf("%q in %+v is %s here, %s there (%v)", text, c, digits, money.Format(a.Micros), err)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"$1,234.50", "(12)", "1'0", "٫5", "%", "1e9999"} {
		f.Add(s, ",", ".")
	}
	f.Fuzz(func(t *testing.T, text, decimal, thousands string) {
		if decimal != "," {
			decimal = "."
		}
		if digits, _, ok := number.Parse(text, number.Convention{Decimal: decimal, Thousands: thousands}); ok && !json.Valid([]byte(digits)) {
			t.Errorf("%q: %q is no JSON", text, digits)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, text := range []string{"1234.50", "1,234.50", "$1,234.50", "1 234,50 €"} {
		c := number.Convention{Thousands: ","}
		if strings.Contains(text, "€") {
			c = number.Convention{Decimal: ",", Thousands: " "}
		}
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, ok := number.Parse(text, c); !ok {
					b.Fatal(text)
				}
			}
		})
	}
}
