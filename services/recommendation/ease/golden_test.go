package ease

import (
	"testing"

	"github.com/freshet/freshet/pkg/wire/wiretest"
)

// What was written once is read for ever, and written alike.
func TestGoldenFile(t *testing.T) {
	m := &Model{Fitted: 2, Left: 1, rows: [][]entry{{{item: 1, value: 0.5}}, nil, {{item: 0, value: -0.25}, {item: 1, value: 3}}}}
	wiretest.Golden(t, wiretest.Layout[*Model]{Name: "recommendation-ease", Version: 1, Write: (*Model).Encode, Examples: map[string]*Model{"a model": m}})
}
