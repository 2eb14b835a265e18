package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/freshet/freshet/pkg/gbdt"
	"github.com/freshet/freshet/pkg/linear"
	"github.com/freshet/freshet/pkg/wire"
)

// Format is the layout of a trained model's file: the letters FCHM, the number of the layout, the head as JSON, the body, and the SHA-256 of all that.
// The same model gives the same bytes. The body of trees is a file of package gbdt, that of a regression its JSON, that of a constant nothing.
var Format = wire.Format{Name: "trained model", Oldest: 1, Written: 1, Newest: 1}

const magic = "FCHM"

// ErrNotAModel is returned for bytes that are not a trained model, or were changed since it was written.
var ErrNotAModel = errors.New("not a trained model of Freshet, or a damaged one")

// head is what a file says before its body. A field more is another layout: one that is not known is refused.
type head struct {
	Kind        Kind        `json:"kind"`
	Family      string      `json:"family"`
	Settings    string      `json:"settings"`
	Form        string      `json:"form"`
	Constant    float64     `json:"constant"`
	Columns     schema      `json:"columns"`
	Calibration Calibration `json:"calibration"`
}

// The forms of a body.
const (
	formConstant = "constant"
	formLinear   = "linear"
	formTrees    = "trees"
)

// Encode is the model as a file: what predicts, not how it was chosen. It fails for a model that Decode would refuse, which Train makes of names that
// are no UTF-8.
func (t *Trained) Encode() ([]byte, error) {
	h := head{Kind: t.Kind, Family: t.Family, Settings: t.Settings, Columns: t.schema, Calibration: t.Calibration}
	var body []byte
	var err error
	switch m := t.form.(type) {
	case constant:
		h.Form, h.Constant = formConstant, m.value
	case regression:
		h.Form = formLinear
		body, err = json.Marshal(m.Model)
	case trees:
		h.Form, body = formTrees, m.Encode()
	default:
		err = fmt.Errorf("a %s is for comparison only", t.Family)
	}
	if err == nil {
		err = t.sound()
	}
	if err != nil {
		return nil, fmt.Errorf("encode a model: %w", err)
	}
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("encode a model: %w", err)
	}
	b := Format.Begin([]byte(magic))
	b = wire.AppendBytes(wire.AppendBytes(b, text), body)
	sum := sha256.Sum256(b)
	return append(b, sum[:]...), nil
}

// Decode reads what Encode wrote. The error wraps ErrNotAModel for foreign or damaged bytes, and is a *wire.VersionError for a layout of another
// release. It never panics, and a model that it returns predicts of any row (FuzzDecode), what it predicted before to the bit (TestFiles).
func Decode(data []byte) (*Trained, error) {
	if len(data) < len(magic)+1+sha256.Size || !bytes.HasPrefix(data, []byte(magic)) {
		return nil, ErrNotAModel
	}
	front := data[:len(data)-sha256.Size]
	c, _, err := Format.Open(front[len(magic):])
	if err != nil {
		if errors.Is(err, wire.ErrDamaged) {
			err = fmt.Errorf("%w: %w", ErrNotAModel, err)
		}
		return nil, err
	}
	if sum := sha256.Sum256(front); !bytes.Equal(sum[:], data[len(front):]) {
		return nil, fmt.Errorf("%w: its hash is not that of its content", ErrNotAModel)
	}
	text, body := c.Bytes(), c.Bytes()
	if err = c.Done(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotAModel, err)
	}
	t, err := read(text, body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotAModel, err)
	}
	return t, nil
}

func read(text, body []byte) (*Trained, error) {
	var h head
	if err := strictly(text, &h); err != nil {
		return nil, fmt.Errorf("its head: %w", err)
	}
	t := &Trained{Kind: h.Kind, Family: h.Family, Settings: h.Settings, Calibration: h.Calibration, fitted: &fitted{schema: h.Columns}}
	switch h.Form {
	case formConstant:
		t.form = constant{h.Kind, h.Constant}
		if len(body) > 0 {
			return nil, errors.New("a constant has no body")
		}
	case formLinear:
		m := &linear.Model{}
		if err := strictly(body, m); err != nil {
			return nil, fmt.Errorf("its regression: %w", err)
		}
		t.form = regression{h.Kind, m}
	case formTrees:
		m, err := gbdt.Decode(body)
		if err != nil {
			return nil, fmt.Errorf("its trees: %w", err)
		}
		t.form = trees{h.Kind, m}
	default:
		return nil, fmt.Errorf("it is of form %q", h.Form)
	}
	return t, t.sound()
}

// strictly reads one JSON value, all of it, with no field that is not known.
func strictly(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if d.InputOffset() != int64(len(text)) {
		return errors.New("there is something behind it")
	}
	return nil
}

// sound says why a model cannot be kept or used. It holds for all that Train makes of names in UTF-8.
func (t *Trained) sound() error {
	if int(t.Kind) >= len(kinds) {
		return fmt.Errorf("it is of %s", t.Kind)
	}
	if err := t.schema.sound(); err != nil {
		return err
	}
	if err := t.Calibration.sound(t.Kind); err != nil {
		return fmt.Errorf("its calibration: %w", err)
	}
	switch m := t.form.(type) {
	case constant:
		if !finite(m.value) || t.Kind == Binary && (m.value < 0 || m.value > 1) {
			return fmt.Errorf("it predicts %v", m.value)
		}
	case regression:
		return t.schema.suitsLinear(m.Model)
	case trees:
		if err := m.Check(t.schema.features()); err != nil {
			return err
		}
		switch {
		case m.Objective == gbdt.Squared, m.Objective == gbdt.Logistic && t.Kind == Binary, m.Objective == gbdt.Poisson && t.Kind == Real:
			return nil
		}
		return fmt.Errorf("trees for %v do not predict a %s label", m.Objective, t.Kind)
	}
	return nil
}

func (s schema) sound() error {
	names := map[string]bool{}
	for i := range s {
		c := &s[i]
		if names[c.Name] || !utf8.ValidString(c.Name) {
			return fmt.Errorf("column %q is there twice, or is no UTF-8", c.Name)
		}
		names[c.Name] = true
		if c.Log && c.Category || !c.Category && len(c.Levels) > 0 {
			return fmt.Errorf("column %q is neither numbers nor categories", c.Name)
		}
		levels := map[string]bool{}
		for _, l := range c.Levels {
			if levels[l] || !utf8.ValidString(l) {
				return fmt.Errorf("column %q: category %q is there twice, or is no UTF-8", c.Name, l)
			}
			levels[l] = true
		}
	}
	return nil
}

// features are the columns as trees know them.
func (s schema) features() []gbdt.Feature {
	out := make([]gbdt.Feature, len(s))
	for i, c := range s {
		if out[i] = (gbdt.Feature{Name: c.Name}); c.Category {
			out[i].Kind, out[i].Categories = gbdt.Categorical, c.Levels
		}
	}
	return out
}

func (s schema) suitsLinear(m *linear.Model) error {
	if err := m.Check(); err != nil {
		return err
	}
	if len(m.Columns) != len(s) {
		return fmt.Errorf("there are %d columns, and the regression has %d", len(s), len(m.Columns))
	}
	for i, c := range s {
		if t := m.Columns[i]; t.Name != c.Name || len(t.Effects) != len(c.Levels) || c.Category && t.Scale != 0 {
			return fmt.Errorf("column %d is %q, and in the regression %q of another kind", i, c.Name, t.Name)
		}
	}
	return nil
}

func finite(values ...float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}
