package catalogue

import (
	"cmp"
	"slices"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

func setAttribute(i *recommendationv1.Item, name, value string) {
	if value == "" {
		delete(i.Attributes, name)
		return
	}
	if i.Attributes == nil {
		i.Attributes = map[string]string{}
	}
	i.Attributes[name] = value
}

// sweep takes away all attributes that were said before w.
func sweep(s *recommendationv1.ItemState, w *recommendationv1.FieldWord) {
	for field, word := range s.GetSaid() {
		if name, ok := attribute(field); ok && compare(word, w) < 0 {
			delete(s.Said, field)
			delete(s.Item.Attributes, name)
		}
	}
}

// trim keeps the MostAttributes attributes that were said last, of those said at once the first by name, and says how many it forgot. What is forgotten is lower than all that
// is kept, and what is kept only rises: so it does not matter when a word comes.
func trim(s *recommendationv1.ItemState) int {
	if len(s.GetSaid()) <= MostAttributes {
		return 0
	}
	var names []string
	for field := range s.GetSaid() {
		if name, ok := attribute(field); ok {
			names = append(names, name)
		}
	}
	if len(names) <= MostAttributes {
		return 0
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(-compare(s.Said[attributePrefix+a], s.Said[attributePrefix+b]), cmp.Compare(a, b))
	})
	for _, name := range names[MostAttributes:] {
		delete(s.Said, attributePrefix+name)
		delete(s.Item.Attributes, name)
	}
	return len(names) - MostAttributes
}
