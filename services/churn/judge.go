package churn

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/featuretopic"
	"github.com/freshet/freshet/pkg/forecast"
	"github.com/freshet/freshet/pkg/rule"
	"github.com/freshet/freshet/services/churn/row"
)

// judge works out what is said of customers. It is for one goroutine: every task and every read has one of its own.
type judge struct {
	book       *book
	models     Models
	warnings   Warnings
	catalogues *featuretopic.Directory

	glance rule.Glance
	cells  []row.Cell
	panels map[string]*panel
	said   verdict
}

// panel is a board with scorers of one's own.
type panel struct {
	board *Board
	// mark is of the board and of what is forecast.
	mark  uint64
	seats []seated
	// lacks are, by schema, why seats cannot score a customer of that catalogue.
	lacks map[uint64][]string
}

// seated is a seat with its scorers; nil ones cannot be bound to the catalogue's columns.
type seated struct {
	champion    Scorer
	challengers []Scorer
}

// verdict is what is said of one customer at a moment. It holds until the next one.
type verdict struct {
	asOfMs int64
	mark   uint32
	// seats are by target.
	seats []said
	// shadow are of the challengers.
	shadow []said
	found  []Found
	// due is the first moment at which time alone changes a warning or a condition; 0 when none does.
	dueMs int64
}

// said is what one model says.
type said struct {
	target int
	of     *Bound // nil: missing says why
	value  float32
	band   byte
	// held says that what was told last stays told.
	held    bool
	missing string
}

func newJudge(b *book, m Models, w Warnings, d *featuretopic.Directory) *judge {
	return &judge{book: b, models: m, warnings: w, catalogues: d, panels: map[string]*panel{}}
}

// panel is the present one of a workspace.
func (j *judge) panel(workspace string) *panel {
	board := j.models.Board(workspace)
	p := j.panels[workspace]
	if p == nil || p.board != board {
		p = j.seat(board)
		j.panels[workspace] = p
	}
	return p
}

// seat makes scorers for a board.
func (j *judge) seat(b *Board) *panel {
	mark := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, b.Mark), j.book.fingerprint)
	p := &panel{board: b, mark: xxhash.Sum64(mark), seats: make([]seated, len(b.Seats)), lacks: map[uint64][]string{}}
	for i := range b.Seats {
		s := &b.Seats[i]
		if s.Champion != nil {
			p.seats[i].champion, _ = s.Champion.Model.Bind(j.book.plan.Columns()) // whoever made the board has bound it before
		}
		for _, c := range s.Challengers {
			scorer, _ := c.Model.Bind(j.book.plan.Columns())
			p.seats[i].challengers = append(p.seats[i].challengers, scorer)
		}
	}
	return p
}

// mark is of the board that a customer of the workspace is scored by now.
func (j *judge) mark(workspace string) uint32 { return j.panel(workspace).short() }

// short is the mark as records keep it; none is gone.
func (p *panel) short() uint32 { return min(uint32(p.mark), gone-1) }

// look works out what is said of the customer as of now. featuretopic.ErrUnknown: the catalogue of the record's values has not been read yet.
func (j *judge) look(r *record, nowMs int64) (*verdict, error) {
	v, err := j.catalogues.Vector(r.schema, r.values)
	if err != nil {
		return nil, err
	}
	p, out := j.panel(r.workspace), &j.said
	out.asOfMs, out.mark = nowMs, p.short()
	out.seats, out.shadow = out.seats[:0], out.shadow[:0]
	among := j.book.set.Among().Look(v, &j.glance).Match(nowMs)
	j.cells = j.cells[:0]
	for i := range p.board.Seats {
		s := &p.board.Seats[i]
		switch {
		case s.Champion == nil && len(s.Challengers) == 0:
			out.seats = append(out.seats, said{target: i, held: s.Held, missing: s.Missing})
			continue
		case !among[i]:
			out.seats = append(out.seats, said{target: i, missing: "not one of those whom it is predicted for: " + j.book.set.Targets[i].Among})
			continue
		}
		if len(j.cells) == 0 {
			j.cells = j.book.plan.Fill(j.cells, v, nowMs)
		}
		out.seats = append(out.seats, j.champion(p, i, r, v))
		j.shadow(p, i, r)
	}
	out.found = j.warnings.Look(v, nowMs)
	out.dueMs = earlier(j.glance.Next(nowMs))
	if at := earlier(j.warnings.Next(v, nowMs)); at != 0 && (out.dueMs == 0 || at < out.dueMs) {
		out.dueMs = at
	}
	return out, nil
}

