package judge

import (
	"context"
	"fmt"
	"runtime"
	"strconv"

	"github.com/freshet/freshet/services/recommendation/alike"
	"github.com/freshet/freshet/services/recommendation/als"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/ease"
	"github.com/freshet/freshet/services/recommendation/neighbours"
)

func fitAlike(_ context.Context, s *Set) (Model, error) { return fitAlikeNear(s, 100) }

func fitAlikeNear(s *Set, near int) (Model, error) {
	o := alike.Default()
	o.Visitors, o.Items, o.Sample, o.Look, o.Near = max(len(s.Train), 1), 2000, 2000, 100, near // what serves live has tighter bounds
	x, err := alike.New(o)
	if err != nil {
		return Model{}, err
	}
	for i := range s.Train {
		who := strconv.Itoa(i)
		for _, item := range s.Train[i].Items {
			x.Touch(who, item)
		}
	}
	return Model{Source: visitors{x}}, nil
}

func alikeSettings() (out []Setting) {
	for _, near := range []int{30, 100, 300} {
		out = append(out, Setting{fmt.Sprintf("the %d most alike", near), func(_ context.Context, s *Set) (Model, error) { return fitAlikeNear(s, near) }})
	}
	return out
}

// visitors asks an index of visitors for somebody it does not know.
type visitors struct{ x *alike.Index }

// Candidates implements candidate.Source.
func (v visitors) Candidates(dst []candidate.Candidate, q *candidate.Query) []candidate.Candidate {
	return v.x.Candidates(dst, "", q.History, q.K, q.Skip)
}

// fitNeighbours takes sessions or customers as groups. Where coming back is asked for, an item is its own neighbour; in a session the last touch says most.
func fitNeighbours(ctx context.Context, s *Set) (Model, error) {
	o := neighbours.Default()
	if s.Protocol != "next-item" {
		o.Nearest, o.Inverse = 200, true
	}
	return fitNeighboursWith(ctx, s, o)
}

func fitNeighboursWith(ctx context.Context, s *Set, o neighbours.Options) (Model, error) {
	o.Self = !s.NewOnly
	if s.Protocol == "next-item" {
		o.Fade = 0.5
	}
	note := ""
	if o.Row = s.rows(o.Window); o.Row > 0 {
		note = fmt.Sprintf("of each item the %d strongest pairs are held", o.Row)
	}
	x, err := neighbours.New(o)
	if err != nil {
		return Model{}, err
	}
	if err := x.Build(ctx, s.histories()); err != nil {
		return Model{}, err
	}
	return Model{Source: x, Note: note}, nil
}

func neighbourSettings() (out []Setting) {
	for _, nearest := range []int{50, 200, 500} {
		for _, inverse := range []bool{false, true} {
			o := neighbours.Default()
			o.Nearest, o.Inverse = nearest, inverse
			words := fmt.Sprintf("the %d nearest of what was touched", nearest)
			if inverse {
				words = fmt.Sprintf("the %d nearest of what is proposed", nearest)
			}
			out = append(out, Setting{words, func(ctx context.Context, s *Set) (Model, error) { return fitNeighboursWith(ctx, s, o) }})
		}
	}
	return out
}

// mostPairs is how many pairs of items a judged item-kNN holds without a bound: 16 to 43 bytes each.
var mostPairs = 64 << 20

// rows is how many pairs of an item are held at most, 0 for all: sets of some ten thousand items that all meet need more memory than there is.
func (s *Set) rows(window int) int {
	known, met := s.knownItems(), 0
	for i := range s.Train {
		n := min(len(s.Train[i].Items), window)
		met += n * n
	}
	if min(met, known*known) <= mostPairs {
		return 0
	}
	return max(mostPairs/known, 100)
}

// knownItems is how many items were learnt from.
func (s *Set) knownItems() (n int) {
	for _, c := range s.Counts {
		if c > 0 {
			n++
		}
	}
	return n
}

func fitEASE(ctx context.Context, s *Set) (Model, error) {
	return fitEASEWith(ctx, s, ease.Default().L2)
}

// fitEASEWith keeps whole rows, as published figures have them, of as many items as memory allows.
func fitEASEWith(ctx context.Context, s *Set, l2 float64) (Model, error) {
	o := ease.Default()
	o.L2 = l2
	o.Workers = runtime.GOMAXPROCS(0)
	if s.plan.EASEItems > 0 {
		o.MaxItems = s.plan.EASEItems
	}
	o.Row = max(o.Row, mostPairs/max(min(s.knownItems(), o.MaxItems), 1))
	m, err := ease.Fit(ctx, s.histories(), s.Items, o)
	if err != nil {
		return Model{}, err
	}
	note := ""
	if m.Left > 0 {
		note = fmt.Sprintf("fitted on the %d items that most took; %d others are never proposed", m.Fitted, m.Left)
	}
	return Model{Source: m, Note: note}, nil
}

func easeSettings() (out []Setting) {
	for _, l2 := range []float64{100, 300, 1000, 3000} {
		out = append(out, Setting{fmt.Sprint("L2 ", l2), func(ctx context.Context, s *Set) (Model, error) { return fitEASEWith(ctx, s, l2) }})
	}
	return out
}

func fitALS(ctx context.Context, s *Set) (Model, error) {
	return fitALSWith(ctx, s, als.Default(), als.Against)
}

func fitALSWith(ctx context.Context, s *Set, o als.Options, against float64) (Model, error) {
	pairs := 0
	for _, n := range s.Counts {
		pairs += int(n)
	}
	o.Unobserved = als.Unobserved(against, pairs, len(s.Train), s.Items)
	o.Workers = runtime.GOMAXPROCS(0)
	m, err := als.Fit(ctx, s.histories(), s.Items, o)
	return Model{Source: m}, err
}

func alsSettings() (out []Setting) {
	for _, factors := range []int{64, 128} {
		for _, l2 := range []float64{.001, .003, .01} {
			for _, against := range []float64{als.Against / 4, als.Against, als.Against * 4} {
				o := als.Default()
				o.Factors, o.L2 = factors, l2
				words := fmt.Sprintf("%d factors, L2 %v, what did not happen says %v times what did", factors, l2, against)
				out = append(out, Setting{words, func(ctx context.Context, s *Set) (Model, error) { return fitALSWith(ctx, s, o, against) }})
			}
		}
	}
	return out
}

func (s *Set) histories() [][]int32 {
	out := make([][]int32, len(s.Train))
	for i := range s.Train {
		out[i] = s.Train[i].Items
	}
	return out
}
