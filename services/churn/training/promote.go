package training

import (
	"context"
	"fmt"
	"time"

	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/pkg/trainer"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
)

// fewest is how many of the jury there must be for a comparison.
const fewest = 50

// decide has a new version serve, or keeps it in the shadow, and says why in words.
func (a *attempt) decide(ctx context.Context, v *modelv1.Version) (trainer.Made, error) {
	return a.trainer.Decide(ctx, v, a.cfg.KeepChampion, a.better)
}

// better says whether the new model is to serve: as the first one, or in the champion's place.
func (a *attempt) better(ctx context.Context) (bool, string) {
	ok, base := beatsBase(a.judgement)
	champion := a.champion()
	if champion == nil || !ok {
		return ok, base
	}
	d, err := a.compare(ctx, champion)
	old := a.cfg.MaxAge > 0 && a.now().Sub(time.UnixMilli(champion.GetMadeMs())) > a.cfg.MaxAge
	switch {
	case err != nil && old:
		return true, fmt.Sprintf("the champion is older than %s, and cannot be compared: %v; %s", a.cfg.MaxAge, err, base)
	case err != nil:
		return false, "it cannot be compared with the champion: " + err.Error()
	case d.High < 0:
		return true, fmt.Sprintf("%s: better than the champion", a.words(d))
	case old && d.Low <= 0:
		return true, fmt.Sprintf("%s: not worse by more than chance than the champion, which is older than %s", a.words(d), a.cfg.MaxAge)
	}
	return false, fmt.Sprintf("%s: not better than the champion by more than chance", a.words(d))
}

func (a *attempt) words(d Difference) string {
	return fmt.Sprintf("on %d customers that neither learnt from, at %s, its %s less the champion's is %.4f (%.4f to %.4f)", len(a.split.jury.Y), a.split.date.UTC().Format(time.DateOnly),
		lossOf(a.set.Table.Kind).words, d.Value, d.Low, d.High)
}

func (a *attempt) amounts() bool { return a.target.Outcome == forecast.Sum }

// champion is the version that serves; nil when none does.
func (a *attempt) champion() *modelv1.Version { return a.trainer.Champion(a.workspace, a.target.Name) }

// compare judges the champion and the new model by the jury.
func (a *attempt) compare(ctx context.Context, champion *modelv1.Version) (Difference, error) {
	if n := len(a.split.jury.Y); n < fewest {
		return Difference{}, fmt.Errorf("there are %d customers that neither learnt from, %d are needed", n, fewest)
	}
	said, err := a.says(ctx, champion)
	if err != nil {
		return Difference{}, err
	}
	return a.deps.Learner.Compare(a.amounts(), a.split.jury.Y, said, a.said, seed)
}

// says is what a version says of the jury.
func (a *attempt) says(ctx context.Context, v *modelv1.Version) ([]float64, error) {
	data, err := a.deps.Registry.File(ctx, v, ModelFile)
	if err != nil {
		return nil, fmt.Errorf("read version %s: %w", v.GetId(), err)
	}
	m, err := a.deps.Learner.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("read version %s: %w", v.GetId(), err)
	}
	// A column that the table left out, since it says the same of everybody, is one that the older model may take.
	said, err := m.Predict(a.set.Whole(a.split.jury.X, v.GetColumns()))
	if err != nil {
		return nil, fmt.Errorf("ask version %s: %w", v.GetId(), err)
	}
	return said, nil
}
