package card

import (
	_ "embed"
	"html/template"
	"io"
)

//go:embed card.html.tmpl
var page string

var tmpl = template.Must(template.New("card").Parse(page))

// block is a table of the page.
type block struct {
	Title string
	Head  []string
	Rows  [][]string
}

// HTML writes the card as a page.
func (c *Card) HTML(w io.Writer) error {
	pictures, err := c.pictures()
	if err != nil {
		return err
	}
	head, rows := c.families()
	blocks := []block{{"Beside each other", head, rows}, {"What moves it", []string{"column", "share", "direction"}, c.movers()}}
	if head, rows = c.weak(); len(rows) > 0 {
		blocks = append(blocks, block{"Where it is weak", head, rows})
	}
	if rows = c.drifts(); len(rows) > 0 {
		blocks = append(blocks, block{"Drift", []string{"date", "PSI"}, rows})
	}
	return tmpl.Execute(w, map[string]any{
		"Card": c, "Title": c.title(), "About": c.about(), "Figures": c.figures(), "Honest": c.honest(), "Blocks": blocks, "Pictures": pictures,
	})
}
