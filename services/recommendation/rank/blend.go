package rank

import "slices"

// smooth keeps the first places of one source from outweighing all others.
const smooth = 60

// Blend puts candidates in order without a ranker: score = sum over the sources of Weight / (60 + place). Source: Cormack, Clarke, Buettcher, "Reciprocal
// Rank Fusion outperforms Condorcet and individual Rank Learning Methods", SIGIR 2009. The same item in first place of two sources of weight 1 has 2/61.
func Blend(p *Pool) []Ranked {
	if len(p.items) == 0 {
		return nil
	}
	p.scores = slices.Grow(p.scores[:0], len(p.items))[:len(p.items)]
	for i := range p.items {
		p.scores[i] = 0
		for s, x := range p.of(i) {
			if x.place > 0 {
				p.scores[i] += max(p.weights[s], 0) / float64(smooth+x.place)
			}
		}
	}
	return p.ranked()
}
