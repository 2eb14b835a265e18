package feature

import (
	"encoding/binary"
	"slices"

	"github.com/freshet/freshet/pkg/catalog"
	"github.com/freshet/freshet/pkg/wire"
	"github.com/freshet/freshet/services/feature/fill"
	"github.com/freshet/freshet/services/feature/tally"
)

// hole is what a record lacks because the catalogue grew: what these columns hold of the facts up to these marks. From the marks on they count like any
// other. So a hole never changes, wherever its record goes, and is filled whenever somebody has read the facts: see package fill.
type hole struct {
	// columns are by Column.ID, rising.
	columns []uint64
	marks   marks
	arrived []mark
}

func (h *hole) equal(o *hole) bool {
	return slices.Equal(h.columns, o.columns) && slices.Equal(h.arrived, o.arrived) &&
		slices.EqualFunc(h.marks, o.marks, func(a, b route) bool { return a.id == b.id && slices.Equal(a.marks, b.marks) })
}

// clone is a copy that raising marks does not reach.
func (m marks) clone() marks {
	out := slices.Clone(m)
	for i := range out {
		out[i].marks = slices.Clone(out[i].marks)
	}
	return out
}

// dig notes what a record lacks of the engine's plan: what it lacked before, less what no feature is made of any more, and what the plan that kept its
// state did not have. Who was never heard of lacks nothing.
func (r *record) dig(e *tally.Engine, state []byte) error {
	lacking, err := e.Lacks(state)
	if err != nil {
		return err
	}
	for i := range r.holes {
		r.holes[i].columns = slices.DeleteFunc(r.holes[i].columns, func(id uint64) bool {
			_, ok := e.Column(id)
			return !ok
		})
	}
	r.holes = slices.DeleteFunc(r.holes, func(h hole) bool { return len(h.columns) == 0 })
	if len(lacking) == 0 || len(r.marks)+len(r.arrived) == 0 {
		return nil
	}
	h := hole{marks: r.marks.clone(), arrived: slices.Clone(r.arrived)}
	for _, i := range lacking {
		h.columns = append(h.columns, e.Plan().Columns[i].ID)
	}
	slices.Sort(h.columns)
	r.holes = append(r.holes, h)
	return nil
}

// hasHole says whether the record has this very hole.
func (r *record) hasHole(h *hole) bool {
	return slices.ContainsFunc(r.holes, func(x hole) bool { return x.equal(h) })
}

// fill adds what was read for a hole, which the record has no more then.
func (r *record) fill(h *hole, found *tally.State) {
	r.state.Fill(found)
	r.holes = slices.DeleteFunc(r.holes, func(x hole) bool { return x.equal(h) })
}

// lacks are the columns of a plan of which the record does not have everything, rising.
func (r *record) lacks(e *tally.Engine) []int {
	var out []int
	for i := range r.holes {
		out = append(out, r.holes[i].in(e)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// in are a hole's columns by their place in the plan, rising.
func (h *hole) in(e *tally.Engine) []int {
	var out []int
	for _, id := range h.columns {
		if i, ok := e.Column(id); ok {
			out = append(out, i)
		}
	}
	slices.Sort(out)
	return out
}

// want is what is to be read for a hole.
func (h *hole) want(e *tally.Engine, workspace string) fill.Want {
	w := fill.Want{Workspace: workspace, Columns: h.in(e)}
	for _, r := range h.marks {
		for _, m := range r.marks {
			x := fill.Mark{Route: r.id.String(), Life: m.life, Partition: m.partition, Offset: m.offset}
			if m.partition < 0 {
				x.Partition = -1 - m.partition
				w.Orders = append(w.Orders, x)
			} else {
				w.Events = append(w.Events, x)
			}
		}
	}
	for _, m := range h.arrived {
		w.Arrived = append(w.Arrived, fill.Arrival{Partition: m.partition, Sequence: m.offset})
	}
	return w
}

// hide takes away the values of features that are not known yet: until the hole is filled they would be too small.
func (b *book) hide(r *record, values []catalog.Value) []catalog.Value {
	for _, i := range b.hidden(r) {
		values[i] = catalog.Value{}
	}
	return values
}

// hidden are the positions of the features of a record that are not known yet.
func (b *book) hidden(r *record) []int {
	if len(r.holes) == 0 {
		return nil
	}
	var key []byte
	for i := range r.holes {
		for _, id := range r.holes[i].columns {
			key = binary.BigEndian.AppendUint64(key, id)
		}
	}
	out, ok := b.behind[string(key)]
	if !ok {
		if out = b.catalog.MadeOf(r.lacks(b.engine)); b.behind == nil || len(b.behind) > 64 {
			b.behind = map[string][]int{}
		}
		b.behind[string(key)] = out
	}
	return out
}

// filling names the features of a record, or those of them that are asked for, that are not known yet.
func (b *book) filling(r *record, names []string) []string {
	if r == nil {
		return nil
	}
	var out []string
	for _, i := range b.hidden(r) {
		if n := b.catalog.Features[i].Name; len(names) == 0 || slices.Contains(names, n) {
			out = append(out, n)
		}
	}
	return out
}

// layoutOf is the layout of a record's values. What is not known yet must not read as zero.
func (b *book) layoutOf(r *record) *catalog.Layout {
	if r == nil || len(r.holes) == 0 {
		return b.catalog.Layout()
	}
	if b.plain == nil {
		b.plain = b.catalog.Layout().Plain()
	}
	return b.plain
}

func (r *record) appendHoles(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(r.holes)))
	for i := range r.holes {
		h := &r.holes[i]
		b = binary.AppendUvarint(b, uint64(len(h.columns)))
		for _, id := range h.columns {
			b = binary.BigEndian.AppendUint64(b, id)
		}
		b = appendArrived(h.marks.append(b), h.arrived)
	}
	return b
}

// readHoles reads what a record lacks; a hole without columns is none, and their ids rise.
func (r *record) readHoles(in *wire.Cursor) {
	for range in.Count(3) {
		var h hole
		n := in.Count(8)
		for i := range n {
			var id [8]byte
			in.Fixed(id[:])
			h.columns = append(h.columns, binary.BigEndian.Uint64(id[:]))
			if i > 0 && h.columns[i-1] >= h.columns[i] {
				in.Fail()
			}
		}
		readMarks(in, &h.marks)
		h.arrived = readArrived(in)
		if n == 0 || len(h.marks)+len(h.arrived) == 0 {
			in.Fail()
		}
		r.holes = append(r.holes, h)
	}
}
