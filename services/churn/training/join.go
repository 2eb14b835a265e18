package training

import (
	"context"

	"github.com/freshet/freshet/pkg/frame"
	"github.com/freshet/freshet/pkg/model"
	"github.com/freshet/freshet/services/churn/pipeline"
)

// Pipeline is package pipeline as a Learner.
type Pipeline struct{}

// Judge implements Learner.
func (Pipeline) Judge(ctx context.Context, t *pipeline.Table, o pipeline.Options) (*pipeline.Judgement, Model, error) {
	j, m, err := pipeline.Judge(ctx, t, o)
	if err != nil {
		return nil, nil, err
	}
	return j, m, nil
}

// Decode implements Learner.
func (Pipeline) Decode(data []byte) (Model, error) {
	m, err := pipeline.Decode(data)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Compare implements Learner.
func (Pipeline) Compare(amounts bool, y, champion, challenger []float64, seed uint64) (Difference, error) {
	kind := pipeline.Binary
	if amounts {
		kind = pipeline.Real
	}
	d, err := pipeline.Compare(y, champion, challenger, kind, seed)
	return Difference{Value: d.Value, Low: d.Low, High: d.High}, err
}

// WriteProfile is package model's profile of rows.
func WriteProfile(scores []float64, rows *frame.Frame) ([]byte, error) {
	p := model.NewProfile(scores)
	for i := range rows.Columns {
		c := &rows.Columns[i]
		if c.Kind != frame.Category {
			p.Number(c.Name, c.Values)
			continue
		}
		texts := make([]string, rows.Rows)
		for r := range texts {
			texts[r], _ = c.Level(r)
		}
		p.Category(c.Name, texts)
	}
	return p.Encode()
}