func earlier(ms int64, ok bool) int64 {
	if !ok {
		return 0
	}
	return ms
}

// champion is what the model says that serves.
func (j *judge) champion(p *panel, i int, r *record, v catalog.Vector) said {
	s := &p.board.Seats[i]
	if s.Champion == nil {
		return said{target: i, held: s.Held, missing: s.Missing}
	}
	if why := j.lacking(p, i, r.schema, v); why != "" {
		return said{target: i, missing: why}
	}
	return j.score(p.seats[i].champion, s.Champion, i)
}

// score has a model score the cells in hand.
func (j *judge) score(s Scorer, of *Bound, target int) said {
	value := s.Score(j.cells)
	if short := float64(float32(value)); math.IsNaN(short) || math.IsInf(short, 0) {
		return said{target: target, missing: fmt.Sprintf("model %s gives no number", of.Version)}
	}
	out := said{target: target, of: of, value: float32(value)}
	if of.High > 0 || of.Medium > 0 {
		out.band = bandOf(forecast.Band(float64(out.value), of.High, of.Medium))
	}
	return out
}

// shadow has the challengers of a target score the cells in hand.
func (j *judge) shadow(p *panel, i int, r *record) {
	for k, c := range p.board.Seats[i].Challengers {
		if s := p.seats[i].challengers[k]; s != nil && r.schema == j.book.catalog.Layout().Fingerprint {
			if x := j.score(s, c, i); x.of != nil {
				j.said.shadow = append(j.said.shadow, x)
			}
		}
	}
}

// lacking says why the champion cannot score a customer whose values are of a catalogue; empty when it can. A column that such a set says nothing of is not
// one that has no value: the model learnt nothing of that.
func (j *judge) lacking(p *panel, i int, schema uint64, v catalog.Vector) string {
	if schema == j.book.catalog.Layout().Fingerprint {
		return ""
	}
	known, ok := p.lacks[schema]
	if !ok {
		known = j.lacks(p, schema)
		p.lacks[schema] = known
	}
	if known[i] != "" {
		return known[i]
	}
	return j.filling(p, i, schema, v)
}

// lacks binds the champions to the columns that a catalogue has.
func (j *judge) lacks(p *panel, schema uint64) []string {
	out := make([]string, len(p.board.Seats))
	var has []row.Column
	for k, c := range j.book.plan.Columns() {
		if j.catalogues.Has(schema, j.book.positions[k]) {
			has = append(has, c)
		}
	}
	for i := range p.board.Seats {
		if s := &p.board.Seats[i]; s.Champion != nil {
			if _, err := s.Champion.Model.Bind(has); err != nil {
				out[i] = fmt.Sprintf("the customer's features are of another catalogue, and model %s: %v", s.Champion.Version, err)
			}
		}
	}
	return out
}

// filling says that a count which the model needs is still being filled from the facts: only then is one absent.
func (j *judge) filling(p *panel, i int, schema uint64, v catalog.Vector) string {
	if !j.catalogues.Plain(schema) {
		return ""
	}
	var has []row.Column
	var without []string
	for k, c := range j.book.plan.Columns() {
		at := j.book.positions[k]
		if j.book.catalog.Layout().Fields[at].Zero && !v.Has(at) {
			without = append(without, c.Name)
			continue
		}
		has = append(has, c)
	}
	if len(without) == 0 {
		return ""
	}
	if _, err := p.board.Seats[i].Champion.Model.Bind(has); err != nil {
		return fmt.Sprintf("being filled from the facts: %s", strings.Join(without, ", "))
	}
	return ""
}
