package source

import (
	"strings"
	"testing"
)

func TestARegionIsACountry(t *testing.T) {
	for code, fault := range map[string]string{
		"": "", "DE": "", "GB": "", "US": "", "TW": "", "HK": "", "IM": "", "XK": "",
		"UK": "did you mean GB?", "de": "two capital letters", "DEU": "two capital letters", "EU": "no country's code", "ZZ": "no country's code", "QX": "no country's code",
	} {
		err := Habits{Region: code}.Validate()
		if (err == nil) != (fault == "") || err != nil && !strings.Contains(err.Error(), fault) {
			t.Errorf("region %q: %v, want %q", code, err, fault)
		}
	}
}
