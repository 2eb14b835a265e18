package training

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/trainer"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	"github.com/freshet/freshet/services/churn/pipeline"
)

// Registry keeps versions, what is live, and trainings.
type Registry = trainer.Registry

// Model is a trained one.
type Model interface {
	Encode() ([]byte, error)
	Predict(x *frame.Frame) ([]float64, error)
}

// Learner makes models: package pipeline does.
type Learner interface {
	// Judge says what models of a table are worth, and gives the one to use.
	Judge(ctx context.Context, t *pipeline.Table, o pipeline.Options) (*pipeline.Judgement, Model, error)
	Decode(data []byte) (Model, error)
	// Compare is the challenger's loss less the champion's, on the same rows, and where that lies at 95 %: log-loss of probabilities, absolute errors of
	// amounts. Below 0 the challenger is better.
	Compare(amounts bool, y, champion, challenger []float64, seed uint64) (Difference, error)
}

// Difference is a challenger's loss less a champion's, and between what it lies with 95 % confidence: below 0 the challenger is better.
type Difference struct{ Value, Low, High float64 }

// Profile writes what rows looked like, and what the model said of rows that it had not learnt from: profile.json.
type Profile func(scores []float64, rows *frame.Frame) ([]byte, error)

// Drift says how far a version's live customers are from those of its training, and by what, in words; acts says that it is more than chance and limits.
type Drift func(ctx context.Context, workspace string, target int, version string) (words string, acts bool)

// Deps are what the process gives.
type Deps struct {
	Logger   *slog.Logger
	Registry Registry
	Learner  Learner
	Profile  Profile
	// Drift is nil where nobody counts.
	Drift    Drift
	Features featurev1.FeatureServiceClient
	// Catalog is the feature service's; Forecasts are over it.
	Catalog   *catalog.Catalog
	Forecasts *forecast.Set
	// Owner says that this process is the one that trains. It may change at any time.
	Owner func() bool
	// Name names this process, and no other, nor itself started anew.
	Name string
	// Workspaces are those that have customers; nil means the default one alone.
	Workspaces func() []string
	// Published is how many feature sets were ever published: a look costs a reading of all facts, and is not worth it while nothing comes. Nil looks always.
	Published func(ctx context.Context) (int64, error)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

func (d Deps) check() error {
	if d.Logger == nil || d.Registry == nil || d.Learner == nil || d.Profile == nil || d.Features == nil || d.Catalog == nil || d.Forecasts == nil || d.Owner == nil || d.Name == "" {
		return errors.New("training: a logger, registry, learner, profile, features, catalogue, forecasts, owner and name are needed")
	}
	return nil
}
