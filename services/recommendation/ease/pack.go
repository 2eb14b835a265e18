package ease

import (
	"encoding/binary"

	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/services/recommendation/packed"
)

var format = wire.Format{Name: "EASE of recommendation", Oldest: 1, Written: 1, Newest: 1}

// Encode writes the matrix.
func (m *Model) Encode() []byte {
	room := 0
	for _, row := range m.rows {
		room += 4 + 7*len(row)
	}
	b := packed.Begin(format, room)
	b = binary.AppendUvarint(b, uint64(m.Fitted))
	b = binary.AppendUvarint(b, uint64(m.Left))
	rows := len(m.rows)
	for rows > 0 && len(m.rows[rows-1]) == 0 {
		rows--
	}
	b = binary.AppendUvarint(b, uint64(rows))
	for _, row := range m.rows[:rows] {
		b = binary.AppendUvarint(b, uint64(len(row)))
		for _, e := range row {
			b = packed.AppendShort(binary.AppendUvarint(b, uint64(e.item)), e.value)
		}
	}
	return packed.Seal(b)
}

// Decode reads a matrix.
func Decode(data []byte, places packed.Places) (*Model, error) {
	in, err := packed.Open(format, data)
	if err != nil {
		return nil, err
	}
	m := &Model{rows: make([][]entry, places.Size()), Fitted: in.Number(), Left: in.Number()}
	for i := range in.Count(1) {
		row := make([]entry, 0, in.Count(5))
		for range cap(row) {
			e := entry{item: places.Item(&in), value: packed.Short(&in)}
			if e.item != packed.None {
				row = append(row, e)
			}
		}
		if i >= len(places) || in.Failed() {
			in.Fail()
			break
		}
		if n := places[i]; n != packed.None && len(row) > 0 {
			m.rows[n] = row
		}
	}
	if err := packed.Done(format, &in); err != nil {
		return nil, err
	}
	return m, nil
}
