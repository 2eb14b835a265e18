package assembly

import (
	"testing"

	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/rank"
	"github.com/freshet/freshet/services/recommendation/scene"
)

// items makes candidates of items, best first.
func items(list ...int32) (out []candidate.Candidate) {
	for i, item := range list {
		out = append(out, candidate.Candidate{Item: item, Score: float64(100 - i)})
	}
	return out
}

// taught is a ranker that learned of visits: what the session proposes first is taken.
func taught(t *testing.T) ranked {
	t.Helper()
	names := []string{"session", "popular"}
	lessons := rank.NewLessons(names)
	for i := range int32(400) {
		p := rank.NewPool(rank.Question{NowMs: 1e12, History: []int32{i % 5}, Session: []int32{i % 5}})
		for _, name := range names {
			p.Name(name, 1)
		}
		p.Add(0, items(i%5+10, i%5+11, i%5+12))
		p.Add(1, items(1, 2, 3, 4, 10, 11, 12))
		if err := lessons.Add(p, func(item int32) int {
			if item == i%5+10 {
				return 1
			}
			return 0
		}); err != nil {
			t.Fatal(err)
		}
		p.Put()
	}
	o := rank.Default()
	o.Trees, o.Patience = 10, 0
	r, err := rank.Train(t.Context(), lessons, o)
	if err != nil {
		t.Fatal(err)
	}
	return ranked{r, func(int32) int64 { return 0 }}
}

// The ranker's order counts as much as the sources that propose something. Between visits that is what is popular alone, and the visitor's taste comes first.
func TestTheRankerCountsAsMuchAsWhatSpeaks(t *testing.T) {
	r := taught(t)
	for name, c := range map[string]struct {
		session []candidate.Candidate
		first   int32
		source  string
	}{
		"within a visit the session leads": {items(20, 21), 20, "session"},
		"between visits taste leads":       {nil, 30, "taste"},
	} {
		got := r.Rank(nil, &ask.Ask{NowMs: 1e12, Skip: func(int32) bool { return false }}, []scene.Said{
			{Source: "session", Weight: 3, List: c.session}, {Source: "taste", Weight: 2, List: items(30, 31)}, {Source: "popular", Weight: .2, List: items(1, 2, 3)},
		})
		if len(got) == 0 || got[0].Item != c.first || got[0].Source != c.source {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
