package content

import (
	"hash/maphash"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/catalogue"
)

// Weights of a word by where it stands.
const (
	inName, inBrand, inCategory, inAttribute, inDescription = 3, 2, 2, 1.5, 1
)

var seed = maphash.MakeSeed()

// document is an item as it is compared.
type document struct {
	// terms are the words, as hashes, and how often they are there by weight. Sorted.
	terms []term
	// logPrice is NaN where the price is not known.
	logPrice                  float64
	category, brand, currency uint64
}

type term struct {
	word uint64
	tf   float32
}

func hash(text string) uint64 {
	if text == "" {
		return 0
	}
	return maphash.String(seed, text)
}

// describe makes an item's document.
func describe(i *recommendationv1.Item) *document {
	d := &document{logPrice: math.NaN(), brand: hash(strings.ToLower(i.GetBrand())), currency: hash(i.GetCurrency())}
	if i.GetPriceMicros() > 0 {
		d.logPrice = math.Log(float64(i.GetPriceMicros()))
	}
	if c := i.GetCategories(); len(c) > 0 {
		d.category = hash(c[0])
	}
	counts := map[uint64]float32{}
	eachWord(i, func(word string, weight float32) {
		h := hash(word)
		if _, there := counts[h]; there || len(counts) < mostWords {
			counts[h] += weight
		}
	})
	for _, h := range slices.Sorted(maps.Keys(counts)) {
		d.terms = append(d.terms, term{h, counts[h]})
	}
	return d
}

// eachWord gives the words of an item, the weightiest places first. What is of a kind of its own has a name before it: a brand is no word of a text.
func eachWord(i *recommendationv1.Item, add func(word string, weight float32)) {
	words(i.GetName(), func(w string) { add(w, inName) })
	if i.GetBrand() != "" {
		add("brand\x00"+strings.ToLower(i.GetBrand()), inBrand)
	}
	for _, c := range i.GetCategories() {
		for at := 0; at < len(c); {
			next := strings.Index(c[at:], catalogue.Level)
			if next < 0 {
				next = len(c) - at
			}
			add("category\x00"+c[:at+next], inCategory)
			at += next + len(catalogue.Level)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(i.GetAttributes())) {
		if value := i.Attributes[name]; !isNumber(value) {
			words(value, func(w string) { add(name+"\x00"+w, inAttribute) })
		}
	}
	words(i.GetDescription(), func(w string) { add(w, inDescription) })
}

func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

// equal says whether two documents are compared alike.
func (d *document) equal(other *document) bool {
	return other != nil && slices.Equal(d.terms, other.terms) && d.category == other.category && d.brand == other.brand && d.currency == other.currency &&
		(d.logPrice == other.logPrice || math.IsNaN(d.logPrice) && math.IsNaN(other.logPrice))
}
