package gbdt

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/freshet/freshet/pkg/wire"
)

// Format is the layout of a model file: the letters FGBM, the number of the layout, the model, and the SHA-256 of all that.
// The same model gives the same bytes.
var Format = wire.Format{Name: "gradient boosted trees", Oldest: 1, Written: 1, Newest: 1}

const magic = "FGBM"

// ErrNotAModel is returned for bytes that are not a model file, or were changed since it was written.
var ErrNotAModel = errors.New("not a model file of Freshet, or a damaged one")

// Encode is the model as a file.
func (m *Model) Encode() []byte {
	b := Format.Begin([]byte(magic))
	b = append(b, byte(m.Objective))
	b = appendFloat(b, m.Base)
	b = appendParams(b, m.Params)
	b = binary.AppendUvarint(b, uint64(len(m.Features)))
	for _, f := range m.Features {
		b = append(wire.AppendText(b, f.Name), byte(f.Kind))
		b = binary.AppendUvarint(b, uint64(len(f.Categories)))
		for _, c := range f.Categories {
			b = wire.AppendText(b, c)
		}
	}
	b = m.Trained.append(b)
	b = binary.AppendUvarint(b, uint64(len(m.trees)))
	for _, t := range m.trees {
		b = binary.AppendUvarint(b, uint64(len(t.nodes)))
		for i := range t.nodes {
			b = t.nodes[i].append(b)
		}
	}
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// Hash is the SHA-256 of the model, in hex: two models with the same hash are the same.
func (m *Model) Hash() string {
	b := m.Encode()
	return hex.EncodeToString(b[len(b)-sha256.Size:])
}

// Decode reads what Encode wrote. The error wraps ErrNotAModel for foreign or damaged bytes, and is a *wire.VersionError for a
// layout of another release. It never panics, and a model that it returns can score any row (FuzzDecode).
func Decode(b []byte) (*Model, error) {
	if len(b) < len(magic)+1+sha256.Size || !bytes.HasPrefix(b, []byte(magic)) {
		return nil, ErrNotAModel
	}
	body := b[:len(b)-sha256.Size]
	c, _, err := Format.Open(body[len(magic):])
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], b[len(body):]) {
		return nil, fmt.Errorf("%w: its hash is not that of its content", ErrNotAModel)
	}
	m, err := readModel(&c)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotAModel, err)
	}
	return m, nil
}

func readModel(c *wire.Cursor) (*Model, error) {
	m := &Model{Objective: Objective(c.Byte()), Base: readFloat(c), Params: readParams(c)}
	m.Features = make([]Feature, c.Count(3))
	for i := range m.Features {
		f := &m.Features[i]
		f.Name, f.Kind = c.Text(), Kind(c.Byte())
		if n := c.Count(1); n > 0 {
			f.Categories = make([]string, n)
		}
		for j := range f.Categories {
			f.Categories[j] = c.Text()
		}
	}
	m.Trained = readTrained(c)
	m.trees = make([]tree, c.Count(2))
	for i := range m.trees {
		nodes := make([]node, c.Count(minNode))
		for j := range nodes {
			nodes[j] = readNode(c)
		}
		m.trees[i].nodes = nodes
	}
	if err := c.Done(); err != nil {
		return nil, err
	}
	if err := m.sound(); err != nil {
		return nil, err
	}
	m.compile()
	return m, nil
}

func appendFloat(b []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
}

func readFloat(c *wire.Cursor) float64 {
	var v [8]byte
	c.Fixed(v[:])
	return math.Float64frombits(binary.LittleEndian.Uint64(v[:]))
}

// minNode is the fewest bytes of a node: feature, value, cover.
const minNode = 1 + 8 + 8

const (
	numericLeft = iota + 1
	numericRight
	setLeft
	setRight
)

func (n *node) append(b []byte) []byte {
	if n.feature < 0 {
		b = append(b, 0)
		return appendFloat(appendFloat(b, n.value), n.cover)
	}
	kind := byte(numericRight)
	if n.set != nil {
		kind = setRight
	}
	b = append(b, kind-bit(n.missingLeft))
	b = appendFloat(appendFloat(b, n.cover), n.gain)
	b = binary.AppendUvarint(b, uint64(n.feature))
	b = binary.AppendUvarint(b, uint64(n.left))
	if n.set == nil {
		return appendFloat(b, n.threshold)
	}
	b = binary.AppendUvarint(b, uint64(len(n.set)))
	return appendSet(b, n.set)
}

func appendSet(b []byte, set []uint64) []byte {
	for _, w := range set {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

func readNode(c *wire.Cursor) node {
	kind := c.Byte()
	if kind == 0 {
		return node{feature: leafNode, value: readFloat(c), cover: readFloat(c)}
	}
	if kind > setRight {
		c.Fail()
	}
	n := node{cover: readFloat(c), gain: readFloat(c), feature: int32(c.Number()), left: int32(c.Number())}
	n.missingLeft = kind == numericLeft || kind == setLeft
	if kind < setLeft {
		n.threshold = readFloat(c)
		return n
	}
	n.set = make([]uint64, c.Count(8))
	for i := range n.set {
		n.set[i] = math.Float64bits(readFloat(c))
	}
	return n
}

func (t Trained) append(b []byte) []byte {
	for _, n := range []int{t.Rows, t.ValidRows, t.Rounds, t.BestRound} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	b = appendFloat(wire.AppendText(b, t.Metric), t.Valid)
	b = binary.AppendUvarint(b, uint64(len(t.Meta)))
	for _, k := range slices.Sorted(maps.Keys(t.Meta)) {
		b = wire.AppendText(wire.AppendText(b, k), t.Meta[k])
	}
	return b
}

func readTrained(c *wire.Cursor) Trained {
	t := Trained{Rows: c.Number(), ValidRows: c.Number(), Rounds: c.Number(), BestRound: c.Number(), Metric: c.Text(), Valid: readFloat(c)}
	n := c.Count(2)
	if n > 0 {
		t.Meta = make(map[string]string, n)
	}
	for range n {
		k := c.Text()
		t.Meta[k] = c.Text()
	}
	return t
}
