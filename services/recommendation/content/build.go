package content

import "math"

// built is one build of the index: it never changes.
type built struct {
	// from and words, weights: the words of item i are those at from[i] to from[i+1]. Weights are of length 1 an item.
	from    []int32
	words   []int32
	weights []float32
	// first and items, parts: the items of word w, and its weight in each. Words that no second item has have none.
	first []int32
	items []int32
	parts []float32
	docs  []*document
	kept  kept
	sides []side // of docs, for the walk: one after the other in memory
}

// side is what is compared of an item beside its words, in numbers of this build.
type side struct {
	logPrice                  float32 // NaN where the price is not known
	category, brand, currency int32   // 0: none
}

// aside makes the sides of all items.
func (b *built) aside() {
	b.sides = make([]side, len(b.docs))
	numbers := map[uint64]int32{0: 0}
	number := func(hash uint64) int32 {
		n, ok := numbers[hash]
		if !ok {
			n = int32(len(numbers))
			numbers[hash] = n
		}
		return n
	}
	for i, d := range b.docs {
		if d != nil {
			b.sides[i] = side{float32(d.logPrice), number(d.category), number(d.brand), number(d.currency)}
		}
	}
}

// build makes the index of documents by item; nil for an item without one.
func build(docs []*document, most int) *built {
	ids, of, n := count(docs)
	b := &built{docs: docs, kept: make(kept, len(docs)), from: make([]int32, len(docs)+1), first: make([]int32, len(ids)+1)}
	for i, d := range docs {
		start := len(b.words)
		if d != nil {
			b.weigh(d, ids, of, n, most)
		}
		b.from[i+1] = int32(len(b.words))
		for _, w := range b.words[start:] {
			if of[w] > 1 {
				b.first[w+1]++
			}
		}
	}
	for w := range len(ids) {
		b.first[w+1] += b.first[w]
	}
	b.post(of)
	b.aside()
	return b
}

// count numbers the words and counts the items of each.
func count(docs []*document) (ids map[uint64]int32, of []int32, n int) {
	ids = map[uint64]int32{}
	for _, d := range docs {
		if d == nil {
			continue
		}
		n++
		for _, t := range d.terms {
			w, ok := ids[t.word]
			if !ok {
				w = int32(len(ids))
				ids[t.word] = w
				of = append(of, 0)
			}
			of[w]++
		}
	}
	return ids, of, n
}

// weigh appends the words of a document, but the most common.
func (b *built) weigh(d *document, ids map[uint64]int32, of []int32, n, most int) {
	start, squares := len(b.words), 0.0
	for _, t := range d.terms {
		w := ids[t.word]
		if int(of[w]) > most {
			continue
		}
		weight := weightOf(t.tf, int(of[w]), n)
		squares += weight * weight
		b.words, b.weights = append(b.words, w), append(b.weights, float32(weight))
	}
	length := float32(math.Sqrt(squares))
	for i := start; i < len(b.weights); i++ {
		b.weights[i] /= length
	}
}

// weightOf is the weight of a word that is there tf times, in of items of n.
func weightOf(tf float32, of, n int) float64 {
	return (1 + math.Log(float64(tf))) * math.Log(1+float64(n)/float64(of))
}

// post fills the items of each word.
func (b *built) post(of []int32) {
	total := b.first[len(b.first)-1]
	b.items, b.parts = make([]int32, total), make([]float32, total)
	next := append([]int32(nil), b.first...)
	for i := range b.docs {
		for at := b.from[i]; at < b.from[i+1]; at++ {
			w := b.words[at]
			if of[w] > 1 {
				b.items[next[w]], b.parts[next[w]] = int32(i), b.weights[at]
				next[w]++
			}
		}
	}
}

// fit is how well what is beside the words fits.
func fit(a, b *side) float64 {
	price := 0.5
	if d := float64(a.logPrice) - float64(b.logPrice); a.currency == b.currency && !math.IsNaN(d) {
		price = max(0, 1-math.Abs(d)/math.Ln2)
	}
	score := 1 + 0.25*price
	if a.category == b.category && a.category != 0 {
		score += 0.15
	}
	if a.brand == b.brand && a.brand != 0 {
		score += 0.1
	}
	return score / 1.5
}
