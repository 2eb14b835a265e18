package board

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/topics"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/learn"
	"github.com/freshet/freshet/services/recommendation/trend"
)

// Config of the boards.
type Config struct {
	// Dir holds copies of the model files that are in use. It may be lost at any time. Needed.
	Dir string `koanf:"-"`
	// Replay is how far back touches are read at a start: what is trending, and all that is live where there is no model. A minute to 14 days, which is what
	// touches.v1 keeps.
	Replay time.Duration `koanf:"replay"`
	// ReplayMost is how many touches are read at most, at a start and for a model that is promoted. 1,000 or more; a million takes some seconds.
	ReplayMost int64 `koanf:"replay_most"`
	// StartWithin is how long a start may keep the process unready. 1s or more.
	StartWithin time.Duration `koanf:"start_within"`
}

// Default suits one machine.
func Default() Config {
	return Config{Dir: "data/recommendation", Replay: 14 * 24 * time.Hour, ReplayMost: 3_000_000, StartWithin: time.Minute}
}

// Validate says what is wrong, by key.
func (c Config) Validate() error {
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New("dir: a folder is needed"))
	}
	if c.Replay < time.Minute || c.Replay > topics.Touches.Retention {
		errs = append(errs, fmt.Errorf("replay: %v: want 1m to %v", c.Replay, topics.Touches.Retention))
	}
	if c.ReplayMost < 1000 {
		errs = append(errs, fmt.Errorf("replay_most: %d: want 1000 or more", c.ReplayMost))
	}
	if c.StartWithin < time.Second {
		errs = append(errs, fmt.Errorf("start_within: %v: want 1s or more", c.StartWithin))
	}
	return errors.Join(errs...)
}

// Registry is what boards need of package model's.
type Registry interface {
	// State is which versions of a model are live; nil before the first.
	State(workspace, name string) *modelv1.State
	// Versions are a model's, the newest first.
	Versions(workspace, name string) []*modelv1.Version
	// File reads a file of a version, its hash checked.
	File(ctx context.Context, v *modelv1.Version, name string) ([]byte, error)
	// Changed tells that something is not what it was.
	Changed() <-chan struct{}
	// Ready is nil once everything that stands on the topic was read.
	Ready() error
}

// Decoder reads an extra file of a bundle, by the shelf's numbers.
type Decoder func(data []byte, shelf *catalogue.Shelf) (any, error)

// Deps are what the process gives. All are needed unless said otherwise.
type Deps struct {
	Logger *slog.Logger
	// Metrics takes the metrics; nil leaves them out.
	Metrics prometheus.Registerer
	// Broker has touches.v1.
	Broker *broker.Client
	// Registry says which version serves and has its files. It must run. Nil: there are no models, and what is live speaks.
	Registry Registry
	// Shelf gives a workspace's items.
	Shelf func(workspace string) *catalogue.Shelf
	// Decoders read the extra files of bundles by their names; Board.Part gives what they made. Others stay bytes. May be nil.
	Decoders map[string]Decoder
	// Learn and Trend are the settings of what learns live where no model brings its own. Zero means the packages' Default.
	Learn *learn.Options
	Trend *trend.Options
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}
