package decode

import (
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/freshet/freshet/services/collector/jsonscan"
)

// countryIn finds the country in a person's traits, as ISO 3166-1 alpha-2; empty when they name none that is known. It is asked only
// for a telephone number without a country code.
func countryIn(traits []byte) string {
	if len(traits) == 0 || traits[0] != '{' {
		return ""
	}
	var country, address, billing []byte
	scanMembers(traits, func(key string) *[]byte {
		switch key {
		case "country", "countryCode", "country_code":
			return &country
		case "address":
			return &address
		case "billingAddress", "billing_address":
			return &billing
		}
		return nil
	})
	for _, place := range [][]byte{address, billing} {
		if present(country) || len(place) == 0 || place[0] != '{' {
			continue
		}
		scanMembers(place, func(key string) *[]byte {
			if key == "country" || key == "countryCode" || key == "country_code" {
				return &country
			}
			return nil
		})
	}
	if !present(country) || country[0] != '"' {
		return ""
	}
	return countryCode(string(jsonscan.Text(country)))
}

// scanMembers notes the members of an object that has been read once before, so that it cannot fail.
func scanMembers(raw []byte, to func(key string) *[]byte) {
	var s jsonscan.Scanner
	s.Reset(raw, 0, jsonscan.Limits{})
	_ = s.Object(func(key []byte) error { return skipTo(&s, to(string(key))) })
}

// countryCode reads a country's code of two or three letters, or its name, as ISO 3166-1 alpha-2; empty for what is none.
func countryCode(text string) string {
	text = strings.TrimSpace(text)
	if n := len(text); n == 2 || n == 3 {
		if r, err := language.ParseRegion(text); err == nil && r.IsCountry() {
			return r.Canonicalize().String()
		}
	}
	return countries()[countryKey(text)]
}

func countryKey(name string) string {
	name = strings.ToLower(strings.NewReplacer(".", "", "-", " ", "’", "'", "&", "and").Replace(name))
	return strings.TrimPrefix(strings.Join(strings.Fields(name), " "), "the ")
}

// countries are the names of countries in the languages of most shops, by countryKey. Made when first asked for.
var countries = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	tags := []language.Tag{language.English, language.German, language.French, language.Spanish, language.Italian, language.Dutch, language.Portuguese,
		language.Polish, language.Swedish, language.Danish, language.Norwegian, language.Finnish, language.Czech, language.Turkish, language.Russian,
		language.Ukrainian, language.Japanese, language.Chinese, language.TraditionalChinese, language.Korean, language.Arabic}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			r, err := language.ParseRegion(string([]rune{a, b}))
			if err != nil || !r.IsCountry() || r.Canonicalize() != r {
				continue
			}
			for _, tag := range tags {
				if name := countryKey(display.Regions(tag).Name(r)); name != "" && out[name] == "" {
					out[name] = r.String()
				}
			}
		}
	}
	for name, code := range map[string]string{"england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB", "great britain": "GB", "holland": "NL",
		"united states of america": "US", "america": "US", "czech republic": "CZ", "turkey": "TR", "korea": "KR", "republic of korea": "KR", "uae": "AE",
		"viet nam": "VN", "russian federation": "RU", "republic of ireland": "IE", "macedonia": "MK", "hong kong": "HK", "macau": "MO", "taiwan": "TW",
		"iran, islamic republic of": "IR", "ivory coast": "CI", "swaziland": "SZ", "cape verde": "CV", "burma": "MM", "brasil": "BR", "españa": "ES"} {
		out[name] = code
	}
	return out
})
