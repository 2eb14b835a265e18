package training

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/pkg/service"
	"github.com/freshet/freshet/pkg/trainer"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	"github.com/freshet/freshet/services/churn/card"
	"github.com/freshet/freshet/services/churn/dataset"
	"github.com/freshet/freshet/services/churn/pipeline"
)

// The files of a version.
const (
	ModelFile   = "model.bin"
	ProfileFile = "profile.json"
	CardJSON    = trainer.CardJSON
	CardHTML    = trainer.CardHTML
	CardText    = trainer.CardText
)

// attempt is one training of one target.
type attempt struct {
	*Service
	workspace string
	place     int
	target    *forecast.Target
	tell      func(what string, done, of int)

	outlook   *dataset.Outlook
	set       *dataset.Set
	split     split
	judgement *pipeline.Judgement
	model     Model
	said      []float64 // of the jury
}

// make makes a version of a target and keeps it. A TooLittle says what is missing.
func (a *attempt) make(ctx context.Context, trigger string) (*modelv1.Version, error) {
	if err := a.read(ctx); err != nil {
		return nil, err
	}
	if err := a.judge(ctx); err != nil {
		return nil, err
	}
	return a.keep(ctx, trigger)
}

// seed is of whatever is drawn: the same history gives the same model.
const seed = 1

// judge makes a model of what was read, and says what it is worth.
func (a *attempt) judge(ctx context.Context) error {
	o := pipeline.Default()
	o.Gap, o.Workers, o.Progress, o.TestShare = a.target.Longest(), a.cfg.Workers, a.tell, judgedShare(a.split.learn.Times, a.target.Longest(), o.TestShare)
	o.Seed = seed
	var err error
	if a.judgement, a.model, err = a.deps.Learner.Judge(ctx, a.split.learn, o); err != nil {
		return fmt.Errorf("judge %d rows: %w", len(a.split.learn.Y), err)
	}
	if len(a.split.jury.Y) > 0 {
		if a.said, err = a.model.Predict(a.split.jury.X); err != nil {
			return fmt.Errorf("predict of the jury: %w", err)
		}
	}
	return nil
}

// keep keeps the model as a version.
func (a *attempt) keep(ctx context.Context, trigger string) (*modelv1.Version, error) {
	v := a.version(trigger)
	files, err := a.files()
	if err != nil {
		return nil, err
	}
	a.tell("keeping the version", 0, 1)
	return a.deps.Registry.Put(ctx, v, files)
}

// read reads what is learnt from.
func (a *attempt) read(ctx context.Context) error {
	r := a.reader(a.workspace)
	r.Progress = a.tell
	a.tell("looking what there is", 0, 1)
	var err error
	if a.outlook, err = r.Look(ctx, a.target); err != nil {
		return err
	}
	if a.outlook.Missing != "" {
		return trainer.TooLittle{Words: a.outlook.Missing}
	}
	if a.set, err = r.Make(ctx, a.place, a.outlook); err != nil {
		return err
	}
	a.split = splitOff(a.workspace, a.set)
	return a.labels()
}

// least is how many rows of each label a judgement needs.
const least = 30

// labels says where the labels have nothing to learn from.
func (a *attempt) labels() error {
	y := a.split.learn.Y
	seen := map[float64]int{}
	for _, v := range y {
		seen[v]++
	}
	days := int(a.target.Longest() / (24 * time.Hour))
	switch {
	case len(seen) < 2:
		return trainer.TooLittle{Words: fmt.Sprintf("the outcome of all %d rows is the same: %s rose within %d days for %s of them, and there is nothing to learn", len(y), a.target.Counts, days, a.howMany(seen))}
	case a.target.Outcome != forecast.Sum && min(seen[0], seen[1]) < least:
		return trainer.TooLittle{Words: fmt.Sprintf("%d of %d rows have the rarer outcome, %d are needed", min(seen[0], seen[1]), len(y), least)}
	}
	return nil
}

func (a *attempt) howMany(seen map[float64]int) string {
	rose := seen[1] > 0
	if a.target.Outcome == forecast.None {
		rose = seen[0] > 0
	}
	if rose {
		return "each"
	}
	return "none"
}

