package watch

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/freshet/freshet/pkg/broker"
	"github.com/freshet/freshet/pkg/keyfile"
	"github.com/freshet/freshet/services/collector/source"
)

// grades know which line a source's events have. For one goroutine, but for wanted and place, which many may call between two refreshes.
type grades struct {
	file   string
	fixed  map[string]string
	watch  keyfile.Watch
	of     map[string]grade
	logger *slog.Logger
}

func newGrades(file string, fixed map[string]string, logger *slog.Logger) *grades {
	g := &grades{file: file, fixed: fixed, logger: logger}
	if file != "" {
		g.watch.Note(file)
	}
	g.load(time.Now())
	return g
}

// refresh reads the sources file again when it changed, and says whether it did. A faulty one leaves the grades as they are.
func (g *grades) refresh(now time.Time) bool {
	return g.file != "" && g.watch.Changed() && g.load(now)
}

func (g *grades) load(now time.Time) bool {
	declared, err := g.read(now)
	if err != nil {
		g.logger.Warn("grades of the sources are not read, those before stay", "error", err)
		if g.of != nil {
			return false
		}
	}
	g.of = map[string]grade{}
	for _, s := range declared.Sources {
		if s.Grade == source.GradeCore {
			g.of[s.Name] = core
		}
	}
	for name, of := range g.fixed {
		g.of[name] = grade(of)
	}
	return true
}

func (g *grades) read(now time.Time) (source.File, error) {
	if g.file == "" {
		return source.File{}, nil
	}
	text, err := keyfile.Read(g.file)
	if errors.Is(err, fs.ErrNotExist) {
		return source.File{}, nil
	}
	if err != nil {
		return source.File{}, fmt.Errorf("read the sources file: %w", err)
	}
	return source.Parse(text, g.file, now)
}

// wanted are the grades that events of a queue can have.
func (g *grades) wanted(q queue) []grade {
	if !q.sourced {
		return []grade{unknown}
	}
	for _, of := range g.of {
		if of == core {
			return []grade{behaviour, core}
		}
	}
	return []grade{behaviour}
}

// place is a live record as what waits.
func (g *grades) place(q queue, is record, rec broker.Record) waiting {
	w := waiting{grade: unknown, offset: rec.Offset, received: time.UnixMilli(is.receivedMs), arrived: rec.Time}
	if q.sourced {
		w.grade = behaviour
		if g.of[is.source] == core {
			w.grade = core
		}
	}
	if w.arrived.Before(w.received) { // no time on the record, or a clock that is behind
		w.arrived = w.received
	}
	return w
}
