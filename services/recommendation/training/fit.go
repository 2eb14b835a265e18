package training

import (
	"context"
	"fmt"
	"math"

	"github.com/freshet/freshet/services/recommendation/als"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/associate"
	"github.com/freshet/freshet/services/recommendation/board"
	"github.com/freshet/freshet/services/recommendation/bundle"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/ease"
	"github.com/freshet/freshet/services/recommendation/interaction"
	"github.com/freshet/freshet/services/recommendation/learn"
	"github.com/freshet/freshet/services/recommendation/rank"
)

// Parts are the models of one version. Items have the numbers of the heap.
type Parts struct {
	bundle.Parts
	// Groups is what tastes and rules were fitted on; nil of a version that was read.
	Groups *Groups
	// Notes are what a reader of the card should know.
	Notes   []string
	learner *learn.Learner
	board   *board.Board
}

// fit makes the models of what lies before a time. The same touches and settings give the same models.
func (h *heap) fit(ctx context.Context, c Config, ms int64, tell tell) (*Parts, error) {
	p := &Parts{Groups: h.before(ms)}
	p.Items = h.texts()
	l, err := h.learner(ctx, ms, func(done, of int) { tell.part(0, .3)("learning from touches", done, of) })
	if err != nil {
		return nil, err
	}
	l.Fill(&p.Parts)
	if err := p.tastes(ctx, c, tell.part(.3, .9)); err != nil {
		return nil, err
	}
	tell.part(.9, 1)("looking for rules", 0, 1)
	if err := p.rule(ctx, c); err != nil {
		return nil, err
	}
	p.stand(l)
	return p, nil
}

// numbers are a heap's, as bundle.Read asks for them.
type numbers func(string) int32

// Ensure implements bundle.Numberer.
func (n numbers) Ensure(id string) (int32, bool) { return n(id), true }

// open reads the files of a version as a board does.
func (h *heap) open(files map[string][]byte) (*Parts, error) {
	read, err := bundle.Read(files, numbers(h.items.ID))
	if err != nil {
		return nil, err
	}
	l, err := learn.Resume(read, learn.Default())
	if err != nil {
		return nil, err
	}
	p := &Parts{Parts: *read}
	p.stand(l)
	return p, nil
}

// stand puts the parts up to be asked.
func (p *Parts) stand(l *learn.Learner) {
	p.learner, p.board = l, board.Still(l, p.Taste, p.Rules, p.Baskets)
}

// tastes fits EASE, or ALS where there are too many items for it.
func (p *Parts) tastes(ctx context.Context, c Config, tell tell) error {
	var histories [][]int32
	touched := map[int32]bool{}
	for i := range p.Groups.Customers {
		if items := interaction.Distinct(p.Groups.Customers[i].Items); len(items) > 1 {
			histories = append(histories, items)
			for _, item := range items {
				touched[item] = true
			}
		}
	}
	if len(histories) == 0 {
		return nil
	}
	tell("fitting tastes", 0, 1)
	if len(touched) <= c.MaxEASE {
		o := ease.Default()
		o.MaxItems, o.Workers = c.MaxEASE, c.Cores()
		m, err := ease.Fit(ctx, histories, len(p.Items), o)
		if err != nil {
			return fmt.Errorf("fit EASE to %d customers: %w", len(histories), err)
		}
		p.Taste = m
		return nil
	}
	o := als.Default()
	o.Workers, o.Progress = c.Cores(), func(done, of int) { tell("fitting tastes", done, of) }
	m, err := als.Fit(ctx, histories, len(p.Items), o)
	if err != nil {
		return fmt.Errorf("fit ALS to %d customers: %w", len(histories), err)
	}
	p.Taste = m
	return nil
}

// fewestTogether is how many baskets a rule's items must be in at least, whatever the share: two that met by chance are no rule.
const fewestTogether = 5

// rule finds the association rules of baskets.
func (p *Parts) rule(ctx context.Context, c Config) error {
	var baskets [][]int32
	for i := range p.Groups.Baskets {
		baskets = append(baskets, interaction.Distinct(p.Groups.Baskets[i].Items))
	}
	if p.Baskets = len(baskets); p.Baskets < fewestTogether {
		return nil
	}
	o := associate.Default()
	o.MinSupport = math.Min(1, max(c.RuleSupport, fewestTogether/float64(len(baskets))))
	sets, err := associate.Mine(ctx, baskets, o)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil { // too many sets: the other models do not wait for a better setting
		p.Notes = append(p.Notes, fmt.Sprintf("There are no association rules: %v. Raise rule_support.", err))
		return nil
	}
	p.Rules, err = associate.Rules(sets, len(baskets), associate.RuleOptions{MinConfidence: c.RuleConfidence})
	if err != nil {
		return fmt.Errorf("find rules of %d baskets: %w", len(baskets), err)
	}
	return nil
}

// sources are all that the parts can be asked, each as a board that serves asks it.
func (p *Parts) sources() []rank.Named {
	var out []rank.Named
	for _, name := range board.Names() {
		if s := p.board.Source(name); s != nil {
			out = append(out, rank.Named{Name: name, Source: s, Weight: 1})
		}
	}
	return out
}

// source is one of them; nil: there is none.
func (p *Parts) source(kind candidate.Kind) ask.Source { return p.board.Source(kind.String()) }

// file adds one that others read.
func (p *Parts) file(name string, data []byte) {
	if p.Extra == nil {
		p.Extra = map[string][]byte{}
	}
	p.Extra[name] = data
}
