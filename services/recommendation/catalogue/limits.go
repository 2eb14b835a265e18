package catalogue

import (
	"strings"
	"unicode/utf8"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/itemid"
)

// The bounds of an item, in bytes of UTF-8 unless said otherwise. Upserts beyond them are faults; texts of events are cut, at a character.
const (
	mostID          = itemid.Most
	mostText        = 255 // brand, group_id, a category
	mostName        = 500
	mostDescription = 5000
	mostURL         = 2000
	mostCategories  = 20 // categories of an item
	mostLanguages   = 50 // languages of an item
	mostKey         = 128
	mostValue       = 1000
)

// textLimits are the bounds of the fields that are one text.
var textLimits = []struct {
	field string
	most  int
	of    func(*recommendationv1.Item) *string
}{
	{fieldName, mostName, func(i *recommendationv1.Item) *string { return &i.Name }},
	{"description", mostDescription, func(i *recommendationv1.Item) *string { return &i.Description }},
	{fieldBrand, mostText, func(i *recommendationv1.Item) *string { return &i.Brand }},
	{"url", mostURL, func(i *recommendationv1.Item) *string { return &i.Url }},
	{"image_url", mostURL, func(i *recommendationv1.Item) *string { return &i.ImageUrl }},
	{"group_id", mostText, func(i *recommendationv1.Item) *string { return &i.GroupId }},
}

// cut gives a text without blanks around it, of at most so many bytes, as UTF-8.
func cut(text string, most int) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD"))
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return strings.TrimSpace(text[:most])
}

// Level separates the levels of a category.
const Level = " > "

// path writes a category in its one form: levels without blanks around them, between Level. A slash separates levels where there is no ">".
func path(text string) string {
	by := ">"
	if !strings.Contains(text, by) {
		by = "/"
	}
	var levels []string
	for level := range strings.SplitSeq(text, by) {
		if level = strings.TrimSpace(level); level != "" {
			levels = append(levels, level)
		}
	}
	return strings.Join(levels, Level)
}
