package churn

import (
	"cmp"
	"math"
	"slices"

	"github.com/freshet/freshet/pkg/forecast"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
)

// Words writes what models and warnings say as sentences.
type Words interface {
	// Check says that there are no sentences in a language; there are in "", the usual one.
	Check(language string) error
	// Explain says what a score comes to, and what raises and lowers it, the strongest first, at most so many. The list is ordered by what each column adds.
	Explain(language string, target *forecast.Target, score *churnv1.Score, list []Contribution, most int) (headline string, reasons []Sentence)
	// Warning says what a warning saw.
	Warning(language string, w *forecast.Warning, evidence []Evidence) string
}

// Sentence is one reason.
type Sentence struct {
	Text string
	// Features are those that it is of, and Phi what they add together.
	Features []string
	Phi      float64
}

// explain says why a customer's score of a target is what it is.
func (s *Service) explain(r read, target int, language string, limit int) (out *churnv1.ExplainResponse, err error) {
	err = s.with(r, func(j *judge, v *verdict) {
		out = &churnv1.ExplainResponse{CustomerId: r.id, Score: s.book.score(&v.seats[target])}
		if v.seats[target].of == nil {
			return
		}
		t := &s.book.set.Targets[target]
		_, base, list := j.panels[r.record.workspace].seats[target].champion.Explain(j.cells)
		slices.SortStableFunc(list, func(a, b Contribution) int { return cmp.Compare(math.Abs(b.Phi), math.Abs(a.Phi)) })
		out.Base = base
		var reasons []Sentence
		out.Headline, reasons = s.deps.Words.Explain(language, t, out.GetScore(), list, limit)
		all, total := 0.0, 0.0
		for _, c := range list {
			all, total = all+c.Phi, total+math.Abs(c.Phi)
		}
		for _, x := range reasons {
			out.Reasons = append(out.Reasons, &churnv1.Reason{Text: x.Text, Features: x.Features, Contribution: x.Phi, Share: share(x.Phi, total)})
			all -= x.Phi
		}
		out.Rest = all
		for _, f := range v.found {
			if i, ok := s.book.places[f.Name]; ok {
				out.Warnings = append(out.Warnings, s.deps.Words.Warning(language, &s.book.set.Warnings[i], f.Evidence))
			}
		}
	})
	return out, err
}

func share(phi, total float64) float64 {
	if total == 0 {
		return 0
	}
	return math.Abs(phi) / total
}
