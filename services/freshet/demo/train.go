package demo

import (
	"context"
	"errors"
	"fmt"
	"io"

	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/freshet/progress"
)

// train has models made of the history, and shows how it goes. A shop that is too small has none: why is told.
func (o Options) train(ctx context.Context, l *look) error {
	leavers, err := l.api.Churn.Train(ctx, &churnv1.TrainRequest{Target: risk})
	if err != nil {
		return fmt.Errorf("ask for a model of who leaves: %w", err)
	}
	err = o.follow("who leaves", func() (*modelv1.Run, error) {
		told, err := leavers.Recv()
		return told.GetRun(), err
	})
	if err != nil {
		return err
	}
	likes, err := l.api.Recommendations.Train(ctx, &recommendationv1.TrainRequest{})
	if err != nil {
		return fmt.Errorf("ask for models of who likes what: %w", err)
	}
	return o.follow("who likes what", func() (*modelv1.Run, error) {
		told, err := likes.Recv()
		return told.GetRun(), err
	})
}

// follow shows a training until it is over.
func (o Options) follow(of string, next func() (*modelv1.Run, error)) error {
	bar, at := progress.New(o.Bars, "learning "+of+", %", 100), int32(0)
	defer bar.Done()
	for {
		run, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("hear of the training of %s: %w", of, err)
		}
		bar.Add(int(max(0, run.GetPercent()-at)))
		at = max(at, run.GetPercent())
		if run.GetState() == modelv1.RunState_RUN_STATE_FAILED {
			return fmt.Errorf("no model of %s was made: %s", of, run.GetWords())
		}
	}
}
