package freshet

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/freshet/freshet/pkg/terminal"
	eventv1 "github.com/freshet/freshet/proto/gen/freshet/event/v1"
	"github.com/freshet/freshet/services/collector/plan"
)

// tally counts what a plan says of events.
type tally struct {
	events, unfit int64
	rows          map[row]*found
	// beyond are findings under names after the first maxRows.
	beyond int64
}

// maxRows bounds the table: names come from clients.
const maxRows = 5_000

// row is a line of the table: an event and a rule.
type row struct {
	typ        eventv1.EventType
	name, rule string
}

type found struct {
	count int64
	// example is the first sentence seen; empty where the plan says none.
	example string
}

func newTally() *tally { return &tally{rows: map[row]*found{}} }

func (t *tally) add(e plan.Event, v plan.Verdict) {
	t.events++
	if len(v.Rules) == 0 {
		return
	}
	t.unfit++
	examples := map[string]string{plan.RuleStripped: ""}
	for _, f := range v.Check.GetViolations() {
		if examples[f.Rule] == "" {
			examples[f.Rule] = f.Message
		}
	}
	if s := v.Check.GetStripped(); len(s) > 0 {
		examples[plan.RuleStripped] = s[0]
	}
	for _, rule := range v.Rules {
		r := row{e.Type, e.Name, rule}
		f := t.rows[r]
		if f == nil {
			if len(t.rows) >= maxRows {
				t.beyond++
				continue
			}
			f = &found{example: cmp.Or(examples[rule], v.Detail)}
			t.rows[r] = f
		}
		f.count++
	}
}

// print writes the table; an error when an event did not fit.
func (t *tally) print(w io.Writer, p *plan.Plan) error {
	if t.unfit == 0 {
		fmt.Fprintf(w, "%d events fit plan %s\n", t.events, p.Name())
		return nil
	}
	rows := make([]row, 0, len(t.rows))
	for r := range t.rows {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.typ, b.typ), cmp.Compare(a.name, b.name), cmp.Compare(t.rows[b].count, t.rows[a].count), cmp.Compare(a.rule, b.rule))
	})
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "EVENT\tRULE\tCOUNT\tFOR EXAMPLE")
	for _, r := range rows {
		name := plan.TypeName(r.typ)
		if r.name != "" {
			name += fmt.Sprintf(" %q", r.name)
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\n", name, r.rule, t.rows[r].count, terminal.Safe(t.rows[r].example))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	if t.beyond > 0 {
		fmt.Fprintf(w, "and %d more, of events beyond the first %d lines\n", t.beyond, maxRows)
	}
	return fmt.Errorf("%d of %d events do not fit plan %s", t.unfit, t.events, p.Name())
}
