package gbdt

// validation follows how good the model is on rows it does not learn from.
type validation struct {
	b         *binned
	loss      loss
	scores    []float64
	rounds    int
	best      float64
	bestRound int
}

func newValidation(p Params, b *binned, d *Dataset, base float64) *validation {
	v := &validation{b: b, loss: newLoss(p, d), scores: filled(d.Rows(), base)}
	v.best = v.loss.metric(v.scores, 1)
	return v
}

// next adds a tree and says whether to stop. Round 0, no tree at all, counts as one to be beaten.
func (v *validation) next(grown *tree, p Params, w workers) (value float64, best int, stop bool) {
	w.chunks(len(v.scores), func(_, from, to int) {
		for r := from; r < to; r++ {
			v.scores[r] += grown.binnedLeaf(v.b.byRow[r*v.b.columns:]).value
		}
	})
	v.rounds++
	value = v.loss.metric(v.scores, w)
	if p.Objective.better(value, v.best) {
		v.best, v.bestRound = value, v.rounds
	}
	return value, v.bestRound, p.EarlyStop > 0 && v.rounds-v.bestRound >= p.EarlyStop
}
