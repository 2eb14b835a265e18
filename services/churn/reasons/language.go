package reasons

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// Language is one that sentences are made in.
type Language uint8

// The languages.
const (
	English Language = iota
	// Chinese is simplified Chinese.
	Chinese
)

// ParseLanguage reads en, zh, or a tag of either such as zh-CN; empty is English.
func ParseLanguage(tag string) (Language, error) {
	switch base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-"); base {
	case "", "en":
		return English, nil
	case "zh":
		return Chinese, nil
	}
	return 0, fmt.Errorf("language %q: there are sentences in en and zh", tag)
}

// tags and printers are by Language. A printer may be used by many goroutines: it copies itself for each use.
var (
	tags     = []language.Tag{language.English, language.SimplifiedChinese}
	printers = []*message.Printer{message.NewPrinter(tags[0]), message.NewPrinter(tags[1])}
)

// decimal writes a number with at most some decimals.
func (l Language) decimal(x float64, most int) string {
	if math.Abs(x) < math.Pow10(-most)/2 {
		x = 0 // never -0
	}
	return printers[l].Sprint(number.Decimal(x, number.MaxFractionDigits(most)))
}

// number writes a number as a person would: a decimal below a hundred, none above.
func (l Language) number(x float64) string {
	if math.Abs(x) < 100 {
		return l.decimal(x, 1)
	}
	return l.decimal(x, 0)
}

// amount writes an expected number: below a hundred with one decimal, so that none is a single one.
func (l Language) amount(x float64) string {
	if x >= 100 {
		return l.number(x)
	}
	return printers[l].Sprint(number.Decimal(x, number.Scale(1)))
}

// share writes 0.743 as 74%, and what is below a tenth with a decimal.
func (l Language) share(x float64) string {
	most := 0
	if math.Abs(x) < 0.0995 {
		most = 1
	}
	return printers[l].Sprint(number.Percent(x, number.MaxFractionDigits(most)))
}

// money writes an amount: cents below a hundred, none above. Without a currency there is no sign, rather than a wrong one.
func (l Language) money(x float64, unit *currency.Unit) string {
	digits := 2
	if unit != nil {
		digits, _ = currency.Standard.Rounding(*unit)
	}
	if math.Abs(x) >= 100 {
		digits = 0
	}
	text := printers[l].Sprint(number.Decimal(x, number.Scale(digits)))
	if unit == nil {
		return text
	}
	sign := printers[l].Sprint(currency.NarrowSymbol(*unit))
	if last, _ := utf8.DecodeLastRuneInString(sign); unicode.IsLetter(last) {
		sign += " " // CHF 12
	}
	if rest, negative := strings.CutPrefix(text, "-"); negative {
		return "-" + sign + rest
	}
	return sign + text
}

// country is the name of a country by its code.
func (l Language) country(code string) (string, bool) {
	r, err := language.ParseRegion(code)
	if err != nil {
		return "", false
	}
	name := display.Regions(tags[l]).Name(r)
	return name, name != ""
}

// tongue is the name of a language by its tag.
func (l Language) tongue(tag string) (string, bool) {
	t, err := language.Parse(tag)
	if err != nil {
		return "", false
	}
	name := display.Tags(tags[l]).Name(t)
	if l == Chinese {
		name = strings.NewReplacer(" (", "（", ")", "）").Replace(name)
	}
	return name, name != ""
}

// longest is how many characters of a text are told.
const longest = 60

// clean makes a text fit to stand in a sentence: one line, not too long.
func clean(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }), " ")
	if utf8.RuneCountInString(text) > longest {
		text = string([]rune(text)[:longest]) + "…"
	}
	return text
}

// upper begins a sentence.
func upper(text string) string { return first(text, unicode.ToUpper) }

// lower lets a sentence follow another.
func lower(text string) string { return first(text, unicode.ToLower) }

func first(text string, f func(rune) rune) string {
	r, size := utf8.DecodeRuneInString(text)
	return string(f(r)) + text[size:]
}

// close takes out spaces between Chinese characters, which stand where a number was expected.
func (l Language) close(text string) string {
	if l != Chinese {
		return text
	}
	var out []rune
	in := []rune(text)
	for i, r := range in {
		if r == ' ' && i > 0 && i+1 < len(in) && unicode.Is(unicode.Han, in[i-1]) && unicode.Is(unicode.Han, in[i+1]) {
			continue
		}
		out = append(out, r)
	}
	return string(out)
}

// apart sets a name in Latin letters apart from Chinese around it.
func (l Language) apart(name string) string {
	if l != Chinese {
		return name
	}
	if r, _ := utf8.DecodeRuneInString(name); !unicode.Is(unicode.Han, r) {
		name = " " + name
	}
	if r, _ := utf8.DecodeLastRuneInString(name); !unicode.Is(unicode.Han, r) {
		name += " "
	}
	return name
}
