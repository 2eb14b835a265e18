package catalogue

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/rule"
)

// Filter is a condition over items, in the language of package rule: `price < 50 && "Shoes" in categories && !adult`. Many goroutines may use it.
//
// Names, by what they can be compared with:
//   - numbers: price and price_was in units of money, stock, discount (what the price is below the one before, as a part of that: 0.2 is 20 % off; 0 where it is not);
//     days_since_created and days_since_price_changed, hours_since_ likewise;
//   - texts: id, name, brand, category (the first one, whole: "Clothing > Shoes"), currency, group_id;
//   - lists: categories, languages. `"Shoes" in categories` holds of an item with a category that has such a level, whichever; `"Clothing > Shoes" in categories` of
//     one with a category that begins so;
//   - attributes.colour == "red", attributes["heel height"] > 5: texts, and numbers where the value is one;
//   - by themselves: adult, stub, has(brand).
//
// Letters' case counts. Of what is not known every comparison is false, > as well as < and != (TestFilter).
type Filter struct {
	text    string
	set     *rule.Set
	glances sync.Pool
}

// Names of a condition, at the places of Facts.
const (
	atPrice = iota
	atPriceWas
	atStock
	atDiscount
	atCreated
	atPriceChanged
	atID
	atName
	atBrand
	atCategory
	atCurrency
	atGroup
	atCategories
	atLanguages
	atAttributes
	atAdult
	atStub
)

// schema are the names of a condition.
type schema map[string]rule.Field

var filterNames = schema{
	"price": {Index: atPrice, Kind: catalog.KindDecimal}, "price_was": {Index: atPriceWas, Kind: catalog.KindDecimal}, "stock": {Index: atStock, Kind: catalog.KindCount},
	"discount": {Index: atDiscount, Kind: catalog.KindDecimal}, "created": {Index: atCreated, Kind: catalog.KindMoment}, "price_changed": {Index: atPriceChanged, Kind: catalog.KindMoment},
	"id": {Index: atID, Kind: catalog.KindText}, "name": {Index: atName, Kind: catalog.KindText}, "brand": {Index: atBrand, Kind: catalog.KindText},
	"category": {Index: atCategory, Kind: catalog.KindText}, "currency": {Index: atCurrency, Kind: catalog.KindText}, "group_id": {Index: atGroup, Kind: catalog.KindText},
	"categories": {Index: atCategories, Kind: catalog.KindList}, "languages": {Index: atLanguages, Kind: catalog.KindList},
	"attributes": {Index: atAttributes, Kind: catalog.KindList, EntryTexts: true},
	"adult":      {Index: atAdult, Kind: catalog.KindTag}, "stub": {Index: atStub, Kind: catalog.KindTag},
}

// Field implements rule.Schema.
func (s schema) Field(name string) (rule.Field, bool) {
	f, ok := s[name]
	return f, ok
}

// Names implements rule.Schema.
func (s schema) Names() []string {
	var out []string
	for name := range s {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Unknown implements rule.Explainer.
func (s schema) Unknown(name string) string {
	return fmt.Sprintf("%q is nothing that is known of items: there are %s, and attributes.%s where it is an attribute", name, strings.Join(s.Names(), ", "), name)
}

// FilterNames are the names that a condition may use, for documentation.
func FilterNames() []string { return filterNames.Names() }

// ParseFilter reads a condition; the error joins every fault, each with line:column. An empty text is the filter that lets all pass.
func ParseFilter(text string) (*Filter, error) {
	f := &Filter{text: text}
	if strings.TrimSpace(text) == "" {
		return f, nil
	}
	f.set = rule.NewSet(filterNames)
	if faults := f.set.Add(rule.Rule{Name: "filter", When: text}); len(faults) > 0 {
		return nil, fmt.Errorf("filter: %w", errors.Join(faults...))
	}
	f.glances.New = func() any { return &look{} }
	return f, nil
}

// look is what one evaluation needs.
type look struct {
	glance rule.Glance
	facts  facts
}

// String is the condition as it was written.
func (f *Filter) String() string { return f.text }

// Match says whether an item passes at a moment, Unix milliseconds. Of an item that is only numbered nothing but its id is known.
func (f *Filter) Match(i *Item, nowMs int64) bool {
	if f.set == nil {
		return true
	}
	l := f.glances.Get().(*look)
	l.facts.item = i
	holds := f.set.Look(&l.facts, &l.glance).Match(nowMs)[0]
	l.facts.item = nil
	f.glances.Put(l)
	return holds
}
