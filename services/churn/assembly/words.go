package assembly

import (
	"math"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/forecast"
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

// Languages is churn.Words'.
func (words) Languages() []string { return []string{"en", "zh"} }

func language(tag string) reasons.Language {
	l, err := reasons.ParseLanguage(tag)
	if err != nil {
		return reasons.English // whoever asks has been told which there are
	}
	return l
}

// Headline is churn.Words'.
func (w words) Headline(tag string, t *forecast.Target, score float64, _ string) string {
	return w.book.Headline(language(tag), reasons.TargetOf(t, 0), "", score)
}

// Sentences is churn.Words'.
func (w words) Sentences(tag string, t *forecast.Target, list []churn.Contribution, most int) []churn.Sentence {
	var all []reasons.Contribution
	for _, c := range list {
		all = append(all, reasons.Contribution{Column: c.Column, Number: c.Cell.Number, Text: c.Cell.Text, Missing: c.Cell.Text == "" && math.IsNaN(c.Cell.Number), Phi: c.Phi})
	}
	account := w.book.Sentences(language(tag), reasons.TargetOf(t, 0), all, most)
	var out []churn.Sentence
	for _, s := range account.All() {
		out = append(out, churn.Sentence{Text: s.Text, Features: s.Features, Phi: s.Phi})
	}
	return out
}

// Warning is churn.Words'.
func (w words) Warning(tag string, of *forecast.Warning, evidence []churn.Evidence) string {
	return w.book.Warning(language(tag), of, evidence)
}
