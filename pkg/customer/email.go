package customer

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// domains maps a domain as a browser would, and refuses only what has no form in ASCII.
var domains = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false))

// email writes an address as mail servers compare it: no invisible and no full-width characters, one Unicode form, lower case, the
// domain as IDNA's ASCII without its last dot. Dots of the local part stay, and so does a plus unless the habits say otherwise. What
// is around an address ("mailto:", "Ann <...>", quotes, a comma) is no part of it.
func (h Habits) email(value string) string {
	text := bare(width.Fold.String(visible(value)))
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return lower(text)
	}
	local, domain := lower(text[:at]), strings.TrimSpace(text[at+1:])
	if inner := strings.Trim(local, `"`); len(inner) == len(local)-2 && !strings.ContainsAny(inner, `"\ @,;<>()[]:`) {
		local = inner // the quotes were not needed
	}
	if plus := strings.IndexByte(local, '+'); h.DropPlus && plus > 0 {
		local = local[:plus]
	}
	return local + "@" + asciiDomain(domain)
}

// bare takes away what people and exports write around an address.
func bare(text string) string {
	for before := ""; before != text; {
		before = text
		if open := strings.IndexByte(text, '<'); open >= 0 && strings.HasSuffix(text, ">") {
			text = text[open+1 : len(text)-1]
		}
		if len(text) > 7 && strings.EqualFold(text[:7], "mailto:") {
			text, _, _ = strings.Cut(text[7:], "?")
		}
		text = strings.TrimSpace(strings.TrimRight(text, ",;"))
		for _, quote := range []string{`"`, "'", "`", "“", "”", "‘", "’", "„", "«", "»"} {
			if strings.HasPrefix(text, quote) && !strings.HasPrefix(text, `"`) || strings.HasSuffix(text, quote) {
				text = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(text, quote), quote))
			}
		}
	}
	if !strings.Contains(text, "@") {
		text = strings.Replace(text, "%40", "@", 1) // sent twice encoded
	}
	return text
}

func lower(s string) string { return norm.NFC.String(strings.ToLower(norm.NFC.String(s))) }

func asciiDomain(domain string) string {
	domain = strings.TrimRight(domain, ".")
	plain := true
	for i := range len(domain) {
		plain = plain && domain[i] < 0x80
	}
	if plain && !strings.Contains(strings.ToLower(domain), "xn--") {
		return strings.ToLower(domain)
	}
	ascii, err := domains.ToASCII(domain)
	if err != nil {
		return lower(domain)
	}
	return strings.TrimRight(ascii, ".")
}
