package judge

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/freshet/freshet/services/recommendation/alike"
	"github.com/freshet/freshet/services/recommendation/als"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/ease"
	"github.com/freshet/freshet/services/recommendation/neighbours"
	"github.com/freshet/freshet/services/recommendation/popular"
	"github.com/freshet/freshet/services/recommendation/session"
)

// Family trains one kind of model on a set's sessions, with settings that were chosen on principle and not for the data at hand.
type Family struct {
	Name string
	// For are the protocols that it is taken for when nobody names models; empty means all.
	For []string
	Fit func(context.Context, *Set) (Model, error)
}

// Families are all kinds, the plainest first.
func Families() []Family {
	return []Family{
		{Name: "popular", Fit: fitPopular},
		{Name: "again", For: []string{"next-item", "next-basket"}, Fit: fitAgain},
		{Name: "item-knn", Fit: fitNeighbours},
		{Name: "vmis-knn", Fit: fitSession},
		{Name: "vmis-knn-live", For: []string{"next-item"}, Fit: fitLive},
		{Name: "item-knn-live", For: []string{"next-item"}, Fit: fitLiveNeighbours},
		{Name: "ease", For: []string{"next-basket", "holdout", "users", "leave-last-out"}, Fit: fitEASE},
		{Name: "als", For: []string{"next-basket", "holdout", "users", "leave-last-out"}, Fit: fitALS},
		{Name: "again-fading", For: []string{"next-item", "next-basket"}, Fit: fitFading},
		{Name: "user-knn", Fit: fitAlike},
		{Name: "blend", Fit: fitBlend},
		{Name: "ranker", Fit: fitRanker},
	}
}

// Choose gives the families of a protocol, or those that are named.
func Choose(protocol string, names []string) ([]Family, error) {
	all := Families()
	if len(names) == 0 {
		return slices.DeleteFunc(all, func(f Family) bool { return len(f.For) > 0 && !slices.Contains(f.For, protocol) }), nil
	}
	var out []Family
	for _, name := range names {
		i := slices.IndexFunc(all, func(f Family) bool { return f.Name == name })
		if i < 0 {
			var known []string
			for _, f := range all {
				known = append(known, f.Name)
			}
			return nil, fmt.Errorf("there is no model %q: there are %s", name, strings.Join(known, ", "))
		}
		out = append(out, all[i])
	}
	return out, nil
}

// Train trains families, and says how long each took. A model that does not learn on is trained once for a set: as one that is judged and as a member of ensembles. progress is told of each as it begins (0 of 1) and ends.
func Train(ctx context.Context, s *Set, families []Family, progress func(model string, done, of int)) ([]Model, error) {
	var out []Model
	for _, f := range families {
		if progress != nil {
			progress(f.Name, 0, 1)
		}
		m, err := s.fit(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("train %s: %w", f.Name, err)
		}
		if progress != nil {
			progress(f.Name, 1, 1)
		}
		out = append(out, m)
	}
	return out, nil
}

func (s *Set) fit(ctx context.Context, f Family) (Model, error) {
	if m, ok := s.fitted[f.Name]; ok {
		return m, nil
	}
	began := time.Now()
	m, err := f.Fit(ctx, s)
	if err != nil {
		return m, err
	}
	m.Name, m.Took = f.Name, time.Since(began)
	if m.Ended == nil {
		if s.fitted == nil {
			s.fitted = map[string]Model{}
		}
		s.fitted[f.Name] = m
	}
	return m, nil
}

func fitPopular(_ context.Context, s *Set) (Model, error) {
	return Model{Source: popular.New(s.Counts)}, nil
}

func fitAgain(context.Context, *Set) (Model, error) { return Model{Source: popular.Again{}}, nil }

// fitFading takes 60 days as half-life: about two of a customer's usual pauses.
func fitFading(context.Context, *Set) (Model, error) {
	f, err := popular.NewFading(60 * 24 * time.Hour)
	return Model{Source: f}, err
}

