package decode

import "testing"

func TestCountries(t *testing.T) {
	for text, want := range map[string]string{
		"GB": "GB", "gb": "GB", "UK": "GB", "GBR": "GB", "United Kingdom": "GB", "England": "GB", "the United Kingdom": "GB", "DE": "DE", "deu": "DE", "Germany": "DE",
		"Deutschland": "DE", "Allemagne": "DE", "US": "US", "USA": "US", "U.S.A.": "US", "United States": "US", "united states of america": "US", "Sverige": "SE",
		"Sweden": "SE", "日本": "JP", "Россия": "RU", "Czech Republic": "CZ", "Czechia": "CZ", "España": "ES", "Turkey": "TR", "Türkiye": "TR", "South Korea": "KR",
		"中国": "CN", "Schweiz": "CH", "": "", "Atlantis": "", "XX": "", "EU": "", "42": "", "world": "", "Bosnia & Herzegovina": "BA", "Hong Kong": "HK",
	} {
		if got := countryCode(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestTheCountryInTraits(t *testing.T) {
	for traits, want := range map[string]string{
		`{"country":"GB"}`: "GB", `{"address":{"country":"Germany"}}`: "DE", `{"address":{"country_code":"us"},"email":"a@b.c"}`: "US", `{"countryCode":"SE"}`: "SE",
		`{"billing_address":{"country":"FR"}}`: "FR", `{"country":null,"address":{"country":"IT"}}`: "IT", `{"country":"GB","address":{"country":"DE"}}`: "GB",
		`{"country":7}`: "", `{"address":"12 High Street"}`: "", `{"address":[]}`: "", `{}`: "", `null`: "", ``: "", `{"address":{"country":{}}}`: "",
	} {
		if got := countryIn([]byte(traits)); got != want {
			t.Errorf("%s: %q, want %q", traits, got, want)
		}
	}
}
