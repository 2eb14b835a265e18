package catalogue

import (
	"slices"
	"strings"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/rule"
)

// facts are an item as conditions see it.
type facts struct{ item *Item }

var _ rule.Facts = (*facts)(nil)

// Int implements rule.Facts.
func (f *facts) Int(at int) (int64, bool) {
	p := f.item.Proto
	switch at {
	case atPrice:
		return p.GetPriceMicros(), p != nil && p.PriceMicros != nil
	case atPriceWas:
		return p.GetPriceWasMicros(), p != nil && p.PriceWasMicros != nil
	case atStock:
		return p.GetStock(), p != nil && p.Stock != nil
	case atDiscount:
		return discount(p.GetPriceMicros(), p.GetPriceWasMicros()), p != nil && p.PriceMicros != nil
	case atCreated:
		return p.GetCreatedMs(), p.GetCreatedMs() > 0
	case atPriceChanged:
		return p.GetPriceChangedMs(), p.GetPriceChangedMs() > 0
	case atAdult:
		return 0, p.GetAdult()
	case atStub:
		return 0, p.GetStub()
	}
	return 0, false
}

// discount is by which part, in millionths, a price is below the one before; 0 where it is not.
func discount(price, was int64) int64 {
	if was <= price || was <= 0 {
		return 0
	}
	return int64(float64(was-price) / float64(was) * 1e6)
}

// Text implements rule.Facts.
func (f *facts) Text(at int) (string, bool) {
	p := f.item.Proto
	text := ""
	switch at {
	case atID:
		text = f.item.ID
	case atName:
		text = p.GetName()
	case atBrand:
		text = p.GetBrand()
	case atCategory:
		if c := p.GetCategories(); len(c) > 0 {
			text = c[0]
		}
	case atCurrency:
		text = p.GetCurrency()
	case atGroup:
		text = p.GetGroupId()
	}
	return text, text != ""
}

// Entry implements rule.Facts.
func (f *facts) Entry(at int, key string) (catalog.Entry, bool) {
	p := f.item.Proto
	switch at {
	case atCategories:
		return catalog.Entry{Key: key}, slices.ContainsFunc(p.GetCategories(), func(c string) bool { return Within(c, key) })
	case atLanguages:
		return catalog.Entry{Key: key}, slices.Contains(p.GetLanguages(), key)
	case atAttributes:
		value, ok := p.GetAttributes()[key]
		return catalog.Entry{Key: key, Text: value}, ok
	}
	return catalog.Entry{}, false
}

// Within says whether a category lies in another: the other is one of its levels, or the path that it begins with.
// Example: "Clothing > Shoes > Boots" lies in "Shoes" and in "Clothing > Shoes", not in "Shoes > Boots".
func Within(category, in string) bool {
	if rest, ok := strings.CutPrefix(category, in); ok && (rest == "" || strings.HasPrefix(rest, Level)) {
		return in != ""
	}
	for level := range strings.SplitSeq(category, Level) {
		if level == in {
			return true
		}
	}
	return false
}
