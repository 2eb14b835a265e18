package board

import (
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/popular"
)

// source is one way to ask the models of a board.
type source struct {
	kind  candidate.Kind
	there func(*Board) bool // nil: always
	model func(*Board) candidate.Source
	// history gives what the model is asked with; nil where nothing is.
	history func(*ask.Ask) []int32
}

var sources = []source{
	{kind: candidate.Session, model: func(b *Board) candidate.Source { return b.version.learner.Session }, history: browsed},
	{kind: candidate.AlsoViewed, model: func(b *Board) candidate.Source { return b.version.learner.Viewed }, history: browsed},
	{kind: candidate.AlsoBought, model: func(b *Board) candidate.Source { return b.version.learner.Bought }, history: wanted},
	{kind: candidate.Together, model: func(b *Board) candidate.Source { return b.version.learner.Together }, history: carted},
	{kind: candidate.Taste, there: func(b *Board) bool { return b.version.taste != nil }, model: func(b *Board) candidate.Source { return b.version.taste }, history: whole},
	{kind: candidate.Rule, there: func(b *Board) bool { return b.version.rules != nil }, model: func(b *Board) candidate.Source { return b.version.rules }, history: carted},
	{kind: candidate.Popular, model: func(b *Board) candidate.Source { return b.version.learner.Popular }},
	{kind: candidate.Again, model: func(*Board) candidate.Source { return popular.Again{} }, history: taken},
	{kind: candidate.Trending, there: func(b *Board) bool { return b.room.trend != nil }},
	{kind: candidate.Alike, there: func(b *Board) bool { return b.room.alike != nil }},
}

// bound is a source of a board.
type bound struct {
	board *Board
	of    *source
}

// Candidates implements ask.Source.
func (s bound) Candidates(dst []candidate.Candidate, a *ask.Ask, k int) []candidate.Candidate {
	switch s.of.kind {
	case candidate.Alike:
		if !a.Personal() {
			return dst
		}
		return s.board.room.alike.Candidates(dst, a.Visitor.CustomerID, whole(a), k, a.Skip)
	case candidate.Trending:
		var segments []string
		if a.Personal() {
			segments = a.Visitor.Segments
		}
		return s.board.room.trend.Candidates(dst, k, a.NowMs, a.Skip, scopes(a.Country, segments)...)
	}
	q := &candidate.Query{AtMs: a.NowMs, K: k, Skip: a.Skip}
	if s.of.history != nil {
		if q.History = s.of.history(a); len(q.History) == 0 {
			return dst
		}
	}
	from := len(dst)
	dst = s.of.model(s.board).Candidates(dst, q)
	for i := range dst[from:] {
		dst[from+i].Reason.Kind = s.of.kind // models of neighbours serve several
	}
	return dst
}
