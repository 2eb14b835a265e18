package churn

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/forecast"
	churnv1 "github.com/freshet/freshet/proto/gen/freshet/churn/v1"
	featurev1 "github.com/freshet/freshet/proto/gen/freshet/feature/v1"
	modelv1 "github.com/freshet/freshet/proto/gen/freshet/model/v1"
	"github.com/freshet/freshet/services/churn/row"
)

// shipped is the catalogue that tests tell features by.
var shipped = func() *catalog.Catalog {
	c, err := catalog.Load("")
	if err != nil {
		panic(err)
	}
	return c
}()

// told gives a feature set numbers by the name of their feature, in a layout.
func told(l *catalog.Layout, fs *featurev1.FeatureSet, numbers map[string]int64) *featurev1.FeatureSet {
	values := make([]catalog.Value, len(l.Fields))
	for name, n := range numbers {
		i, ok := l.Position(name)
		if !ok {
			panic("no feature " + name)
		}
		values[i] = catalog.Value{Present: true, Int: n}
	}
	fs.Schema, fs.Values = l.Fingerprint, l.Encode(nil, values)
	return fs
}

// slope is a model of one column: Base + By x its value, Missing where it has none.
type slope struct {
	Column            string
	Base, By, Missing float64
}

type slopeScorer struct {
	slope
	at int
}

// Bind implements Model.
func (s slope) Bind(columns []row.Column) (Scorer, error) {
	at := slices.IndexFunc(columns, func(c row.Column) bool { return c.Name == s.Column })
	if at < 0 {
		return nil, fmt.Errorf("needs columns that are not there: %s", s.Column)
	}
	return slopeScorer{s, at}, nil
}

// Score implements Scorer.
func (s slopeScorer) Score(cells []row.Cell) float64 {
	x := cells[s.at].Number
	if x != x {
		return s.Missing
	}
	return s.Base + s.By*x
}

// Explain implements Scorer.
func (s slopeScorer) Explain(cells []row.Cell) (score, base float64, list []Contribution) {
	score = s.Score(cells)
	return score, s.Base, []Contribution{{Column: "last_seen", Cell: cells[0]}, {Column: s.Column, Cell: cells[s.at], Phi: score - s.Base}}
}

// decodeSlope reads a slope's file.
func decodeSlope(data []byte) (Model, error) {
	var s slope
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("no slope: %w", err)
	}
	return s, nil
}

// shelf is a registry in memory.
type shelf struct {
	mu       sync.Mutex
	states   map[string]*modelv1.State
	versions map[string][]*modelv1.Version
	runs     map[string][]*modelv1.Run
	files    map[string][]byte
	away     bool // the bucket
	changed  chan struct{}
}

func newShelf() *shelf {
	return &shelf{states: map[string]*modelv1.State{}, versions: map[string][]*modelv1.Version{}, runs: map[string][]*modelv1.Run{}, files: map[string][]byte{}, changed: make(chan struct{}, 1)}
}

func (s *shelf) State(workspace, name string) *modelv1.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.states[workspace+"/"+name]
}

func (s *shelf) Versions(workspace, name string) []*modelv1.Version {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.versions[workspace+"/"+name]
}

func (s *shelf) Runs(workspace, name string) []*modelv1.Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runs[workspace+"/"+name]
}

func (s *shelf) File(_ context.Context, v *modelv1.Version, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, errors.New("the bucket is away")
	}
	return s.files[v.GetName()+"/"+v.GetId()+"/"+name], nil
}

func (s *shelf) Changed() <-chan struct{} { return s.changed }

func (s *shelf) Ready() error { return nil }

// tell says that something changed.
func (s *shelf) tell() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// put makes a version of the default workspace known.
func (s *shelf) put(target, id string, model any, bands *modelv1.Bands) {
	data, err := json.Marshal(model)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(data)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[target+"/"+id+"/"+ModelFile] = data
	s.versions["default/"+target] = append(s.versions["default/"+target], &modelv1.Version{Workspace: "default", Name: target, Id: id, Bands: bands,
		Files: []*modelv1.File{{Name: ModelFile, Size: int64(len(data)), Sha256: hex.EncodeToString(sum[:])}}})
}

// profile gives a version one.
func (s *shelf) profile(target, id, text string) {
	sum := sha256.Sum256([]byte(text))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[target+"/"+id+"/"+ProfileFile] = []byte(text)
	for _, v := range s.versions["default/"+target] {
		if v.GetId() == id {
			v.Files = append(v.Files, &modelv1.File{Name: ProfileFile, Size: int64(len(text)), Sha256: hex.EncodeToString(sum[:])})
		}
	}
}

// live says which version serves, and which are scored in its shadow.
func (s *shelf) live(target, champion string, challengers ...string) {
	s.mu.Lock()
	was := s.states["default/"+target]
	next := &modelv1.State{Workspace: "default", Name: target, Seq: was.GetSeq() + 1, Champion: champion, Challengers: challengers}
	if was.GetChampion() != "" && was.GetChampion() != champion {
		next.Previous = append([]string{was.GetChampion()}, was.GetPrevious()...)
	}
	s.states["default/"+target] = next
	s.mu.Unlock()
	s.tell()
}

// oldWarning is a warning that holds of who has not ordered for so long.
type oldWarning struct {
	at    int
	after int64
}

func newOldWarning(_ []forecast.Warning, c *catalog.Catalog) (Warnings, error) {
	at, ok := c.Layout().Position("last_order")
	if !ok {
		return nil, errors.New("no last_order")
	}
	return oldWarning{at, 100 * dayMs}, nil
}

// Look implements Warnings.
func (w oldWarning) Look(v catalog.Vector, nowMs int64) []Found {
	last, ok := v.Int(w.at)
	if !ok || nowMs-last < w.after {
		return nil
	}
	return []Found{{Name: "order_overdue", Evidence: []Evidence{{Feature: "last_order", Value: float64(nowMs-last) / float64(dayMs), Against: 100}}}}
}

// Next implements Warnings.
func (w oldWarning) Next(v catalog.Vector, nowMs int64) (int64, bool) {
	last, ok := v.Int(w.at)
	return last + w.after, ok && last+w.after > nowMs
}

// plainWords say it in the plainest form.
type plainWords struct{}

func (plainWords) Check(language string) error {
	if language != "" && language != "en" {
		return fmt.Errorf("language: there are sentences in en, not in %q", language)
	}
	return nil
}

func (plainWords) Explain(_ string, target *forecast.Target, score *churnv1.Score, list []Contribution, most int) (headline string, out []Sentence) {
	headline = fmt.Sprintf("%s: %.3f", target.Name, score.GetValue())
	if score.GetBand() != "" {
		headline += ", " + score.GetBand()
	}
	for _, c := range list[:min(len(list), most)] {
		if c.Phi == 0 {
			break
		}
		deed, value := "raises", "no value"
		if c.Phi < 0 {
			deed = "lowers"
		}
		if c.Cell.Text != "" {
			value = c.Cell.Text
		} else if !math.IsNaN(c.Cell.Number) {
			value = fmt.Sprintf("%.4g", c.Cell.Number)
		}
		out = append(out, Sentence{Text: fmt.Sprintf("%s (%s) %s it.", c.Column, value, deed), Features: []string{c.Column}, Phi: c.Phi})
	}
	return headline + ".", out
}

func (plainWords) Warning(_ string, w *forecast.Warning, _ []Evidence) string { return w.Description }
