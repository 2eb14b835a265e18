package judge

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/recommendation/interaction"
)

// touched is what a user touched, by time.
func touched(l *interaction.Log) map[int32][]int32 {
	out := map[int32][]int32{}
	for _, one := range interaction.Sessions(l.Events, l.Timed) {
		out[one.User] = one.Items
	}
	return out
}

func TestHeldOutUsers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLog(t)
		p := Plan{Protocol: "users", Share: .5, Told: rapid.SampledFrom([]string{"", ToldOldest, ToldRandom}).Draw(t, "told"), Seed: rapid.Uint64Range(0, 9).Draw(t, "seed"),
			MinTouches: rapid.IntRange(0, 6).Draw(t, "least")}
		s, err := NewSet(l, nil, p)
		if err != nil {
			return
		}
		all, held := touched(l), map[int32]bool{}
		for user, items := range all {
			held[user] = len(items) >= p.MinTouches
		}
		for i := range s.Train {
			if !held[s.Train[i].User] {
				t.Fatalf("%v was learnt from", s.Train[i])
			}
			held[s.Train[i].User] = false
		}
		left := 0
		for _, ok := range held {
			if ok {
				left++
			}
		}
		if len(s.Cases) > left {
			t.Fatalf("%d cases of %d users who were held back", len(s.Cases), left)
		}
		for _, c := range s.Cases {
			if n := len(c.History); p.Told == ToldRandom && len(c.Relevant) > (n+len(c.Relevant)+2)/5+n {
				t.Fatalf("%+v hides more than a fifth", c)
			}
			if !slices.IsSorted(c.Times) {
				t.Fatalf("%+v is told out of order", c)
			}
		}
	})
}

// A drawn fold hides a fifth anywhere; the oldest four fifths hide the end.
func TestFold(t *testing.T) {
	one := interaction.Session{Items: make([]int32, 100), Values: make([]float32, 100), At: make([]int64, 100)}
	for i := range one.Items {
		one.Items[i], one.At[i] = int32(i), int64(i)
	}
	first, rest := fold(one, "a", Plan{})
	if len(first.Items) != 80 || rest.Items[0] != 80 || len(rest.Items) != 20 {
		t.Errorf("%v, %v", first, rest)
	}
	places := map[int32]int{}
	for seed := range uint64(300) {
		first, rest := fold(one, "a", Plan{Told: ToldRandom, Seed: seed})
		if len(first.Items) != 80 || len(rest.Items) != 20 || !slices.IsSorted(first.Items) || !slices.IsSorted(rest.At) || len(first.Values) != 80 {
			t.Fatalf("%v, %v", first, rest)
		}
		for _, item := range rest.Items {
			places[item]++
			if slices.Contains(first.Items, item) {
				t.Fatalf("%d is told and asked for", item)
			}
		}
	}
	for item := range int32(100) {
		if n := places[item]; math.Abs(float64(n)-60) > 35 { // five standard deviations
			t.Errorf("%d was hidden %d times of 300, want about 60", item, n)
		}
	}
}

