package judge

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

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
	// Settings are others to fit it with, for Tune to choose among.
	Settings []Setting
}

// Families are all kinds, the plainest first.
func Families() []Family {
	return []Family{
		{Name: "popular", Fit: fitPopular},
		{Name: "again", For: []string{"next-item", "next-basket"}, Fit: fitAgain},
		{Name: "item-knn", Fit: fitNeighbours, Settings: neighbourSettings()},
		{Name: "vmis-knn", Fit: fitSession},
		{Name: "vmis-knn-live", For: []string{"next-item"}, Fit: fitLive},
		{Name: "item-knn-live", For: []string{"next-item"}, Fit: fitLiveNeighbours},
		{Name: "ease", For: []string{"next-basket", "holdout", "users", "leave-last-out"}, Fit: fitEASE, Settings: easeSettings()},
		{Name: "als", For: []string{"next-basket", "holdout", "users", "leave-last-out"}, Fit: fitALS, Settings: alsSettings()},
		{Name: "again-fading", For: []string{"next-item", "next-basket"}, Fit: fitFading},
		{Name: "user-knn", Fit: fitAlike, Settings: alikeSettings()},
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
	fit, words := f.Fit, ""
	if tuned, ok := s.plan.tuned[f.Name]; ok {
		fit, words = tuned.Fit, tuned.Words
	}
	began := time.Now()
	m, err := fit(ctx, s)
	if err != nil {
		return m, err
	}
	if words != "" {
		m.Note = strings.TrimPrefix(m.Note+"; tuned: "+words, "; ")
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

func fitSession(_ context.Context, s *Set) (Model, error) {
	x, err := sessions(s)
	return Model{Source: x}, err
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
