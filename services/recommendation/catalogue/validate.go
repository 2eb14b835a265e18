package catalogue

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/freshet/freshet/pkg/money"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// validate reports every fault of an upserted item under its field, and writes categories, currency and languages in their one form.
func validate(i *recommendationv1.Item, clear []string) error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if i == nil {
		return errors.New("item: it is absent: send at least its item_id")
	}
	if n := len(i.GetItemId()); n < 1 || n > mostID || strings.TrimSpace(i.GetItemId()) != i.GetItemId() {
		fault("item_id: it has %d bytes, or blanks around it: send 1 to %d bytes without them", n, mostID)
	}
	for _, l := range textLimits {
		if n := len(*l.of(i)); n > l.most {
			fault("%s: it has %d bytes: send at most %d", l.field, n, l.most)
		}
	}
	if i.GetPriceMicros() < 0 {
		fault("price_micros: %d is below 0: send what the item costs, in millionths", i.GetPriceMicros())
	}
	if i.GetValidFromMs() < 0 || i.GetValidUntilMs() < 0 {
		fault("valid_from_ms and valid_until_ms: send Unix milliseconds, or 0 for no limit")
	}
	if i.GetValidFromMs() > 0 && i.GetValidUntilMs() > 0 && i.GetValidUntilMs() <= i.GetValidFromMs() {
		fault("valid_until_ms: %d is not after valid_from_ms %d: the item could never be offered", i.GetValidUntilMs(), i.GetValidFromMs())
	}
	for _, f := range []struct{ field, text string }{{"url", i.GetUrl()}, {"image_url", i.GetImageUrl()}} {
		if _, err := url.Parse(f.text); err != nil {
			fault("%s: it is no address: send one such as https://shop.example/p/1", f.field)
		}
	}
	faults = append(faults, validateLists(i)...)
	faults = append(faults, validateAttributes(i)...)
	return errors.Join(append(faults, validateClear(i, clear)...)...)
}

func validateLists(i *recommendationv1.Item) (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if n := len(i.GetCategories()); n > mostCategories {
		fault("categories: there are %d: send at most %d", n, mostCategories)
	}
	for n, c := range i.GetCategories() {
		if i.Categories[n] = levels(c); i.Categories[n] == "" || len(c) > mostText {
			fault("categories[%d]: send 1 to %d bytes, such as Clothing > Shoes", n, mostText)
		}
	}
	if i.GetCurrency() != "" {
		code := strings.ToUpper(i.GetCurrency())
		if _, known := money.MinorDigits(code); !known {
			fault("currency: %q is no code of ISO 4217 such as EUR", i.GetCurrency())
		}
		i.Currency = code
	}
	if n := len(i.GetLanguages()); n > mostLanguages {
		fault("languages: there are %d: send at most %d", n, mostLanguages)
	}
	for n, l := range i.GetLanguages() {
		tag, err := language.Parse(l)
		if err != nil {
			fault("languages[%d]: %q is no BCP 47 tag such as en or zh-Hans", n, l)
		}
		i.Languages[n] = tag.String()
	}
	return faults
}

// levels writes a category whose levels are separated by ">" alone: in a request a slash is part of a name.
func levels(text string) string {
	if !strings.Contains(text, ">") {
		return strings.TrimSpace(text)
	}
	return path(text)
}

func validateAttributes(i *recommendationv1.Item) (faults []error) {
	for _, name := range slices.Sorted(maps.Keys(i.GetAttributes())) {
		switch value := i.Attributes[name]; {
		case name == "" || len(name) > mostKey || strings.TrimSpace(name) != name:
			faults = append(faults, fmt.Errorf("attributes: the name %.40q has %d bytes, or blanks around it: send 1 to %d bytes without them", name, len(name), mostKey))
		case len(value) > mostValue:
			faults = append(faults, fmt.Errorf("attributes.%s: it has %d bytes: send at most %d", name, len(value), mostValue))
		case value == "":
			faults = append(faults, fmt.Errorf("attributes.%s: it is empty: send a value, or name it in clear to take it away", name))
		}
		if len(faults) == 20 {
			return faults
		}
	}
	return faults
}

func validateClear(i *recommendationv1.Item, clear []string) (faults []error) {
	for _, field := range clear {
		name, isAttribute := attribute(field)
		switch {
		case !isAttribute && (descriptors[field] == nil || field == fieldRemoved), isAttribute && (name == "" || len(name) > mostKey):
			faults = append(faults, fmt.Errorf("clear: %.60q is no field that can be taken away: name one of %s, or attributes.<name>",
				field, strings.Join(slices.DeleteFunc(slices.Clone(sayable), func(f string) bool { return f == fieldRemoved }), ", ")))
		case field != fieldAttributes && holds(i, field):
			faults = append(faults, fmt.Errorf("clear: %s has a value in the same row: send it or clear it", field))
		}
		if len(faults) == 20 {
			return faults
		}
	}
	return faults
}