func TestLeaveLastOut(t *testing.T) {
	if s, err := NewSet(shop(20), nil, Plan{Protocol: "leave-last-out", Share: 1}); err != nil || len(s.Cases) != 20 || s.Asked != 20 || len(s.Cases[3].History) != 3 {
		t.Fatalf("%+v, %v: want the last of four touches of each of 20", s, err)
	}
	if _, err := NewSet(shop(20), nil, Plan{Protocol: "leave-last-out", Share: 1.1}); err == nil || !strings.Contains(err.Error(), "at most 1") {
		t.Error(err)
	}
	if _, err := NewSet(shop(20), shop(2).Events, Plan{Protocol: "leave-last-out", Share: 1}); err == nil || !strings.Contains(err.Error(), "a test file") {
		t.Error(err)
	}
	if _, err := NewSet(shop(20), nil, Plan{Protocol: "users", Share: .2, Told: "all"}); err == nil || !strings.Contains(err.Error(), "want oldest or random") {
		t.Error(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		l := drawLog(t)
		p := Plan{Protocol: "leave-last-out", Share: rapid.SampledFrom([]float64{.4, 1}).Draw(t, "share")}
		s, err := NewSet(l, nil, p)
		if err != nil {
			return
		}
		all := touched(l)
		if len(s.Train) != len(all) {
			t.Fatalf("%d of %d users were learnt from", len(s.Train), len(all))
		}
		missing := 0
		for i := range s.Train {
			one := &s.Train[i]
			whole := all[one.User]
			if n := len(one.Items); !slices.Equal(one.Items, whole[:n]) || n < max(len(whole)-1, 1) {
				t.Fatalf("of %v %v was learnt from", whole, one.Items)
			} else if n < len(whole) {
				missing++
			} else if p.Share == 1 && n > 1 {
				t.Fatalf("nothing was left of %v", whole)
			}
		}
		if len(s.Cases) > missing {
			t.Fatalf("%d cases, %d last touches", len(s.Cases), missing)
		}
		for _, c := range s.Cases {
			one := s.Train[c.Group]
			if whole := all[one.User]; len(c.Relevant) != 1 || c.Relevant[0] != whole[len(whole)-1] || !slices.Equal(c.History, one.Items) {
				t.Fatalf("%+v asks %v", c, whole)
			}
		}
	})
}

func TestFiguresBesides(t *testing.T) {
	figures, err := Figures([]string{"capped-recall@3", " NDCG@12 ", "recall@1", "hit@2", "mrr@4", "precision@2", "recall@12"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSet(shop(100), nil, Plan{Protocol: "users", Share: .3})
	if err != nil {
		t.Fatal(err)
	}
	families, err := Choose("users", []string{"popular", "ease"})
	if err != nil {
		t.Fatal(err)
	}
	models, err := Train(t.Context(), s, families, nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := Judge(context.Background(), s, models, Options{K: 2, Resamples: 100})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := Judge(context.Background(), s, models, Options{K: 2, Resamples: 100, Figures: figures})
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows { // shop's cases have one item to find
		var names []string
		of := map[string]float64{}
		for _, f := range rows[i].Figures {
			names = append(names, f.Name)
			of[f.Name] = f.Value
			if f.Low > f.Value || f.High < f.Value {
				t.Errorf("%+v", f)
			}
		}
		if want := []string{"capped-recall@3", "ndcg@12", "recall@1", "hit@2", "mrr@4", "precision@2", "recall@12"}; !slices.Equal(names, want) {
			t.Fatalf("%v, want %v", names, want)
		}
		if of["hit@2"] != rows[i].Recall.Value || of["precision@2"] != of["hit@2"]/2 || of["recall@1"] > of["hit@2"] || of["capped-recall@3"] < of["hit@2"] {
			t.Errorf("%s: %v, Recall@2 %v", rows[i].Name, of, rows[i].Recall.Value)
		}
		if rows[i].Name == "popular" && of["recall@12"] != 1 {
			t.Errorf("all ten items are listed, and %v was found", of["recall@12"])
		}
		if known(rows[i:i+1]) != known(plain[i:i+1]) {
			t.Errorf("figures besides changed the others: %s%s", known(plain[i:i+1]), known(rows[i:i+1]))
		}
	}
	for _, wrong := range []string{"recall", "recall@", "recall@0", "recall@1001", "best@3", "@3", "ndcg@x"} {
		if _, err := Figures([]string{wrong}); err == nil || !strings.Contains(err.Error(), "such as ndcg@100") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

func TestManyPairsAreBounded(t *testing.T) {
	before := mostPairs
	defer func() { mostPairs = before }()
	s, err := NewSet(shop(100), nil, Plan{Protocol: "users", Share: .3})
	if err != nil {
		t.Fatal(err)
	}
	for pairs, want := range map[int]int{100: 0, 99: 100} { // ten items can make a hundred
		mostPairs = pairs
		m, err := fitNeighbours(t.Context(), s)
		if got := s.rows(500); err != nil || got != want || (m.Note != "") != (want > 0) {
			t.Errorf("%d pairs: rows of %d, want %d; %q, %v", pairs, got, want, m.Note, err)
		}
	}
}
