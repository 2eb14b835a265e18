package als

import (
	"encoding/binary"
	"fmt"

	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/services/recommendation/dense"
	"github.com/freshet/freshet/services/recommendation/packed"
)

var format = wire.Format{Name: "ALS of recommendation", Oldest: 2, Written: 2, Newest: 2}

// Encode writes the points of the items, and what a fold-in needs of the options.
func (m *Model) Encode() []byte {
	b := packed.Begin(format, 4*len(m.items)+8*len(m.gram))
	for _, n := range []int{m.o.Factors, m.o.Epochs, m.all} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	b = packed.AppendFloat(packed.AppendFloat(b, m.o.L2), m.o.Unobserved)
	for _, v := range m.gram {
		b = packed.AppendFloat(b, v)
	}
	var known []int32
	for item, ok := range m.known {
		if ok {
			known = append(known, int32(item))
		}
	}
	b = binary.AppendUvarint(b, uint64(len(known)))
	for _, item := range known {
		b = binary.AppendUvarint(b, uint64(item))
		for _, v := range m.point(item)[:m.o.Factors] {
			b = packed.AppendShort(b, v)
		}
	}
	return packed.Seal(b)
}

// Decode reads the points of the items.
func Decode(data []byte, places packed.Places) (*Model, error) {
	in, err := packed.Open(format, data)
	if err != nil {
		return nil, err
	}
	m := &Model{o: Options{Factors: in.Number(), Epochs: in.Number()}, all: in.Number()}
	m.o.L2, m.o.Unobserved = packed.Float(&in), packed.Float(&in)
	if err := m.o.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", format.Name, err)
	}
	if m.o.Unobserved == 0 {
		in.Fail() // a fit writes what it took
		return nil, packed.Done(format, &in)
	}
	d := m.o.Factors
	if in.Left() < 8*d*d {
		in.Fail()
		return nil, packed.Done(format, &in)
	}
	m.gram = make([]float64, d*d)
	for i := range m.gram {
		m.gram[i] = packed.Float(&in)
	}
	m.known = make([]bool, places.Size())
	m.items = make([]float32, len(m.known)*dense.Padded(d))
	spare := make([]float32, d)
	for range in.Count(1 + 4*d) {
		to, item := spare, places.Item(&in)
		if item != packed.None {
			m.known[item] = true
			to = m.point(item)[:d]
		}
		for i := range to {
			to[i] = packed.Short(&in)
		}
	}
	m.arrange()
	if err := packed.Done(format, &in); err != nil {
		return nil, err
	}
	return m, nil
}
