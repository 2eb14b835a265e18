// Package itemid says which item an event's properties name. What visitors touch and what the catalogue has meet by this id alone, so both ask here
// (TestVisitorAndCatalogueChooseAlike of package itemid).
//
// The id is the first member of Names that is a text or a number, blanks around it and broken UTF-8 aside, of 1 to Most bytes; a number is as it was written. It is
// exact: "WB-41" and "wb-41" are two items. The bare name "id" counts where the object is an item: in a list of products, and in an event about one product (Product). Elsewhere
// it is a page's, a cart's or an order's.
package itemid

import (
	"slices"
	"strings"
	"unicode"

	"github.com/tidwall/gjson"
)

// Most bounds an id, in bytes.
const Most = 255

// bare is the name that anything may go by.
const bare = "id"

var (
	names   = []string{"product_id", "productId", "item_id", "itemId", bare, "sku"}
	certain = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == bare })
)

// Names are the members that name an item in an object which is one, the first that holds an id.
func Names() []string { return slices.Clone(names) }

// Of gives the id of an object that is an item; empty for none. member gives a member by its name.
func Of(member func(name string) gjson.Result) string { return first(names, member) }

// OfEvent gives the id of the item that an event's own properties name; empty for none.
func OfEvent(event string, member func(name string) gjson.Result) string {
	if Product(event) {
		return first(names, member)
	}
	return first(certain, member)
}

// Product says by an event's name that its properties are those of one product: "Product Viewed" and "removed_product", but not "Product List Viewed".
func Product(event string) bool {
	letters := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, event)
	return strings.Contains(letters, "product") && !strings.Contains(letters, "products") && !strings.Contains(letters, "productlist")
}

func first(names []string, member func(name string) gjson.Result) string {
	for _, name := range names {
		if id := Text(member(name)); id != "" && len(id) <= Most {
			return id
		}
	}
	return ""
}

// Text is a value as an id; empty for what is neither text nor number.
func Text(v gjson.Result) string {
	switch v.Type {
	case gjson.Number:
		return v.Raw
	case gjson.String:
		return Clean(v.Str)
	}
	return ""
}

// Clean is a text as an id.
func Clean(text string) string { return strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD")) }
