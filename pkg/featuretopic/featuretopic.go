// Package featuretopic is for those who read features.v1: it finds the layout by which a feature set is to be read, from the catalogues on
// features.catalog.v1. A reader that was started with the catalogue of the day still reads the sets of the day before, by name.
//
// Guarantee: a feature set's catalogue is on its topic before the set is on features.v1. Who does not know a set's schema is behind on the topic, and
// gets ErrUnknown until it has read on: it tries again (TestASetOfAnotherCatalogueIsReadByName).
package featuretopic

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// ErrUnknown says that a set's catalogue has not been read yet.
var ErrUnknown = errors.New("the catalogue of the feature set is not known yet")

// Key is the key of a catalogue on its topic.
func Key(schema uint64) []byte { return fmt.Appendf(nil, "%016x", schema) }

// All reads every catalogue that was ever on the topic. It waits out faults that pass, and ends with ctx (nil, nil).
func All(ctx context.Context, b *broker.Client) (all []*featurev1.Catalogue, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	log := b.Follow(ctx, broker.FollowConfig{Name: "feature.catalogues", Gaps: broker.GapRestart}, broker.Start{
		At: broker.TopicPartition{Topic: topics.FeatureCatalogue.Name}, Place: broker.Place{Offset: broker.First},
	})
	for {
		batch, err := log.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("read the catalogues: %w", err)
		}
		for _, r := range batch.Records {
			m := &featurev1.Catalogue{}
			if err := proto.Unmarshal(r.Value, m); err != nil {
				return nil, fmt.Errorf("decode the catalogue at offset %d: %w", r.Offset, err)
			}
			all = append(all, m)
		}
		if batch.Next >= batch.End {
			return all, nil
		}
	}
}

// Directory knows layouts by their fingerprint. Many goroutines may use it.
type Directory struct {
	mine *catalog.Layout

	mu    sync.RWMutex
	known map[uint64]reading
}

// reading is a layout, and where mine stands in it; nil when they are the same.
type reading struct {
	layout *catalog.Layout
	onto   []int
	// plain says that the layout is of customers who are still being filled.
	plain bool
}

// New knows the layout in which its reader asks.
func New(mine *catalog.Layout) *Directory {
	d := &Directory{mine: mine, known: map[uint64]reading{mine.Fingerprint: {layout: mine}}}
	d.learn(mine.Plain(), true)
	return d
}

// Vector is the values of a set, by the positions of the reader's own layout: what the set's catalogue does not have is absent.
func (d *Directory) Vector(schema uint64, values []byte) (catalog.Vector, error) {
	d.mu.RLock()
	r, ok := d.known[schema]
	d.mu.RUnlock()
	if !ok {
		return catalog.Vector{}, fmt.Errorf("%w: %016x", ErrUnknown, schema)
	}
	v := catalog.NewVector(r.layout, values)
	if r.onto != nil {
		v = v.Through(r.onto)
	}
	return v, nil
}

// Add makes another catalogue known.
func (d *Directory) Add(m *featurev1.Catalogue) error {
	c, err := catalog.Parse(nil, []byte(m.GetDefinitions()))
	if err != nil {
		return fmt.Errorf("read catalogue %016x: %w", m.GetSchema(), err)
	}
	l := c.Layout()
	if l.Fingerprint != m.GetSchema() {
		return fmt.Errorf("read catalogue %016x: its definitions make %016x", m.GetSchema(), l.Fingerprint)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.learn(l, false)
	d.learn(l.Plain(), true) // of customers who are still being filled
	return nil
}

// learn makes a layout known.
func (d *Directory) learn(l *catalog.Layout, plain bool) {
	if _, ok := d.known[l.Fingerprint]; !ok {
		d.known[l.Fingerprint] = reading{layout: l, onto: d.mine.Onto(l), plain: plain}
	}
}

// Has says whether sets of a schema say anything of a position of the reader's own layout: of one that they do not have, what is absent is not known, and not
// none. False for a schema that is not known.
func (d *Directory) Has(schema uint64, position int) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	r, ok := d.known[schema]
	return ok && (r.onto == nil || position < len(r.onto) && r.onto[position] >= 0)
}

// Plain says that sets of a schema are of customers who are still being filled from the facts: a number that is absent in one, where it would be zero in the usual
// layout, is not known yet (TestWhatIsNotFilledYetIsNotZero).
func (d *Directory) Plain(schema uint64) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.known[schema].plain
}

// Follow reads the catalogues until ctx ends (nil), and calls caughtUp once it has read all there are. One that cannot be read is logged and left out.
func (d *Directory) Follow(ctx context.Context, b *broker.Client, logger *slog.Logger, name string, caughtUp func()) error {
	log := b.Follow(ctx, broker.FollowConfig{Name: name, Gaps: broker.GapRestart}, broker.Start{
		At: broker.TopicPartition{Topic: topics.FeatureCatalogue.Name}, Place: broker.Place{Offset: broker.First},
	})
	for {
		batch, err := log.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("follow the catalogues: %w", err)
		}
		for _, r := range batch.Records {
			var m featurev1.Catalogue
			err := proto.Unmarshal(r.Value, &m)
			if err == nil {
				err = d.Add(&m)
			}
			if err != nil {
				logger.Error("a catalogue cannot be read: feature sets that were made by it wait", "offset", r.Offset, "error", err)
			}
		}
		if batch.Next >= batch.End {
			caughtUp()
		}
	}
}
