package feature

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/featuretopic"
	"github.com/freshet/freshet/pkg/retry"
	"github.com/freshet/freshet/pkg/topics"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
)

// learn makes the states of all catalogues that ever were readable: of each, what the present one has too goes on, and what only the present one has begins
// empty until it is filled (TestACatalogueThatGrewGoesOnWithTheState). A catalogue that gives a name of the last one another meaning is refused
// (TestALiveDefinitionIsNotChangedAtAStart). One that this release cannot read is logged; its states then stop their partitions, and say so.
func (s *Service) learn(ctx context.Context) error {
	all, err := featuretopic.All(ctx, s.deps.Broker)
	if err != nil {
		return err
	}
	var live *catalog.Catalog
	for _, m := range all {
		c, err := catalog.Parse(nil, []byte(m.GetDefinitions()))
		if err != nil {
			s.deps.Logger.WarnContext(ctx, "a catalogue of before cannot be read by this release", "schema", string(featuretopic.Key(m.GetSchema())), "error", err)
			continue
		}
		s.book.engine.Learn(c.Plan())
		live = c
	}
	if live != nil {
		if err := (&book{catalog: live}).immutable(s.book.catalog); err != nil {
			return fmt.Errorf("features file %q: %w", s.cfg.Features, err)
		}
	}
	return nil
}

// announce puts the catalogue on its topic, so that nobody meets a feature set whose positions mean nothing. It waits out faults that pass, and ends with
// ctx (nil).
func (s *Service) announce(ctx context.Context) error {
	if err := s.learn(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	m := describe(s.book.catalog)
	m.SinceMs = s.deps.Now().UnixMilli()
	value, err := proto.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode the catalogue: %w", err)
	}
	producer := s.deps.Broker.NewProducer(broker.ProducerConfig{})
	for {
		err := producer.Produce(ctx, broker.Message{Topic: topics.FeatureCatalogue.Name, Key: featuretopic.Key(m.GetSchema()), Value: value})
		if err == nil {
			s.announced.Store(true)
			return nil
		}
		if ctx.Err() != nil {
			return nil
		}
		s.deps.Logger.WarnContext(ctx, "the catalogue could not be put on its topic, trying again", "error", err)
		if retry.Sleep(ctx, again) != nil {
			return nil
		}
	}
}

// describe writes a catalogue down.
func describe(c *catalog.Catalog) *featurev1.Catalogue {
	m := &featurev1.Catalogue{Schema: c.Layout().Fingerprint, Definitions: string(c.Source())}
	for i := range c.Features {
		m.Features = append(m.Features, featureOf(&c.Features[i]))
	}
	for i := range c.Tags {
		m.Tags = append(m.Tags, tagOf(&c.Tags[i]))
	}
	return m
}

func featureOf(f *catalog.Feature) *featurev1.Feature {
	return &featurev1.Feature{
		Name: f.Name, Description: f.Description, Kind: f.Kind.String(), Unit: f.Unit, Owner: f.Owner, Sensitivity: f.Sensitivity, Level: f.Level,
		Window: f.Window.Name, Formula: f.Formula(), Position: int32(f.Position),
	}
}

func tagOf(t *catalog.Tag) *featurev1.Tag {
	return &featurev1.Tag{Name: t.Name, Description: t.Description, Level: t.Level, When: t.When, Position: int32(t.Position)}
}
