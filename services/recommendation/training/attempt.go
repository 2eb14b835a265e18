package training

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/pkg/trainer"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	"github.com/freshet/freshet/services/recommendation/bundle"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/judge"
	"github.com/freshet/freshet/services/recommendation/rank"
)

// attempt is one training of one workspace.
type attempt struct {
	*Service
	workspace, trigger string
	tell               tell

	heap     heap
	span     Span
	champion *modelv1.Version
	old      *Parts // the champion's
	unread   error  // why the champion cannot be compared
	cutMs    int64
	judged   *Parts
	trials   []*trial
	card     *Card
	// byPopularity and byChampion are how the new models compare.
	byPopularity, byChampion []Verdict
	parts                    *Parts
}

// all makes a version and decides about it.
func (a *attempt) all(ctx context.Context) (trainer.Made, error) {
	all, from := a.tell.onward(), 0.
	for _, step := range []struct {
		do func(context.Context) error
		to float64 // about which share of the work is done with it
	}{{a.read, .03}, {a.fitJudged, .37}, {a.judge, .57}, {a.compare, .62}, {a.fitAll, .98}} {
		a.tell = all.part(from, step.to)
		if err := step.do(ctx); err != nil {
			return trainer.Made{}, err
		}
		from = step.to
	}
	a.tell = all.part(from, 1)
	v, err := a.keep(ctx)
	if err != nil {
		return trainer.Made{}, err
	}
	return a.trainer.Decide(ctx, v, a.cfg.KeepChampion, func(context.Context) (bool, string) { return a.better() })
}

