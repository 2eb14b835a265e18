package assembly

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/freshet/freshet/pkg/stream"
	"github.com/freshet/freshet/services/recommendation"
	"github.com/freshet/freshet/services/recommendation/board"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/loop"
	"github.com/freshet/freshet/services/recommendation/need"
	"github.com/freshet/freshet/services/recommendation/repurchase"
	"github.com/freshet/freshet/services/recommendation/training"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// Config is everything that the service can be told.
type Config struct {
	Answers recommendation.Config `koanf:",squash"`
	Places  Places                `koanf:",squash"`
	// Catalogue is what can be recommended.
	Catalogue catalogue.Config `koanf:"catalogue"`
	// Visitors is what is kept of visitors.
	Visitors visitor.Config `koanf:"visitors"`
	// Loop is what became of lists.
	Loop loop.Config `koanf:"loop"`
	// Boards are the models as they serve.
	Boards board.Config `koanf:"boards"`
	// Training says when models are trained, of what, and which may serve by themselves.
	Training training.Config `koanf:"training"`
	// Needs says when somebody needs something.
	Needs need.Config `koanf:"needs"`
	// Repurchase says when something is used up.
	Repurchase repurchase.Config `koanf:"repurchase"`
}

// Places are where things lie, for all rooms of the service.
type Places struct {
	// Dir holds the partitions' local stores, and copies of the model files that are in use. It may be lost at any time. Needed.
	Dir string `koanf:"dir"`
	// Bucket is where model files are kept, the same for all replicas: a folder, or a URL such as s3://bucket/prefix, gs://bucket/prefix or
	// azblob://container/prefix. Needed.
	Bucket string `koanf:"bucket"`
	// Pace is the longest that a record waits for others to share its commit, at each stage. A lone one does not wait. More is cheaper and later. 0 to 1s; 0: nothing waits.
	Pace time.Duration `koanf:"pace"`
	// DatabasePrefix stands before dw and dm in ClickHouse, the same as the warehouse's.
	DatabasePrefix string `koanf:"database_prefix"`
}

// Default suits one machine.
func Default() Config {
	return Config{
		Answers: recommendation.Default(), Places: DefaultPlaces(), Catalogue: catalogue.Default(), Visitors: visitor.Default(), Loop: loop.Default(),
		Boards: board.Default(), Training: training.Default(), Needs: need.DefaultConfig(), Repurchase: repurchase.DefaultConfig(),
	}
}

// DefaultPlaces suit one machine.
func DefaultPlaces() Places {
	return Places{Dir: "data/recommendation", Bucket: "data/models", Pace: stream.DefaultPace}
}

// placed gives each room its place.
func (c Config) placed() Config {
	c.Catalogue.Dir, c.Visitors.Dir = filepath.Join(c.Places.Dir, "items"), filepath.Join(c.Places.Dir, "visitors")
	c.Loop.Dir, c.Boards.Dir = filepath.Join(c.Places.Dir, "loop"), filepath.Join(c.Places.Dir, "models")
	c.Catalogue.Pace, c.Visitors.Pace, c.Loop.Pace = c.Places.Pace, c.Places.Pace, c.Places.Pace
	return c
}

// Validate reports every fault under its key.
func (c Config) Validate() error {
	var faults []error
	if c.Places.Dir == "" {
		faults = append(faults, errors.New("dir: name a folder for the local stores"))
	}
	if c.Places.Bucket == "" {
		faults = append(faults, errors.New("bucket: name a folder or a URL for the model files"))
	}
	if err := stream.CheckPace(c.Places.Pace); err != nil {
		faults = append(faults, err)
	}
	faults = append(faults, c.Answers.Validate())
	c = c.placed()
	for _, room := range []struct {
		key string
		cfg interface{ Validate() error }
	}{
		{"catalogue", c.Catalogue}, {"visitors", c.Visitors}, {"loop", c.Loop}, {"boards", c.Boards}, {"training", c.Training}, {"needs", c.Needs},
		{"repurchase", c.Repurchase},
	} {
		if err := room.cfg.Validate(); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", room.key, err))
		}
	}
	return errors.Join(faults...)
}
