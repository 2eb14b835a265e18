package judge

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/freshet/freshet/pkg/evaluate"
)

// Figure is one more measure of a judgement, of the first At places: published tables have their own.
type Figure struct {
	Measure string
	At      int
}

func (f Figure) String() string { return f.Measure + "@" + strconv.Itoa(f.At) }

// Figured is what a model has of a Figure.
type Figured struct {
	Name string
	evaluate.Interval
}

type measure = func(evaluate.List[int32], int) float64

// measures by name, in the order in which they are told.
var measures = []struct {
	name string
	of   measure
}{
	{"recall", evaluate.List[int32].Recall},
	{"capped-recall", evaluate.List[int32].CappedRecall},
	{"ndcg", evaluate.List[int32].NDCG},
	{"mrr", evaluate.List[int32].MRR},
	{"hit", evaluate.List[int32].HitRate},
	{"precision", evaluate.List[int32].Precision},
}

// Measures are the names of all measures.
func Measures() []string {
	var out []string
	for _, m := range measures {
		out = append(out, m.name)
	}
	return out
}

// maxPlaces is how long a list may be.
const maxPlaces = 1000

// Figures reads figures such as capped-recall@50.
func Figures(texts []string) ([]Figure, error) {
	var out []Figure
	for _, text := range texts {
		name, places, _ := strings.Cut(strings.ToLower(strings.TrimSpace(text)), "@")
		at, err := strconv.Atoi(places)
		f := Figure{name, at}
		if f.measure() == nil || err != nil || at < 1 || at > maxPlaces {
			return nil, fmt.Errorf("a figure %q: want one of %s, @ and 1 to %d, such as ndcg@100", text, strings.Join(Measures(), ", "), maxPlaces)
		}
		out = append(out, f)
	}
	return out, nil
}

func (f Figure) measure() measure {
	for _, m := range measures {
		if m.name == f.Measure {
			return m.of
		}
	}
	return nil
}

// places is how long lists must be for all that is asked.
func (o *Options) places() int {
	n := o.K
	for _, f := range o.Figures {
		n = max(n, f.At)
	}
	return n
}
