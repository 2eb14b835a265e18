package catalogue

import (
	"strings"
	"unique"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// Item is what answers need of an item. It is never changed: another version is another Item.
type Item struct {
	// ID is the shop's.
	ID string
	// Proto is the whole of it.
	Proto *recommendationv1.Item

	brief brief
}

// brief is what nearly every answer asks of an item, in one place of memory: the whole is scattered over several. Words that many items share are kept once for all.
type brief struct {
	made                 bool
	category, top, brand unique.Handle[string]
	group                string
	price                int64
	createdMs            int64
}

func briefOf(p *recommendationv1.Item) brief {
	category, top := "", ""
	if c := p.GetCategories(); len(c) > 0 {
		category = c[len(c)-1]
		top, _, _ = strings.Cut(c[0], Level)
	}
	return brief{
		made: true, category: unique.Make(category), top: unique.Make(top), brand: unique.Make(p.GetBrand()),
		group: p.GetGroupId(), price: p.GetPriceMicros(), createdMs: p.GetCreatedMs(),
	}
}

// in is the brief; a shelf makes it of each item that it takes.
func (i *Item) in() *brief {
	if i.brief.made {
		return &i.brief
	}
	b := briefOf(i.Proto)
	return &b
}

// Category is the narrowest, the last one; empty where none is known.
func (i *Item) Category() string { return i.in().category.Value() }

// CategoryKey stands for Category: keys are equal where those are, and compared as one word.
func (i *Item) CategoryKey() unique.Handle[string] { return i.in().category }

// Top is the widest level of the first category; empty where none is known.
func (i *Item) Top() string { return i.in().top.Value() }

// Brand is empty where it is not known.
func (i *Item) Brand() string { return i.in().brand.Value() }

// BrandKey stands for Brand.
func (i *Item) BrandKey() unique.Handle[string] { return i.in().brand }

// Group is the GroupId; empty where there is none.
func (i *Item) Group() string { return i.in().group }

// PriceMicros is 0 where the price is not known.
func (i *Item) PriceMicros() int64 { return i.in().price }

// CreatedMs is 0 where it is not known.
func (i *Item) CreatedMs() int64 { return i.in().createdMs }

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
