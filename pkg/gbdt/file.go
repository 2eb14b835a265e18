package gbdt

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/freshet/freshet/pkg/frame"
)

// ErrDamaged says that bytes are no model that was written.
var ErrDamaged = errors.New("the model file is damaged")

// fileFormat and fileVersion stand in a model file. A file of a newer version is not read.
const (
	fileFormat  = "freshet-gbdt"
	fileVersion = 1
)

// file is a model file: JSON, with the SHA-256 of the model in it.
type file struct {
	Format  string          `json:"format"`
	Version int             `json:"version"`
	SHA256  string          `json:"sha256"`
	Model   json.RawMessage `json:"model"`
}

type fileModel struct {
	Objective Objective         `json:"objective"`
	Columns   []fileColumn      `json:"columns"`
	Base      float64           `json:"base"`
	Single    bool              `json:"single,omitempty"`
	Metadata  map[string]string `json:"metadata,omitempty"`
	Trees     []fileTree        `json:"trees"`
}

type fileColumn struct {
	Name   string   `json:"name"`
	Levels []string `json:"levels,omitempty"`
	// Category says that the column is one of Levels.
	Category bool `json:"category,omitempty"`
}

type fileTree struct {
	Left        []int32   `json:"left"`
	Right       []int32   `json:"right"`
	Column      []int32   `json:"column"`
	Cut         []float64 `json:"cut"` // 0 at categories; missing against the rest is everything
	All         []int32   `json:"all,omitempty"`
	MissingLeft []int32   `json:"missing_left,omitempty"`
	// Sets are nodes of categories, each with the codes that go left.
	Sets  map[int32][]int32 `json:"sets,omitempty"`
	Value []float64         `json:"value"`
	Cover []float64         `json:"cover"`
	Gain  []float64         `json:"gain"`
}

// Encode writes a model. What it writes depends on the model alone.
func (m *Model) Encode() ([]byte, error) {
	out := fileModel{Objective: m.Objective, Base: m.Base, Single: m.Single, Metadata: m.Metadata, Trees: []fileTree{}}
	for _, c := range m.Columns {
		out.Columns = append(out.Columns, fileColumn{Name: c.Name, Levels: c.Levels, Category: c.Kind == frame.Category})
	}
	for i := range m.Trees {
		t := &m.Trees[i]
		w := fileTree{Left: t.Left, Right: t.Right, Column: t.Column, Value: t.Value, Cover: t.Cover, Gain: t.Gain, Cut: make([]float64, len(t.Cut))}
		for n := range t.Left {
			switch {
			case t.Levels[n] != nil:
				if w.Sets == nil {
					w.Sets = map[int32][]int32{}
				}
				w.Sets[int32(n)] = t.Levels[n]
			case math.IsInf(t.Cut[n], 1):
				w.All = append(w.All, int32(n))
			default:
				w.Cut[n] = t.Cut[n]
			}
			if t.MissingLeft[n] {
				w.MissingLeft = append(w.MissingLeft, int32(n))
			}
		}
		out.Trees = append(out.Trees, w)
	}
	body, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("encode a model: %w", err)
	}
	sum := sha256.Sum256(body)
	return json.Marshal(file{Format: fileFormat, Version: fileVersion, SHA256: hex.EncodeToString(sum[:]), Model: body})
}

// Decode reads what Encode wrote. Anything else wraps ErrDamaged, or says that a newer release wrote it.
func Decode(b []byte) (*Model, error) {
	var f file
	if err := json.Unmarshal(b, &f); err != nil || f.Format != fileFormat {
		return nil, fmt.Errorf("%w: it is no %s", ErrDamaged, fileFormat)
	}
	if f.Version > fileVersion {
		return nil, fmt.Errorf("the model file has version %d, and this release reads up to %d: run the newer release", f.Version, fileVersion)
	}
	body := bytes.Buffer{}
	if err := json.Compact(&body, f.Model); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if sum := sha256.Sum256(body.Bytes()); hex.EncodeToString(sum[:]) != f.SHA256 {
		return nil, fmt.Errorf("%w: its hash is not the one that stands in it", ErrDamaged)
	}
	var in fileModel
	if err := json.Unmarshal(f.Model, &in); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	m := &Model{Objective: in.Objective, Base: in.Base, Single: in.Single, Metadata: in.Metadata}
	for _, c := range in.Columns {
		kind := frame.Number
		if c.Category {
			kind = frame.Category
		}
		m.Columns = append(m.Columns, Column{Name: c.Name, Kind: kind, Levels: c.Levels})
	}
	for i := range in.Trees {
		t, err := in.Trees[i].tree()
		if err != nil {
			return nil, fmt.Errorf("%w: tree %d: %w", ErrDamaged, i, err)
		}
		m.Trees = append(m.Trees, t)
	}
	return m.checked()
}

