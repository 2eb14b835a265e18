package popular

import (
	"slices"
	"testing"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

func items(s candidate.Source, q *candidate.Query) (out []int32) {
	for _, c := range s.Candidates(nil, q) {
		out = append(out, c.Item)
	}
	return out
}

func TestMostProposesWhatMostTook(t *testing.T) {
	m := New([]int64{3, 0, 5, 3, 1})
	for what, c := range map[string]struct {
		q    candidate.Query
		want []int32
	}{
		"all, equal counts by item": {candidate.Query{K: 9}, []int32{2, 0, 3, 4}},
		"the first two":             {candidate.Query{K: 2}, []int32{2, 0}},
		"refused ones leave room":   {candidate.Query{K: 2, Skip: func(i int32) bool { return i == 2 }}, []int32{0, 3}},
		"none":                      {candidate.Query{K: -1}, nil},
	} {
		if got := items(m, &c.q); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", what, got, c.want)
		}
	}
}

func TestAgainProposesWhatTheVisitorTook(t *testing.T) {
	history := []int32{7, 8, 7, 9, 8, 1}
	for what, c := range map[string]struct {
		q    candidate.Query
		want []int32
	}{
		"by count, equal ones by the newest": {candidate.Query{K: 9, History: history}, []int32{8, 7, 1, 9}},
		"refused ones leave room":            {candidate.Query{K: 2, History: history, Skip: func(i int32) bool { return i == 8 }}, []int32{7, 1}},
		"nothing known":                      {candidate.Query{K: 2}, nil},
		"none":                               {candidate.Query{History: history}, nil},
	} {
		if got := items(Again{}, &c.q); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", what, got, c.want)
		}
	}
}