// read reads what is learnt from.
func (a *attempt) read(ctx context.Context) error {
	to := a.now()
	from := to.Add(-a.cfg.Span)
	n, err := a.deps.Touches.Count(ctx, a.workspace, from, to)
	if err != nil {
		return err
	}
	n = min(n, a.cfg.MaxTouches)
	done := 0
	a.tell("reading touches", 0, int(n))
	err = a.deps.Touches.Read(ctx, a.workspace, from, to, a.cfg.MaxTouches, func(t Touch) error {
		a.heap.add(t)
		if done++; done%100_000 == 0 {
			a.tell("reading touches", done, int(n))
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	a.span = Span{FromMs: from.UnixMilli(), ToMs: to.UnixMilli(), Touches: int64(len(a.heap.touches)), Visitors: int64(a.heap.customers.Len())}
	if len(a.heap.touches) > 0 {
		a.span.FromMs = a.heap.touches[0].at
	}
	return a.enough()
}

// enough says where there is too little.
func (a *attempt) enough() error {
	g := a.heap.before(math.MaxInt64)
	visits, customers := several(g.Visits), several(g.Customers)
	if max(visits, customers) < a.cfg.MinVisits {
		return trainer.TooLittle{Words: fmt.Sprintf("%d visits with two items and %d customers with two items; %d of either are needed", visits, customers, a.cfg.MinVisits)}
	}
	return nil
}

// fitJudged fits the models that are judged: to what lies before the cut.
func (a *attempt) fitJudged(ctx context.Context) error {
	a.readChampion(ctx)
	known := int64(0)
	if a.old != nil {
		known = a.champion.GetToMs()
	}
	for {
		if err := a.divide(known); err != nil {
			return trainer.TooLittle{Words: err.Error()}
		}
		n := a.cases()
		if known == 0 || n >= fewest {
			break
		}
		if err := a.nothingNew(n); err != nil {
			return err
		}
		a.unread, a.old, known = fmt.Errorf("there are %d cases behind all that it has learnt from, %d are needed", n, fewest), nil, 0
	}
	if a.old != nil {
		a.heap.on(a.old.learner, known, a.cutMs)
	}
	return a.fitTo(ctx, a.cutMs)
}

// divide finds the cut, behind a champion's knowledge, and what judges. When what is live has drifted away from the champion, half of what came since is learnt from: else there would be
// nothing that a new model knows and the champion does not.
func (a *attempt) divide(known int64) (err error) {
	if a.cutMs, err = a.heap.cut(a.cfg.Share, known); err != nil {
		return err
	}
	a.prepare(a.cutMs)
	if a.trigger != trainer.ForDrift || known == 0 {
		return nil
	}
	whole, trials := a.cutMs, a.trials
	if a.cutMs = max(a.cutMs, a.heap.middle(known)); a.cutMs == whole {
		return nil
	}
	if a.prepare(a.cutMs); a.cases() < fewest {
		a.cutMs, a.trials = whole, trials
	}
	return nil
}

// prepare finds what judges.
func (a *attempt) prepare(cutMs int64) { a.trials = a.heap.trials(cutMs, a.deps.Ranking != nil) }

// fitTo fits what is judged to what lies before a time.
func (a *attempt) fitTo(ctx context.Context, ms int64) (err error) {
	if a.cases() == 0 {
		return trainer.TooLittle{Words: fmt.Sprintf("of %d touches none is left to judge models by", len(a.heap.touches))}
	}
	if a.judged, err = a.heap.fit(ctx, a.cfg, ms, a.tell.part(0, .4)); err != nil {
		return err
	}
	return a.ranker(ctx, a.judged, a.taught(false), a.tell.part(.4, 1))
}

// cases is how many there are in the trial that has most.
func (a *attempt) cases() (n int) {
	for _, t := range a.trials {
		n = max(n, len(t.set.Cases))
	}
	return n
}

// readChampion reads what serves, to compare with.
func (a *attempt) readChampion(ctx context.Context) {
	if a.champion = a.trainer.Champion(a.workspace, Model); a.champion == nil {
		return
	}
	a.tell("reading the champion", 0, 1)
	files := map[string][]byte{}
	for _, f := range a.champion.GetFiles() {
		if strings.HasPrefix(f.GetName(), "card.") {
			continue
		}
		if files[f.GetName()], a.unread = a.deps.Registry.File(ctx, a.champion, f.GetName()); a.unread != nil {
			return
		}
	}
	a.old, a.unread = a.heap.open(files)
}

// judge says what every model is worth beside popularity.
func (a *attempt) judge(ctx context.Context) error {
	a.card = &Card{Workspace: a.workspace, Made: a.now(), Code: service.BuildVersion(), Trigger: a.trigger, Span: a.span, CutMs: a.cutMs}
	for i, t := range a.trials {
		n := float64(len(a.trials))
		if err := a.judgeBy(ctx, t, a.tell.part(float64(i)/n, float64(i+1)/n)); err != nil {
			return err
		}
	}
	return nil
}

// judgeBy judges by one protocol.
func (a *attempt) judgeBy(ctx context.Context, t *trial, tell tell) error {
	list, name, err := a.listed(t.Protocol, a.judged)
	if err != nil {
		return err
	}
	var models []judge.Model
	for _, s := range a.judged.sources() {
		models = append(models, a.heap.judged(s.Name, s.Source))
	}
	if name == ranked {
		models = append(models, a.heap.judged(name, list))
	}
	asked, last := 0, ""
	rows, err := judge.Judge(ctx, t.set, models, judge.Options{Seed: seed, Progress: func(model string, done, of int) {
		if model != last {
			asked, last = asked+1, model
		}
		tell("judging by "+t.Protocol+": "+model, (asked-1)*of+done, len(models)*of)
	}})
	if err != nil {
		return err
	}
	a.card.take(t, rows)
	row := func(name string) *judge.Row {
		return &rows[slices.IndexFunc(rows, func(r judge.Row) bool { return r.Name == name })]
	}
	t.list = row(name)
	v, err := t.verdict(t.list, row(candidate.Popular.String()))
	a.byPopularity = append(a.byPopularity, v)
	return err
}

// facts are what is known of items, for the ranker: what the catalogue says now. Which price, and whether it was in stock, an item had when a question was asked nobody wrote down.
func (a *attempt) facts() rank.Facts {
	if a.deps.Item == nil {
		return rank.Facts{}
	}
	return rank.Facts{Catalogue: func(item int32) *catalogue.Item { return a.deps.Item(a.workspace, a.heap.items.Text(item)) }}
}

// compare asks the champion the same cases.
func (a *attempt) compare(ctx context.Context) error {
	if a.old == nil {
		return nil
	}
	for i, t := range a.trials {
		if len(t.set.Cases) < fewest {
			continue
		}
		list, _, err := a.listed(t.Protocol, a.old)
		if err != nil {
			a.unread = err
			return nil
		}
		rows, err := judge.Judge(ctx, t.set, []judge.Model{a.heap.judged("the champion", list)}, judge.Options{Seed: seed, Progress: func(_ string, done, of int) {
			a.tell("comparing with the champion", i*of+done, len(a.trials)*of)
		}})
		if err != nil {
			return err
		}
		v, err := t.verdict(t.list, &rows[0])
		if err != nil {
			return err
		}
		a.byChampion = append(a.byChampion, v)
	}
	return nil
}

// fitAll fits anew what is put: to all there is. The ranker learns from all judged questions, with the models that had not seen them.
func (a *attempt) fitAll(ctx context.Context) (err error) {
	if a.parts, err = a.heap.fit(ctx, a.cfg, math.MaxInt64, a.tell.part(0, .3)); err != nil {
		return err
	}
	if err := a.ranker(ctx, a.judged, a.taught(true), a.tell.part(.3, 1)); err != nil {
		return err
	}
	for name, data := range a.judged.Extra {
		a.parts.file(name, data)
	}
	return a.extra()
}

// extra is told what customers bought and gave back.
func (a *attempt) extra() error {
	if a.deps.Extra == nil {
		return nil
	}
	var all []Purchase
	for _, t := range a.heap.touches {
		if (t.kind == bought || t.kind == returned) && !t.anonymous {
			all = append(all, Purchase{Customer: t.customer, Item: t.item, AtMs: t.at, Quantity: t.quantity, Order: uint64(t.order + 1), Return: t.kind == returned})
		}
	}
	files, err := a.deps.Extra(a.workspace, a.parts.Items, all)
	if err != nil {
		return fmt.Errorf("find when things are bought again: %w", err)
	}
	for name, data := range files {
		a.parts.file(name, data)
	}
	return nil
}

// keep keeps the models as a version.
func (a *attempt) keep(ctx context.Context) (*modelv1.Version, error) {
	a.tell("keeping the version", 0, 1)
	a.parts.Span = bundle.Span{FromMs: a.span.FromMs, ToMs: a.span.ToMs - 1, Touches: a.span.Touches, Visitors: a.span.Visitors} // a bundle's has its end
	files, err := bundle.Write(a.parts.Parts)
	if err != nil {
		return nil, err
	}
	a.card.Popularity, a.card.Champion, a.card.Unfit = a.byPopularity, a.byChampion, a.unfit()
	a.card.Notes = append(a.card.Notes, a.parts.Notes...)
	a.card.about(a.parts)
	if err := a.card.files(files); err != nil {
		return nil, err
	}
	return a.deps.Registry.Put(ctx, &modelv1.Version{
		Workspace: a.workspace, Name: Model, FromMs: a.span.FromMs, ToMs: a.span.ToMs, CutMs: a.cutMs, Rows: a.span.Touches, Customers: int64(len(a.parts.Groups.Customers)),
		Metrics: a.card.metrics(), Family: a.card.Family, Settings: a.card.Settings, Code: a.card.Code, Trigger: a.trigger, Unfit: a.card.Unfit,
	}, files)
}
