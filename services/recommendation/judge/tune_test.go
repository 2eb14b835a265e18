package judge

import (
	"fmt"
	"strings"
	"testing"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/ease"
	"github.com/freshet/freshet/services/recommendation/interaction"
	"github.com/freshet/freshet/services/recommendation/neighbours"
)

// tastes is a log of users who each take of one of four kinds, and now and then of another, by a fixed turn.
func tastes(users int) *interaction.Log {
	l := interaction.NewLog()
	for u := range users {
		for i := range 12 {
			kind := u % 4
			if i%4 == 3 {
				kind = (u/4 + i) % 4
			}
			l.Events = append(l.Events, interaction.Event{User: l.Users.ID(fmt.Sprint(u)), Item: l.Items.ID(fmt.Sprintf("%d-%d", kind, (u/4*7+i*i)%25)), Value: 1})
		}
	}
	return l
}

// The setting that Tune takes is the one that does best in a judgement of the inner split by itself, and nothing of what judges is in it.
func TestTuneTakesTheBestOfTheInnerSplit(t *testing.T) {
	s, err := NewSet(tastes(400), nil, Plan{Protocol: "users", Share: .2, Told: ToldRandom})
	if err != nil {
		t.Fatal(err)
	}
	inner, err := s.inner()
	if err != nil {
		t.Fatal(err)
	}
	judged := map[int32]bool{}
	for _, c := range s.Cases {
		judged[c.User] = true
	}
	for i := range inner.Train {
		if judged[inner.Train[i].User] {
			t.Fatalf("user %d judges and is learnt from", inner.Train[i].User)
		}
	}
	for _, c := range inner.Cases {
		if judged[c.User] {
			t.Fatalf("user %d judges and chooses", c.User)
		}
	}
	families, err := Choose("users", []string{"ease", "item-knn", "popular"})
	if err != nil {
		t.Fatal(err)
	}
	figures, _ := Figures([]string{"recall@5", "ndcg@15"})
	o := Options{Figures: figures, Resamples: 100}
	if err := Tune(t.Context(), s, families, o, nil); err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		want, best := "", -1.0
		for _, setting := range f.Settings {
			m, err := setting.Fit(t.Context(), inner)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := Judge(t.Context(), inner, []Model{m}, o)
			if err != nil {
				t.Fatal(err)
			}
			if v := rows[0].Figures[1].Value; v > best+1e-12 {
				want, best = setting.Words, v
			}
		}
		if got := s.plan.tuned[f.Name].Words; got != want {
			t.Errorf("%s: %q was taken, %q is best", f.Name, got, want)
		}
	}
	models, err := Train(t.Context(), s, families, nil)
	if err != nil {
		t.Fatal(err)
	}
	if note := models[0].Note; !strings.Contains(note, "tuned: "+s.plan.tuned["ease"].Words) || models[2].Note != "" {
		t.Errorf("%q, %q", note, models[2].Note)
	}
}

// Whole rows of EASE are asked where memory allows, so that figures are those that papers have.
func TestEASEIsJudgedWithWholeRows(t *testing.T) {
	l := interaction.NewLog()
	for u := range 600 {
		for i := range 10 {
			l.Events = append(l.Events, interaction.Event{User: l.Users.ID(fmt.Sprint(u)), Item: l.Items.ID(fmt.Sprint((u*(i+1)*7 + i*i*31) % 720)), Value: 1})
		}
	}
	s, err := NewSet(l, nil, Plan{Protocol: "users", Share: .1})
	if err != nil {
		t.Fatal(err)
	}
	o := ease.Default()
	o.Row = s.Items
	whole, err := ease.Fit(t.Context(), s.histories(), s.Items, o)
	if err != nil {
		t.Fatal(err)
	}
	asked := func(m candidate.Source) (out string) {
		for i := range s.Cases {
			out += fmt.Sprint(m.Candidates(nil, s.query(&s.Cases[i], 1000)))
		}
		return out
	}
	before := mostPairs
	defer func() { mostPairs = before }()
	for pairs, same := range map[int]bool{before: true, 1: false} {
		mostPairs = pairs
		m, err := fitEASE(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if got := asked(m.Source) == asked(whole); got != same {
			t.Errorf("with %d pairs the lists of whole rows: %v, want %v", pairs, got, same)
		}
	}
}

// What is proposed asks for its own neighbours: an item that is near to all does not fill every list.
func TestItemKNNOfTasteIsInverse(t *testing.T) {
	s, err := NewSet(tastes(400), nil, Plan{Protocol: "users", Share: .2, Told: ToldRandom})
	if err != nil {
		t.Fatal(err)
	}
	o := neighbours.Default()
	o.Nearest, o.Inverse = 200, true
	want, err := fitNeighboursWith(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	got, err := fitNeighbours(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Cases {
		q := s.query(&s.Cases[i], 20)
		if a, b := fmt.Sprint(got.Source.Candidates(nil, q)), fmt.Sprint(want.Source.Candidates(nil, q)); a != b {
			t.Fatalf("%s, want %s", a, b)
		}
	}
}
