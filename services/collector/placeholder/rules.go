package placeholder

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/freshet/freshet/pkg/customer"
)

// templates are values with a gap that a program should have filled: of template languages, of mail and advertising systems, of shells
// and format strings. The text is in lower case.
var templates = regexp.MustCompile(`\{\{|\}\}|\{%|%\}|\$\{|#\{|@\{|%\{|<%|%>|<\?|\[\[|\]\]|\*\||\|\*|\{\$` +
	`|^%%.+%%$|^\$\$.+\$\$$|^__[a-z][a-z0-9_]*__$|^%[a-z][a-z0-9_.:-]*%$|^\$\([a-z]|^@@.+@@$|^~~.+~~$` +
	`|^\{[a-z_][\w.: -]*\}$|^\{[0-9]*\}$|^\[[a-z_][\w.: -]*\]$|^<[a-z_/][\w.: -]*/?>$` +
	`|^%[-+ 0#]*[0-9]*(?:\.[0-9]+)?(?:\$)?l{0,2}[sdivfxuc@]$|^%[0-9]+\$[sd@]$|%!|^\{\}$`)

// The expressions cost a hundred times more than a look at whether they could match.
func template(text string) bool {
	return strings.ContainsAny(text, "{}%$[]<>*_~@#") && templates.MatchString(strings.Trim(text, "\"'` "))
}

// codes are what a program prints of itself where a value was meant.
var codes = regexp.MustCompile(`^\[?object |\[object|^object object|^(?:async )?function ?\w* ?\(|=>|\bvoid ?\(? ?0|\[native code|^typeof |^symbol\(|^promise ?\{` +
	`|^<(?:built-in|bound|function|class|__main__)|<nil>|^#<|^system\.(?:object|dbnull|string|guid)|^java\.|^optional\((?:nil|"")\)|^new (?:date|object)\b` +
	`|^\\+n$|^#(?:n/a|ref!|value!|name\?|null!|div/0!|num!)|^class \w+ ?\{|^lambda |^return |\.prototype\b|^math\.random\(|^uuid(?:v4)?\(|^get\w*\(|^exception |^error: |^traceback |^undefined method`)

func code(text string) bool {
	return (strings.ContainsAny(text, ` ()[]<>#\`) || strings.HasPrefix(text, "system.") || strings.HasPrefix(text, "java.")) && codes.MatchString(text)
}

// zero says that a value is a number that means none: zeros in any grouping, and the negative numbers that stand for missing ones.
func zero(text string) bool {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -:._/+,(){}", r) {
			return -1
		}
		return r
	}, text)
	if digits != "" && strings.Trim(digits, "0") == "" {
		return true
	}
	if hex, found := strings.CutPrefix(digits, "0x"); found && len(hex) > 3 && strings.Trim(hex, "0") == "" {
		return true
	}
	return strings.ContainsAny(text[:min(len(text), 1)], "-+0i") && missing.MatchString(text)
}

var missing = regexp.MustCompile(`^-(?:1|9|9{2,6})(?:[.,]0+)?$|^[-+]?0+[.,]?0*e[-+]?0+$|^[-+]?inf(?:inity)?$|^-2147483648$|^-9223372036854775808$`)

// repeated says that one character stands n times or more and nothing else: digits sixth, letters at the third.
func repeated(text string, n int) bool {
	text = squeeze(text)
	runes := []rune(text)
	for _, r := range runes {
		if r != runes[0] {
			return false
		}
	}
	if len(runes) > 0 && !unicode.IsDigit(runes[0]) {
		n = 3
	}
	return len(runes) >= n
}

// repeatsOf is from how many equal digits on a value is nobody's. A shop's customers 777 and 1111 are real; what a device makes up is longer.
func repeatsOf(typ string) int {
	switch typ {
	case customer.TypeAnonymousID, "device_id":
		return 4
	case customer.TypePhone:
		return 5
	}
	return 6
}

// long says that a made-up value is one character over and over, or counts up: "12345678-1234-1234-1234-123456789012". text has no separators.
func long(typ, text string) bool {
	if len(text) < 9 {
		return typ != customer.TypeUserID && text == "12345678"
	}
	return ascending(text)
}

// ascending says that hexadecimal digits only count up, from 0 or 1, beginning anew now and then, whatever separates them.
func ascending(text string) bool {
	if len(text) < 9 || text[0] != '0' && text[0] != '1' && text[0] != 'a' {
		return false
	}
	n, last, more := 0, 0, false
	for i := range len(text) {
		d := strings.IndexByte("0123456789abcdef", text[i])
		switch {
		case d < 0 && strings.IndexByte(" _-./:,", text[i]) >= 0:
			continue
		case d < 0 || n > 0 && d != last+1 && d > 1 && !(last == 0 && d == 10):
			return false
		}
		n, last, more = n+1, d, more || d > 1
	}
	return n >= 9 && more
}

// wordy says that a value is a word for nobody, or several of them: "user_null", "not set", "unknown user".
func wordy(text string) bool {
	text = strings.TrimFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if text == "" || len(text) > 64 {
		return false
	}
	if words[text] || words[squeeze(text)] {
		return true
	}
	parts := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("_-:|/.,=+&", r) })
	if len(parts) < 2 {
		return false
	}
	said := false
	for _, p := range parts {
		switch {
		case void[p]:
			said = true
		case !words[p] && !fillers[p]:
			return false
		}
	}
	return said
}

// email strikes addresses that forms are filled with, and those that nobody reads.
func email(address string) bool {
	local, domain, found := strings.Cut(address, "@")
	if !found {
		return false // no address: not an identifier either
	}
	if strings.Contains(local, "*") || mute[squeeze(local)] {
		return true
	}
	name, _, _ := strings.Cut(domain, ".")
	local, _, _ = strings.Cut(local, "+")
	if local == "" || nothing(local) || zero(local) && zero(name) {
		return true
	}
	blank := wordy(local) || filled[squeeze(local)]
	if local == name {
		return len(name) == 1 || blank || repeated(name, 2) || digitsOnly(name)
	}
	return blank && len(local) > 1 && (blankDomains[name] || wordy(name) || filled[name])
}

func digitsOnly(text string) bool { return strings.Trim(text, "0123456789") == "" }

// phone strikes numbers that forms are filled with, and masked ones.
func phone(number string) bool {
	if strings.ContainsAny(number, "*•●") || masked.MatchString(number) {
		return true
	}
	number, _, _ = strings.Cut(number, ";")
	digits := strings.TrimPrefix(squeeze(strings.Map(func(r rune) rune {
		if strings.ContainsRune("+() ", r) {
			return -1
		}
		return r
	}, number)), "00")
	for _, d := range []string{digits, strings.TrimPrefix(digits, "0"), strings.TrimPrefix(digits, "1"), cutCountry(number, digits)} {
		if repeated(d, 5) || zero(d) || counting[d] {
			return true
		}
	}
	return false
}

var masked = regexp.MustCompile(`x{2,}|#{2,}|_{2,}|\?{2,}`)

// cutCountry leaves out the first two or three digits of a number that begins with a plus.
func cutCountry(number, digits string) string {
	if strings.HasPrefix(number, "+") && len(digits) > 9 {
		return digits[2:]
	}
	return digits
}
