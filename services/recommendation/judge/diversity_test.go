package judge

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/freshet/freshet/pkg/evaluate"
	"github.com/freshet/freshet/services/recommendation/interaction"
)

func TestDiversityIsItsFormula(t *testing.T) {
	s := &Set{Items: 4, Train: []interaction.Session{{Items: []int32{0, 1, 0}}, {Items: []int32{0, 1}}, {Items: []int32{0, 2}}, {Items: []int32{2}}, {Items: []int32{2}}}}
	lists := []evaluate.List[int32]{{Ranked: []int32{0, 1, 2}}, {Ranked: []int32{1, 2}}, {Ranked: []int32{3}}, {}}
	// 0 and 1 are together in 2 of 3 and 2, 0 and 2 in 1 of 3 and 3, 1 and 2 never.
	want := (4 - 2/math.Sqrt(6) - 1.0/3) / 4
	if got := s.diversity(lists); math.Abs(got-want) > 1e-12 {
		t.Errorf("%v, want %v", got, want)
	}
	if got := s.diversity(nil); got != 0 {
		t.Errorf("%v of nothing", got)
	}
}

func TestRecallByPlace(t *testing.T) {
	lists := []evaluate.List[int32]{{Ranked: []int32{5, 1, 2}, Relevant: []int32{1, 2}}, {Ranked: []int32{1}, Relevant: []int32{1}}}
	for place, want := range []float64{.5, .75, 1, 1} {
		if got := byPlace(lists, 4)[place]; got != want {
			t.Errorf("place %d: %v, want %v", place+1, got, want)
		}
	}
}

func TestASplitCanBeReadByOthers(t *testing.T) {
	s, err := NewSet(shop(20), nil, Plan{Protocol: "next-item", Share: .1})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "split")
	if err := s.Dump(dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"set.json": `{"items":10,"new_only":false,"protocol":"next-item"}` + "\n", "train.jsonl": "[0,1,2,3]\n", "cases.jsonl": `{"group":0,"history":[` + "0],"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "cases.jsonl" && strings.Count(string(b), "\n") == len(s.Cases) {
			continue
		}
		if !strings.HasPrefix(string(b), want) {
			t.Errorf("%s: %.60s, want %s", name, b, want)
		}
	}
	if err := s.Dump(filepath.Join(dir, "set.json")); err == nil {
		t.Error("a file was taken for a directory")
	}
}

// The ranker learns on what lies before a cut only: the questions of an inner split end before the judged part begins, and its members know nothing of them.
func TestInnerSplitsLookBackOnly(t *testing.T) {
	for _, protocol := range Protocols {
		s, err := NewSet(shop(300), nil, Plan{Protocol: protocol, Share: .2, BasketGapMs: 1})
		if protocol == "next-basket" || protocol == "holdout" {
			l := shop(300)
			for i := range l.Events { // customers come again
				l.Events[i].User %= map[string]int32{"next-basket": 10, "holdout": 97}[protocol]
			}
			s, err = NewSet(l, nil, Plan{Protocol: protocol, Share: .2, BasketGapMs: 1})
		}
		if err != nil {
			t.Fatal(protocol, err)
		}
		splits, err := s.splits()
		if err != nil || len(splits) != 3 && protocol != "holdout" || len(splits) == 0 {
			t.Fatal(protocol, len(splits), err)
		}
		learnt := map[int32]int{}
		for i := range s.Train {
			learnt[s.Train[i].User] = len(s.Train[i].Items)
		}
		for level := len(splits) - 1; level >= 0; level-- {
			inner := splits[level]
			events := 0
			for i := range inner.Train {
				one := &inner.Train[i]
				events += len(one.Items)
				if len(one.Items) > learnt[one.User] {
					t.Fatalf("%s: customer %d has %d touches in an inner split, %d outside", protocol, one.User, len(one.Items), learnt[one.User])
				}
			}
			all := 0
			for _, n := range learnt {
				all += n
			}
			if events >= all {
				t.Fatalf("%s, split %d: learns from %d of %d touches", protocol, level, events, all)
			}
			learnt = map[int32]int{}
			for i := range inner.Train {
				learnt[inner.Train[i].User] = len(inner.Train[i].Items)
			}
		}
	}
}
