package factsql

import (
	"fmt"
	"strings"

	"github.com/freshet/freshet/pkg/catalog"
)

// cell is one slot: the parts of its row, and how a Reading is made of them.
type cell struct {
	slot  int
	group string
	parts []part
	make  func(r *catalog.Reading, values []any)
}

// part is one value of a row.
type part struct {
	sql string
	// dest makes what the value is scanned into.
	dest func() any
}

func (c cell) part(i int) string { return fmt.Sprintf("s%d_%d", c.slot, i) }

// where says which rows a slot takes: those that count, not before its window begins.
func where(column int, c *catalog.Column, w catalog.Window, asOf int64) string {
	counts := fmt.Sprintf("w%d", column)
	if c.Source == catalog.FromOrders {
		counts = "1"
	}
	if w.Length == 0 {
		return counts
	}
	return fmt.Sprintf("%s AND ts >= %d", counts, w.StartMs(asOf))
}

// cellOf writes the cell of a slot.
func cellOf(p *catalog.Plan, slot int, s catalog.Slot, asOf int64) cell {
	c := &p.Columns[s.Column]
	x := &writer{column: s.Column, c: c, cond: where(s.Column, c, s.Window, asOf), asOf: asOf}
	if c.Source == catalog.FromOrders {
		x.value = posted[c.Posted]
	} else {
		x.value = fmt.Sprintf("v%d", s.Column)
	}
	out := forms[c.Op](x)
	out.slot = slot
	return out
}

// writer writes the parts of one cell.
type writer struct {
	column int
	c      *catalog.Column
	cond   string
	value  string
	asOf   int64
}

func (x *writer) key() string { return fmt.Sprintf("k%d", x.column) }

// sales says which moments of orders are sales that stand.
func (x *writer) sales() string {
	if x.c.Source == catalog.FromOrders {
		return x.cond + " AND orders > 0"
	}
	return x.cond
}

// forms are the ways of the accumulations.
var forms = map[catalog.Op]func(x *writer) cell{
	catalog.OpSum:          sum,
	catalog.OpMin:          func(x *writer) cell { return edge(x, "minIf") },
	catalog.OpMax:          func(x *writer) cell { return edge(x, "maxIf") },
	catalog.OpFirst:        func(x *writer) cell { return told(x, "minIf") },
	catalog.OpLast:         func(x *writer) cell { return told(x, "maxIf") },
	catalog.OpFirstTime:    func(x *writer) cell { return moment(x, "minIf") },
	catalog.OpLastTime:     func(x *writer) cell { return moment(x, "maxIf") },
	catalog.OpDistinct:     distinct,
	catalog.OpByKey:        byKey,
	catalog.OpDecayed:      decayed,
	catalog.OpDecayedByKey: decayedByKey,
	catalog.OpTimes:        times,
	catalog.OpSessions:     sessions,
	catalog.OpDays:         days,
	catalog.OpLatest:       latest,
	catalog.OpTraits:       traits,
}

func (x *writer) sql(format string, args ...any) string {
	return strings.NewReplacer("{if}", x.cond, "{value}", x.value, "{key}", x.key()).Replace(fmt.Sprintf(format, args...))
}
