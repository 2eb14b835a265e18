package catalogue

import (
	"slices"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// mostPrices is how many tellings of a price are kept of an item.
const mostPrices = 16

// tell keeps the price that a change tells among the latest, and says whether it is there now and was not before.
func tell(s *recommendationv1.ItemState, c *recommendationv1.ItemChange, w *recommendationv1.FieldWord) bool {
	p := &recommendationv1.ToldPrice{Word: w, Micros: c.GetItem().PriceMicros}
	if slices.Contains(c.GetFields(), fieldCurrency) {
		p.Currency = c.GetItem().GetCurrency()
	}
	at, there := slices.BinarySearchFunc(s.GetPrices(), p, func(a, b *recommendationv1.ToldPrice) int { return -compare(a.GetWord(), b.GetWord()) })
	if there || at == mostPrices {
		return false
	}
	s.Prices = slices.Insert(s.Prices, at, p)
	if len(s.Prices) > mostPrices {
		s.Prices = slices.Delete(s.Prices, spare(s.Prices), spare(s.Prices)+1)
	}
	return true
}

// spare is which of the tellings is missed least: the oldest that repeats both its neighbours, else the oldest.
func spare(told []*recommendationv1.ToldPrice) int {
	for i := len(told) - 2; i > 0; i-- {
		if samePrice(told[i-1], told[i]) && samePrice(told[i], told[i+1]) {
			return i
		}
	}
	return len(told) - 1
}

func samePrice(a, b *recommendationv1.ToldPrice) bool {
	return (a.Micros == nil) == (b.Micros == nil) && a.GetMicros() == b.GetMicros() && alongside(a, b)
}

// alongside says whether two tellings may be compared: stubs are not compared with the catalogue's, nor amounts of two currencies.
func alongside(a, b *recommendationv1.ToldPrice) bool {
	return a.GetWord().GetUpsert() == b.GetWord().GetUpsert() && a.GetCurrency() == b.GetCurrency()
}

// priceBefore is what the item cost before its present price, and since when it costs that; nothing when it never cost anything else.
func priceBefore(told []*recommendationv1.ToldPrice) (was *int64, changedMs int64) {
	if len(told) == 0 || told[0].Micros == nil {
		return nil, 0
	}
	now, since := told[0], told[0].GetWord().GetAtMs()
	for _, p := range told[1:] {
		switch {
		case p.Micros == nil || !alongside(now, p):
		case p.GetMicros() == now.GetMicros():
			since = p.GetWord().GetAtMs()
		default:
			micros := p.GetMicros()
			return &micros, since
		}
	}
	return nil, 0
}
