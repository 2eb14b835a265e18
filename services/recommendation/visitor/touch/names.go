package touch

import (
	"strings"
	"unicode"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// Short names of the kinds.
const (
	none   = recommendationv1.TouchKind_TOUCH_KIND_UNSPECIFIED
	view   = recommendationv1.TouchKind_TOUCH_KIND_VIEW
	click  = recommendationv1.TouchKind_TOUCH_KIND_CLICK
	cart   = recommendationv1.TouchKind_TOUCH_KIND_CART
	uncart = recommendationv1.TouchKind_TOUCH_KIND_UNCART
	wish   = recommendationv1.TouchKind_TOUCH_KIND_WISH
	buy    = recommendationv1.TouchKind_TOUCH_KIND_BUY
	back   = recommendationv1.TouchKind_TOUCH_KIND_RETURN
	rate   = recommendationv1.TouchKind_TOUCH_KIND_RATE
)

// names are the events whose names say what was done. Those of none are about items and no deed of a visitor, whatever words they have.
var names = map[string]recommendationv1.TouchKind{
	"product viewed": view, "viewed product": view, "view item": view, "cart viewed": view, "viewed cart": view, "view cart": view,
	"product clicked": click, "clicked product": click, "select item": click,
	"product added": cart, "added product": cart, "add to cart": cart, "wishlist product added to cart": cart,
	"product removed": uncart, "removed product": uncart, "remove from cart": uncart,
	"product added to wishlist": wish, "add to wishlist": wish,
	"product rated": rate, "product reviewed": rate,
	"product list viewed": none, "product list filtered": none, "view item list": none, "products searched": none,
	"product upserted": none, "product deleted": none, "product removed from wishlist": none,
}

// deeds are the words by which other events that name an item tell what was done.
var deeds = map[string]recommendationv1.TouchKind{
	"view": view, "viewed": view, "views": view, "seen": view, "opened": view, "visited": view, "watched": view, "read": view, "played": view,
	"click": click, "clicked": click, "selected": click, "tapped": click,
}

// longestName bounds what is taken apart, in bytes.
const longestName = 255

// words takes a name apart, in lower case: "Product Viewed", "product_viewed" and "productViewed" are the same.
func words(name string) []string {
	if len(name) > longestName {
		return nil
	}
	var b strings.Builder
	lower := false
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			b.WriteByte(' ')
			lower = false
			continue
		case unicode.IsUpper(r) && lower:
			b.WriteByte(' ')
		}
		lower = unicode.IsLower(r)
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.Fields(b.String())
}

// kindOf tells what a track event did. several says that it may name several items.
func kindOf(name string) (kind recommendationv1.TouchKind, several bool) {
	list := words(name)
	if kind, ok := names[strings.Join(list, " ")]; ok {
		return kind, true
	}
	for _, w := range list {
		if kind, ok := deeds[w]; ok {
			return kind, false
		}
	}
	return none, false
}
