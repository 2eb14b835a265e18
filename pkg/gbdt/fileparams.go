package gbdt

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/freshet/freshet/pkg/wire"
)

func (p *Params) wholes() []*int {
	return []*int{&p.Rounds, &p.Leaves, &p.MaxDepth, &p.MaxBins, &p.MinRows, &p.CategoryLimit, &p.OneVsRest, &p.Truncation, &p.EarlyStop}
}

func (p *Params) floats() []*float64 {
	return []*float64{&p.Quantile, &p.LearningRate, &p.MinWeight, &p.MinGain, &p.L1, &p.L2, &p.RowShare, &p.ColumnShare, &p.SplitShare, &p.CategorySmooth, &p.CategoryL2}
}

func appendParams(b []byte, p Params) []byte {
	b = append(b, byte(p.Objective))
	for _, v := range p.wholes() {
		b = binary.AppendUvarint(b, uint64(*v))
	}
	for _, v := range p.floats() {
		b = appendFloat(b, *v)
	}
	b = append(b, bit(p.Forest))
	b = binary.AppendUvarint(b, p.Seed)
	b = binary.AppendUvarint(b, uint64(len(p.Monotone)))
	for _, k := range slices.Sorted(maps.Keys(p.Monotone)) {
		b = binary.AppendVarint(wire.AppendText(b, k), int64(p.Monotone[k]))
	}
	return b
}

func readParams(c *wire.Cursor) Params {
	p := Params{Objective: Objective(c.Byte())}
	for _, v := range p.wholes() {
		*v = c.Number()
	}
	for _, v := range p.floats() {
		*v = readFloat(c)
	}
	p.Forest = c.Byte() != 0
	p.Seed = c.Uvarint()
	n := c.Count(2)
	if n > 0 {
		p.Monotone = make(map[string]int, n)
	}
	for range n {
		k := c.Text()
		p.Monotone[k] = int(c.Int32())
	}
	return p
}

// sound says whether a model that was read can be walked: every child after its parent and of one parent only, every feature
// there, every number one that can be added. It holds for all that Train makes.
func (m *Model) sound() error {
	if m.Objective < Logistic || m.Objective > LambdaRank {
		return fmt.Errorf("it has objective %d", m.Objective)
	}
	if len(m.Features) == 0 || !finite(m.Base) {
		return fmt.Errorf("it has %d features and the base %v", len(m.Features), m.Base)
	}
	for _, f := range m.Features {
		if f.Kind > Categorical || f.Kind == Numeric && len(f.Categories) > 0 {
			return fmt.Errorf("feature %q is neither numeric nor categorical", f.Name)
		}
	}
	total := 0
	for i, t := range m.trees {
		if err := m.soundTree(t.nodes); err != nil {
			return fmt.Errorf("tree %d: %w", i, err)
		}
		total += len(t.nodes)
	}
	if total > math.MaxInt32 {
		return fmt.Errorf("it has %d nodes", total)
	}
	return nil
}

func (m *Model) soundTree(nodes []node) error {
	// Children are made in pairs, each pair by a parent before it.
	taken, depth := make([]bool, len(nodes)), make([]int, len(nodes))
	for i := range nodes {
		n := &nodes[i]
		if !finite(n.value) || !(n.cover >= 0) || math.IsInf(n.cover, 1) {
			return fmt.Errorf("node %d has value %v and cover %v", i, n.value, n.cover)
		}
		if n.feature < 0 {
			continue
		}
		if int(n.feature) >= len(m.Features) || int(n.left) <= i || int(n.left)+1 >= len(nodes) || taken[n.left] || taken[n.left+1] {
			return fmt.Errorf("node %d leads astray", i)
		}
		taken[n.left], taken[n.left+1] = true, true
		if depth[n.left], depth[n.left+1] = depth[i]+1, depth[i]+1; depth[i] >= mostDepth {
			return fmt.Errorf("it is deeper than %d", mostDepth)
		}
		categorical := m.Features[n.feature].Kind == Categorical
		if categorical != (n.set != nil) || n.threshold != n.threshold || len(n.set) > (len(m.Features[n.feature].Categories)+63)/64 {
			return fmt.Errorf("node %d does not suit its feature", i)
		}
	}
	for i := 1; i < len(nodes); i++ {
		if !taken[i] {
			return fmt.Errorf("node %d has no parent", i)
		}
	}
	if len(nodes) == 0 {
		return fmt.Errorf("it has no node")
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
