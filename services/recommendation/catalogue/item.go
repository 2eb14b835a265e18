package catalogue

import (
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// Item is what answers need of an item. It is never changed: another version is another Item.
type Item struct {
	// ID is the shop's.
	ID string
	// Proto is the whole of it.
	Proto *recommendationv1.Item
}

// Offered says whether the item may be in an answer at a moment: not taken off, in stock, within its validity. Of an item that is only numbered nothing is known against it.
func (i *Item) Offered(nowMs int64) bool {
	p := i.Proto
	if p == nil {
		return true
	}
	return !p.GetRemoved() && (p.Stock == nil || p.GetStock() > 0) &&
		(p.GetValidFromMs() == 0 || nowMs >= p.GetValidFromMs()) && (p.GetValidUntilMs() == 0 || nowMs < p.GetValidUntilMs())
}

// plain says that nothing at all is known against an item of which more is known than its number.
func (i *Item) plain() bool {
	p := i.Proto
	return p != nil && !p.GetRemoved() && (p.Stock == nil || p.GetStock() > 0) && p.GetValidFromMs() == 0 && p.GetValidUntilMs() == 0 && !p.GetAdult() && len(p.GetLanguages()) == 0
}