func (w *fileTree) tree() (Tree, error) {
	n := len(w.Left)
	for _, other := range []int{len(w.Right), len(w.Column), len(w.Cut), len(w.Value), len(w.Cover), len(w.Gain)} {
		if other != n {
			return Tree{}, errors.New("its arrays differ in length")
		}
	}
	t := Tree{Left: w.Left, Right: w.Right, Column: w.Column, Cut: w.Cut, Value: w.Value, Cover: w.Cover, Gain: w.Gain, MissingLeft: make([]bool, n), Levels: make([][]int32, n)}
	inside := func(i int32) bool { return i >= 0 && int(i) < n }
	for _, i := range w.MissingLeft {
		if !inside(i) {
			return Tree{}, errors.New("a node that is none")
		}
		t.MissingLeft[i] = true
	}
	for _, i := range w.All {
		if !inside(i) {
			return Tree{}, errors.New("a node that is none")
		}
		t.Cut[i] = math.Inf(1)
	}
	for i, levels := range w.Sets {
		if !inside(i) {
			return Tree{}, errors.New("a node that is none")
		}
		if t.Cut[i], t.Levels[i] = math.NaN(), levels; levels == nil {
			t.Levels[i] = []int32{}
		}
	}
	return t, nil
}

// checked says whether a model that was read can be walked without a fault, and makes it ready.
func (m *Model) checked() (*Model, error) {
	switch m.Objective {
	case Logistic, Squared, Poisson, Quantile, LambdaRank:
	default:
		return nil, fmt.Errorf("%w: objective %q", ErrDamaged, m.Objective)
	}
	names := map[string]bool{}
	for _, c := range m.Columns {
		if c.Name == "" || names[c.Name] || len(c.Levels) > maxBins {
			return nil, fmt.Errorf("%w: column %q", ErrDamaged, c.Name)
		}
		names[c.Name] = true
	}
	for i := range m.Trees {
		if err := m.Trees[i].check(m.Columns); err != nil {
			return nil, fmt.Errorf("%w: tree %d: %w", ErrDamaged, i, err)
		}
	}
	m.flatten()
	return m, nil
}

// check says whether each node but the root is the child of one node before it.
func (t *Tree) check(columns []Column) error {
	if len(t.Left) == 0 {
		return errors.New("it has no root")
	}
	parents := make([]int, len(t.Left))
	for n := range t.Left {
		if t.Left[n] == 0 {
			if t.Right[n] != 0 {
				return fmt.Errorf("node %d has one child", n)
			}
			continue
		}
		for _, child := range []int32{t.Left[n], t.Right[n]} {
			if int(child) <= n || int(child) >= len(t.Left) {
				return fmt.Errorf("node %d leads to %d", n, child)
			}
			parents[child]++
		}
		if t.Column[n] < 0 || int(t.Column[n]) >= len(columns) {
			return fmt.Errorf("node %d looks at column %d", n, t.Column[n])
		}
		c := &columns[t.Column[n]]
		if (c.Kind == frame.Category) != (t.Levels[n] != nil) {
			return fmt.Errorf("node %d looks at %s as at another kind", n, c.Name)
		}
		for _, l := range t.Levels[n] {
			if l < 0 || int(l) >= len(c.Levels) {
				return fmt.Errorf("node %d knows category %d of %s", n, l, c.Name)
			}
		}
	}
	for n, p := range parents[1:] {
		if p != 1 {
			return fmt.Errorf("node %d has %d parents", n+1, p)
		}
	}
	return nil
}
