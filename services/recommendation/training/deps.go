package training

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/freshet/freshet/pkg/trainer"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/bundle"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/rank"
)

// Model is what versions of recommendation are called.
const Model = bundle.Model

// The files of a version that are made here, beside those of the bundle.
const (
	RankerFile  = "ranker.bin"
	CyclesFile  = "cycles.json"
	SeasonsFile = "seasons.json"
)

// Touch is one thing that a visitor did with one item, as it counts today: not undone, with the id that the customer has now.
type Touch struct {
	Customer, Item string
	// Kind is a word of dw.touches: view, click, cart, uncart, wish, buy, return, rate.
	Kind  string
	AtMs  int64
	Order string
	// Quantity in millionths of a unit.
	Quantity  int64
	Anonymous bool
}

// Touches reads dw.touches.
type Touches interface {
	// Count is how many there are of a workspace from one time to before another.
	Count(ctx context.Context, workspace string, from, to time.Time) (int64, error)
	// Read tells them, oldest first. Of more than most the newest are told.
	Read(ctx context.Context, workspace string, from, to time.Time, most int64, take func(Touch) error) error
}

// Span says what was learnt from: every touch with FromMs <= at < ToMs that was there.
type Span struct {
	FromMs   int64 `json:"from_ms"`
	ToMs     int64 `json:"to_ms"`
	Touches  int64 `json:"touches"`
	Visitors int64 `json:"visitors"`
}

// Ranking puts what several sources propose into one order: package rank does.
type Ranking interface {
	// Train makes a ranker's file of questions with what came, oldest first. errors.Is ErrTooFew: there is too little to learn from, and none is needed.
	Train(ctx context.Context, sources []rank.Named, facts rank.Facts, questions int, question func(i int) (*ask.Ask, []int32), progress func(done, of int)) ([]byte, error)
	// Over asks sources and ranks what they say; without a file by where they put it.
	Over(sources []rank.Named, facts rank.Facts, file []byte) (ask.Source, error)
}

// ErrTooFew is Ranking.Train's: too few questions.
var ErrTooFew = errors.New("too few questions to learn an order from")

// Purchase is something that a customer bought, or gave back.
type Purchase struct {
	Customer, Item int32
	AtMs           int64
	// Quantity in millionths of a unit.
	Quantity int64
	// Order is a number for the order, from 1; 0 where the touch names none.
	Order  uint64
	Return bool
}

// Deps are what the process gives. Ranking, Item, Extra, Workspaces and Now may be nil.
type Deps struct {
	Logger   *slog.Logger
	Registry trainer.Registry
	Touches  Touches
	// Ranking, where it is nil, is not trained: visits are judged by their sessions alone, customers by their tastes.
	Ranking Ranking
	// Item is what the catalogue says of an item now; nil: nothing.
	Item func(workspace, id string) *catalogue.Item
	// Extra makes the files that others read, by name, of what customers bought and gave back: when things are bought again, and at which time of the year. Oldest first.
	Extra func(workspace string, items []string, bought []Purchase) (map[string][]byte, error)
	// Owner says that this process is the one that trains. It may change at any time.
	Owner func() bool
	// Name names this process, and no other, nor itself started anew.
	Name string
	// Workspaces are those that have visitors; nil means the default one alone.
	Workspaces func() []string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

func (d Deps) check() error {
	if d.Logger == nil || d.Registry == nil || d.Touches == nil || d.Owner == nil || d.Name == "" {
		return errors.New("training: a logger, registry, touches, owner and name are needed")
	}
	return nil
}
