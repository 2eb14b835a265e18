package assembly

import (
	"math"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/forecast"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	"github.com/freshet/freshet/services/churn"
	"github.com/freshet/freshet/services/churn/reasons"
)

// words are package reasons as churn takes it.
type words struct{ book *reasons.Book }

func newWords(c *catalog.Catalog) (churn.Words, error) {
	b, err := reasons.New(c, "") // amounts are in the workspace's currency, which is not told here
	if err != nil {
		return nil, err
	}
	return words{b}, nil
}

// Check is churn.Words'.
func (words) Check(tag string) error {
	_, err := reasons.ParseLanguage(tag)
	return err
}

// language is one that Check has seen.
func language(tag string) reasons.Language {
	l, _ := reasons.ParseLanguage(tag)
	return l
}

// Explain is churn.Words'.
func (w words) Explain(tag string, t *forecast.Target, score *churnv1.Score, list []churn.Contribution, most int) (string, []churn.Sentence) {
	l, of := language(tag), reasons.TargetOf(t, 0)
	var all []reasons.Contribution
	for _, c := range list {
		all = append(all, reasons.Contribution{Column: c.Column, Number: c.Cell.Number, Text: c.Cell.Text, Phi: c.Phi,
			Missing: c.Cell.Text == "" && math.IsNaN(c.Cell.Number)})
	}
	account := w.book.Sentences(l, of, all, most)
	var out []churn.Sentence
	for _, s := range account.All() {
		out = append(out, churn.Sentence{Text: s.Text, Features: s.Features, Phi: s.Phi})
	}
	return w.book.Headline(l, of, "", score.GetValue()), out
}

// Warning is churn.Words'.
func (w words) Warning(tag string, of *forecast.Warning, evidence []churn.Evidence) string {
	return w.book.Warning(language(tag), of, evidence)
}
