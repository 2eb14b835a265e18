package training

import (
	"context"
	"fmt"
	"math"

	"github.com/freshet/freshet/services/recommendation/als"
	"github.com/freshet/freshet/services/recommendation/associate"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/ease"
	"github.com/freshet/freshet/services/recommendation/interaction"
	"github.com/freshet/freshet/services/recommendation/neighbours"
	"github.com/freshet/freshet/services/recommendation/popular"
	"github.com/freshet/freshet/services/recommendation/session"
)

// fit makes the models of groups. The same groups and settings give the same models.
func fit(ctx context.Context, c Config, items []string, g *Groups, tell func(what string, done, of int)) (*Parts, error) {
	p := &Parts{Items: items, Popular: g.Popular, Groups: g}
	tell("fitting visits", 0, 1)
	var err error
	if p.Session, err = session.New(session.Default()); err != nil {
		return nil, err
	}
	for i := range g.Visits {
		p.Session.Add(g.Visits[i].Items)
	}
	viewed := neighbours.Default()
	viewed.Fade = .5
	for _, x := range []struct {
		to     **neighbours.Index
		o      neighbours.Options
		groups []Group
	}{{&p.Viewed, viewed, g.Visits}, {&p.Bought, neighbours.Default(), g.Bought}, {&p.Together, neighbours.Default(), g.Baskets}} {
		if *x.to, err = near(ctx, x.o, x.groups); err != nil {
			return nil, err
		}
	}
	if err := p.tastes(ctx, c, g, tell); err != nil {
		return nil, err
	}
	tell("looking for rules", 0, 1)
	return p, p.rule(ctx, c, g.Baskets)
}

// near makes neighbours of groups.
func near(ctx context.Context, o neighbours.Options, groups []Group) (*neighbours.Index, error) {
	x, err := neighbours.New(o)
	if err != nil {
		return nil, err
	}
	for i := range groups {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for place, item := range groups[i].Items {
			x.Observe("", item, groups[i].At[place])
		}
		x.Close("")
	}
	return x, nil
}

// tastes fits EASE, or ALS where there are too many items for it.
func (p *Parts) tastes(ctx context.Context, c Config, g *Groups, tell func(string, int, int)) error {
	var histories [][]int32
	touched := map[int32]bool{}
	for i := range g.Customers {
		if items := interaction.Distinct(g.Customers[i].Items); len(items) > 1 {
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
		o.MaxItems = c.MaxEASE
		m, err := ease.Fit(ctx, histories, len(p.Items), o)
		if err != nil {
			return fmt.Errorf("fit EASE to %d customers: %w", len(histories), err)
		}
		p.Taste = m
		return nil
	}
	o := als.Default()
	o.Workers, o.Progress = c.Workers, func(done, of int) { tell("fitting tastes", done, of) }
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
func (p *Parts) rule(ctx context.Context, c Config, groups []Group) error {
	var baskets [][]int32
	for i := range groups {
		baskets = append(baskets, interaction.Distinct(groups[i].Items))
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

// ofVisits are the sources that are asked with a visit.
func (p *Parts) ofVisits() []Named {
	var out []Named
	if p.Session != nil {
		out = append(out, Named{candidate.Session.String(), p.Session})
	}
	if p.Viewed != nil {
		out = append(out, Named{candidate.AlsoViewed.String(), p.Viewed})
	}
	if p.Together != nil {
		out = append(out, Named{candidate.Together.String(), p.Together})
	}
	if len(p.Rules) > 0 {
		out = append(out, Named{candidate.Rule.String(), associate.NewBook(p.Rules)})
	}
	return append(out, Named{candidate.Again.String(), popular.Again{}}, Named{candidate.Popular.String(), popular.New(p.Popular)})
}

// ofCustomers are those that are asked with all that a customer ever touched.
func (p *Parts) ofCustomers() []Named {
	var out []Named
	if p.Taste != nil {
		out = append(out, Named{candidate.Taste.String(), p.Taste})
	}
	if p.Bought != nil {
		out = append(out, Named{candidate.AlsoBought.String(), p.Bought})
	}
	return append(out, Named{candidate.Popular.String(), popular.New(p.Popular)})
}
