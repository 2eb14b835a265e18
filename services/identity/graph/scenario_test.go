package graph

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestScenarios plays testdata/scenarios/*: each line of `apply` is one log record. Customers
// are shown as c1, c2, ... in the order in which they were made.
func TestScenarios(t *testing.T) {
	datadriven.Walk(t, "testdata/scenarios", func(t *testing.T, path string) {
		s := &scenario{t: t, store: NewBatch(openPebble(t).NewIndexedBatch()), graph: New(DefaultLimits()), names: map[ID]string{}}
		t.Cleanup(func() { _ = s.store.batch.Close() })
		datadriven.RunTest(t, path, s.run)
	})
}

type scenario struct {
	t      *testing.T
	store  *Batch
	graph  Graph
	offset int64
	names  map[ID]string
}

func (s *scenario) run(t *testing.T, d *datadriven.TestData) string {
	var out strings.Builder
	switch d.Cmd {
	case "limits":
		l := DefaultLimits()
		d.MaybeScanArgs(t, "identifiers", &l.Identifiers)
		d.MaybeScanArgs(t, "merges", &l.Merges)
		d.MaybeScanArgs(t, "weak", &l.Weak)
		d.MaybeScanArgs(t, "strong", &l.Strong)
		d.MaybeScanArgs(t, "refused", &l.Refused)
		d.MaybeScanArgs(t, "minute", &l.PerMinute)
		d.MaybeScanArgs(t, "day", &l.PerDay)
		d.MaybeScanArgs(t, "users", &l.UserIDs)
		s.graph = New(l)
	case "apply":
		for line := range strings.Lines(d.Input) {
			fmt.Fprintf(&out, "%d: %s\n", s.offset, s.apply(strings.Fields(line)))
			s.offset++
		}
	case "lookup":
		for line := range strings.Lines(d.Input) {
			fmt.Fprintln(&out, s.lookup(strings.Fields(line)))
		}
	case "customer":
		for line := range strings.Lines(d.Input) {
			s.customer(&out, identifiers(strings.TrimSpace(line))[0])
		}
	default:
		d.Fatalf(t, "unknown command %q", d.Cmd)
	}
	return out.String()
}

func (s *scenario) apply(words []string) string {
	before := len(dump(s.t, s.store))
	res := mustApply(s.t, s.graph, s.store, s.offset, words...)
	var parts []string
	if res.Created {
		parts = append(parts, "new customer")
	}
	if res.Linked > 0 {
		parts = append(parts, fmt.Sprintf("%d linked", res.Linked))
	}
	for _, m := range res.Merges {
		parts = append(parts, fmt.Sprintf("%s -> %s @%d", s.name(m.From), s.name(m.To), m.Epoch))
	}
	parts = append(parts, drops(res.Dropped)...)
	if len(parts) == 0 && before == len(dump(s.t, s.store)) {
		parts = append(parts, "nothing new")
	}
	return strings.Join(append(parts, "=> "+s.owner(words)), ", ")
}

// owner looks the operation up again: after it was applied, all must be settled.
func (s *scenario) owner(words []string) string {
	a, err := s.graph.Lookup(s.store, said(s.offset, words...))
	if err != nil {
		s.t.Fatal(err)
	}
	if !a.Settled {
		return "NOT SETTLED"
	}
	return s.name(a.Customer)
}

func (s *scenario) lookup(words []string) string {
	a, err := s.graph.Lookup(s.store, said(s.offset, words...))
	if err != nil {
		s.t.Fatal(err)
	}
	if !a.Settled {
		return "to be applied"
	}
	return strings.Join(append([]string{s.name(a.Customer)}, drops(a.Dropped)...), ", ")
}

func (s *scenario) customer(out *strings.Builder, id Identifier) {
	owner, ok, err := s.graph.Owner(s.store, "w", id)
	if err != nil || !ok {
		fmt.Fprintf(out, "%s: unknown %v\n", id.Value, err)
		return
	}
	c, _, err := s.graph.Customer(s.store, "w", owner)
	if err != nil {
		s.t.Fatal(err)
	}
	fmt.Fprintf(out, "%s, since %d, %d refused", s.name(c.ID), c.CreatedMS, c.Refused)
	for _, m := range c.Merged {
		fmt.Fprintf(out, ", was %s", s.name(m))
	}
	fmt.Fprintln(out)
	for _, l := range c.Identifiers {
		fmt.Fprintf(out, "  %s:%s by %s\n", l.Identifier.Type, l.Identifier.Value, l.Provenance.EventID)
	}
}

func (s *scenario) name(id ID) string {
	if id == (ID{}) {
		return "nobody"
	}
	if _, ok := s.names[id]; !ok {
		s.names[id] = fmt.Sprintf("c%d", len(s.names)+1)
	}
	return s.names[id]
}

func drops(list []Dropped) []string {
	var out []string
	for _, d := range list {
		out = append(out, fmt.Sprintf("%s:%s %s", d.Identifier.Type, d.Identifier.Value, d.Reason))
	}
	return out
}