// judgedShare is how much of the rows is judged: the newest dates, as many as usual, but so few that there are dates a horizon before them to learn from, and
// one more before those to choose by.
func judgedShare(times []time.Time, horizon time.Duration, usual float64) float64 {
	dates := slices.CompactFunc(slices.Clone(times), time.Time.Equal) // they are in order
	for n := max(1, int(usual*float64(len(dates))+.5)); n > 1; n-- {
		if !dates[len(dates)-n].Add(-2 * horizon).Before(dates[0]) {
			return shareFrom(times, dates[len(dates)-n])
		}
	}
	return shareFrom(times, dates[len(dates)-1])
}

// shareFrom is the share of the rows from a date on.
func shareFrom(times []time.Time, from time.Time) float64 {
	n, _ := slices.BinarySearchFunc(times, from, time.Time.Compare)
	return min(max(float64(len(times)-n)/float64(len(times)), .001), .999)
}

// version is what is known of the model.
func (a *attempt) version(trigger string) *modelv1.Version {
	j, times := a.judgement, a.split.learn.Times
	v := &modelv1.Version{
		Workspace: a.workspace, Name: a.target.Name, FromMs: times[0].UnixMilli(), ToMs: times[len(times)-1].UnixMilli(), CutMs: unixMs(j.Cut),
		Rows: int64(len(times)), Customers: int64(a.split.customers), Base: j.BaseRate, Schema: a.set.Schema, Metrics: figuresOf(j), Family: j.Chosen, Settings: j.Settings,
		Code: service.BuildVersion(), Trigger: trigger, Unfit: a.unfit(), Mode: strings.ToLower(strings.TrimPrefix(a.set.Mode.String(), "HISTORY_MODE_")),
	}
	for i := range a.split.learn.X.Columns {
		v.Columns = append(v.Columns, a.split.learn.X.Columns[i].Name)
	}
	if a.target.Outcome != forecast.Sum {
		v.Bands = bandsOf(a.target, a.split, a.said)
	}
	return v
}

func unixMs(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// unfit says why a model may not serve; empty when it may.
func (a *attempt) unfit() string {
	switch {
	case constant(a.said):
		return "it says the same of everybody"
	case len(a.judgement.Warnings) > 0:
		return strings.Join(a.judgement.Warnings, "; ")
	}
	return ""
}

func constant(said []float64) bool {
	for _, p := range said {
		if math.Abs(p-said[0]) > 1e-9 {
			return false
		}
	}
	return len(said) > 1
}

// files are the version's.
func (a *attempt) files() (map[string][]byte, error) {
	out := map[string][]byte{}
	var err error
	if out[ModelFile], err = a.model.Encode(); err != nil {
		return nil, fmt.Errorf("encode the model: %w", err)
	}
	if out[ProfileFile], err = a.deps.Profile(a.said, a.newest()); err != nil {
		return nil, fmt.Errorf("describe the rows: %w", err)
	}
	c := a.card()
	var html, text bytes.Buffer
	if err := errors.Join(c.HTML(&html), c.Text(&text)); err != nil {
		return nil, fmt.Errorf("write the card: %w", err)
	}
	out[CardHTML], out[CardText] = html.Bytes(), text.Bytes()
	if out[CardJSON], err = json.MarshalIndent(c, "", "  "); err != nil {
		return nil, fmt.Errorf("write the card: %w", err)
	}
	return out, nil
}

// card says what the model is worth.
func (a *attempt) card() *card.Card {
	notes := []string{
		a.set.Why + ".",
		fmt.Sprintf("%.0f %% of the customers are never learnt from: on them models are compared with each other, %d of them at %s.", 100*juryShare, len(a.split.jury.Y), a.split.date.UTC().Format(time.DateOnly)),
	}
	return &card.Card{
		Table: "workspace " + a.workspace, Label: a.target.Name, One: a.target.Description, Made: a.now(), Code: service.BuildVersion(), Seed: seed,
		Notes: append(notes, a.set.Notes...), Judgement: a.judgement,
	}
}