func fitAlike(_ context.Context, s *Set) (Model, error) {
	o := alike.Default()
	o.Visitors, o.Items, o.Sample, o.Look, o.Near = max(len(s.Train), 1), 2000, 500, 100, 100 // what serves live has tighter bounds
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

// visitors asks an index of visitors for somebody it does not know.
type visitors struct{ x *alike.Index }

// Candidates implements candidate.Source.
func (v visitors) Candidates(dst []candidate.Candidate, q *candidate.Query) []candidate.Candidate {
	return v.x.Candidates(dst, "", q.History, q.K, q.Skip)
}

func fitSession(_ context.Context, s *Set) (Model, error) {
	x, err := sessions(s)
	return Model{Source: x}, err
}

// fitNeighbours takes sessions or customers as groups. Where coming back is asked for, an item is its own neighbour; in a session the last touch says most.
func fitNeighbours(ctx context.Context, s *Set) (Model, error) {
	o := neighbours.Default()
	o.Self = !s.NewOnly
	if s.Protocol == "next-item" {
		o.Fade = 0.5
	}
	note := ""
	if o.Row = s.rows(o.Window); o.Row > 0 {
		note = fmt.Sprintf("of each item at most %d pairs are held, the strongest half where there were more", o.Row)
	}
	x, err := neighbours.New(o)
	if err != nil {
		return Model{}, err
	}
	for i := range s.Train {
		if i%1024 == 0 && ctx.Err() != nil {
			return Model{}, ctx.Err()
		}
		observe(x, s.Train[i].Items)
	}
	return Model{Source: x, Note: note}, nil
}

// mostPairs is how many pairs of items a judged item-kNN holds without a bound: 16 to 43 bytes each.
var mostPairs = 64 << 20

// rows is how many pairs of an item are held at most, 0 for all: sets of some ten thousand items that all meet need more memory than there is.
func (s *Set) rows(window int) int {
	known, met := 0, 0
	for _, n := range s.Counts {
		if n > 0 {
			known++
		}
	}
	for i := range s.Train {
		n := min(len(s.Train[i].Items), window)
		met += n * n
	}
	if min(met, known*known) <= mostPairs {
		return 0
	}
	return max(mostPairs/known, 100)
}

// observe takes a group that has ended. Nothing fades here: the order is all that the window needs.
func observe(x *neighbours.Index, items []int32) {
	x.Take("", items, nil)
	x.Close("")
}

// fitLiveNeighbours learns on as fitLive does.
func fitLiveNeighbours(ctx context.Context, s *Set) (Model, error) {
	m, err := fitNeighbours(ctx, s)
	if err != nil {
		return m, err
	}
	x := m.Source.(*neighbours.Index)
	m.Ended = func(items []int32) { observe(x, items) }
	if m.Note != "" {
		m.Note += "; "
	}
	m.Note += learnsOn
	return m, nil
}

// learnsOn is the note of models that learn on.
const learnsOn = "each judged session joins the index when it has ended"

func fitEASE(ctx context.Context, s *Set) (Model, error) {
	o := ease.Default()
	o.Workers = runtime.GOMAXPROCS(0)
	if s.plan.EASEItems > 0 {
		o.MaxItems = s.plan.EASEItems
	}
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

func fitALS(ctx context.Context, s *Set) (Model, error) {
	o := als.Default()
	o.Workers = runtime.GOMAXPROCS(0)
	m, err := als.Fit(ctx, s.histories(), s.Items, o)
	return Model{Source: m}, err
}

func (s *Set) histories() [][]int32 {
	out := make([][]int32, len(s.Train))
	for i := range s.Train {
		out[i] = s.Train[i].Items
	}
	return out
}

// fitLive learns on from each session that was judged, as it does when it serves.
func fitLive(_ context.Context, s *Set) (Model, error) {
	x, err := sessions(s)
	if err != nil {
		return Model{}, err
	}
	return Model{Source: x, Ended: x.Add, Note: learnsOn}, nil
}

func sessions(s *Set) (*session.Index, error) {
	x, err := session.New(session.Default())
	if err != nil {
		return nil, err
	}
	for i := range s.Train {
		x.Add(s.Train[i].Items)
	}
	return x, nil
}
