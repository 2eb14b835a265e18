package assembly

import (
	"slices"

	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/rank"
	"github.com/freshet/freshet/services/recommendation/scene"
	"github.com/freshet/freshet/services/recommendation/training"
)

// ranked is a trained ranker as scenes take it. It was taught with some sources: it orders what those propose, and its order then counts in the blend as one source with
// the weight that those have together that propose anything. So a source that it never saw, such as a cart that was left, keeps the weight that the scene gives it.
type ranked struct {
	*rank.Ranker
	cycle func(item int32) int64
}

// ranker is the board's; nil where it has none, and sources are blended.
func (s *Service) ranker(workspace string) scene.Ranker {
	r, _ := s.boards.Of(workspace).Part(training.RankerFile).(*rank.Ranker)
	if r == nil {
		return scene.Blend{}
	}
	return ranked{r, func(item int32) int64 { return s.cycle(workspace, item) }}
}

// ordered is the name of the ranker's own order among the sources of the blend.
const ordered = "ranker"

// taught are the sources that the ranker knows, and all others.
func (r ranked) taught(said []scene.Said) (known, others []scene.Said) {
	names := r.Sources()
	for _, x := range said {
		if slices.Contains(names, x.Source) {
			known = append(known, x)
		} else {
			others = append(others, x)
		}
	}
	return known, others
}

// pool is the question with what sources said.
func (r ranked) pool(a *ask.Ask, said []scene.Said) *rank.Pool {
	p := rank.NewPool(rank.FromAsk(a))
	p.Cycle = r.cycle
	for _, x := range said {
		p.Name(x.Source, x.Weight)
	}
	for i, x := range said {
		p.Add(i, x.List)
	}
	return p
}

// Rank implements scene.Ranker.
func (r ranked) Rank(dst []scene.Ranked, a *ask.Ask, said []scene.Said) []scene.Ranked {
	known, others := r.taught(said)
	p := r.pool(a, known)
	defer p.Put()
	own := r.Ranker.Rank(p)
	mine := scene.Said{Source: ordered, List: make([]candidate.Candidate, len(own))}
	for _, x := range known {
		if len(x.List) > 0 { // between visits only what is popular speaks, and must not outweigh what the visitor likes
			mine.Weight += x.Weight
		}
	}
	for i := range own {
		x := &own[i]
		mine.List[i] = candidate.Candidate{Item: x.Item, Score: x.Score, Reason: x.Reason}
	}
	from := len(dst)
	dst = scene.Blend{}.Rank(dst, a, append([]scene.Said{mine}, others...))
	for i := range dst[from:] {
		if x := &dst[from+i]; x.Source == ordered {
			at, _ := p.Find(x.Item)
			_, source := p.Reason(at)
			x.Source = known[source].Source
		}
	}
	return dst
}

// Explain implements scene.Explainer.
func (r ranked) Explain(a *ask.Ask, said []scene.Said, item int32) []scene.Part {
	known, _ := r.taught(said)
	p := r.pool(a, known)
	defer p.Put()
	i, ok := p.Find(item)
	if !ok {
		return nil
	}
	parts, _, err := r.Ranker.Explain(p, i)
	if err != nil {
		return nil
	}
	out := make([]scene.Part, len(parts))
	for i, x := range parts {
		out[i] = scene.Part{Feature: x.Feature, Value: x.Value, Gives: x.Gives}
	}
	return out
}
