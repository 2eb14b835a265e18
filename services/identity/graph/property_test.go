package graph

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// someOps draws operations over few enough names that they meet all the time.
func someOps(typesAndCounts map[string]int, maxOps int) *rapid.Generator[[][]string] {
	var names []string
	for _, typ := range slices.Sorted(maps.Keys(typesAndCounts)) {
		for n := range typesAndCounts[typ] {
			names = append(names, fmt.Sprintf("%s:%d", typ, n))
		}
	}
	names = append(names, "user_id:null")
	one := rapid.SliceOfN(rapid.SampledFrom(names), 1, 4)
	return rapid.SliceOfN(one, 1, maxOps)
}

func run(t testing.TB, g Graph, ops [][]string) memory {
	s := memory{}
	for n, words := range ops {
		mustApply(t, g, s, int64(n), words...)
	}
	return s
}

var crowded = map[string]int{"user_id": 4, "email": 5, "anonymous_id": 8, "device_id": 3}

func smallLimits(t *rapid.T) Limits {
	return Limits{
		Identifiers: rapid.IntRange(2, 12).Draw(t, "identifiers"),
		Merges:      rapid.IntRange(1, 4).Draw(t, "merges"),
		Refused:     rapid.IntRange(0, 3).Draw(t, "refused"),
		Strong:      rapid.IntRange(1, 6).Draw(t, "strong"),
		Weak:        rapid.IntRange(1, 4).Draw(t, "weak"),
		PerMinute:   rapid.IntRange(1, 3).Draw(t, "per minute"),
		PerDay:      rapid.IntRange(1, 8).Draw(t, "per day"),
		UserIDs:     rapid.IntRange(1, 3).Draw(t, "user ids"),
	}
}

func TestTheSameLogGivesTheSameBytes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := New(smallLimits(rt))
		ops := someOps(crowded, 60).Draw(rt, "ops")
		first, second := run(t, g, ops), run(t, g, ops)
		if diff := cmp.Diff(first, second); diff != "" {
			rt.Fatal(diff)
		}
	})
}

func TestStoresAgree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := New(smallLimits(rt))
		ops := someOps(crowded, 40).Draw(rt, "ops")
		db := openPebble(t)
		for n, words := range ops {
			batch := db.NewIndexedBatch()
			s := NewBatch(batch)
			mustApply(t, g, s, int64(n), words...)
			if err := batch.Commit(nil); err != nil || s.Err() != nil {
				rt.Fatal(err, s.Err())
			}
		}
		if diff := cmp.Diff(dump(t, run(t, g, ops)), dump(t, NewSnapshot(db))); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// TestInvariants checks the whole state after every operation.
func TestInvariants(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := New(smallLimits(rt))
		ops := someOps(crowded, 60).Draw(rt, "ops")
		s := memory{}
		mapping := map[ID]ID{}
		for n, words := range ops {
			res := mustApply(t, g, s, int64(n), words...)
			for _, m := range res.Merges {
				mapping[m.From] = m.To
			}
			checkState(rt, g, s)
			checkMappings(rt, s, mapping)
			checkSettled(rt, g, s, int64(n), words)
		}
	})
}

// checkState holds counters, caps and unique types against the rows.
func checkState(t *rapid.T, g Graph, s memory) { checkRows(t, g, s, newSets()) }

// equals are user ids that trusted aliases have made one person's.
type equals map[string]string

func newSets() equals { return equals{} }

func (e equals) root(x string) string {
	for e[x] != "" && e[x] != x {
		x = e[x]
	}
	return x
}

func (e equals) join(a, b string) { e[e.root(a)] = e.root(b) }

func checkRows(t *rapid.T, g Graph, s memory, same equals) {
	linked := map[ID][]Identifier{}
	for k, v := range s {
		if k[0] != spaceIdentifier {
			continue
		}
		row, err := decodeOwner([]byte(v))
		if err != nil {
			t.Fatal(err)
		}
		typ, value, _ := strings.Cut(k[1+1+len("w")+1:], "\x00")
		linked[row.id] = append(linked[row.id], Identifier{typ, value})
	}
	for id, names := range linked {
		row, ok, err := readCustomer(s, "w", id)
		if err != nil || !ok || row.merged {
			t.Fatalf("identifiers %v belong to %s, which is not live: %+v %v", names, id, row, err)
		}
		c, _, err := g.Customer(s, "w", id)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Identifiers) != len(names) || row.identifiers != len(names) || row.merges != len(c.Merged) {
			t.Fatalf("customer %s: row %+v, linked rows %v, identifiers %v", id, row, c, names)
		}
		if row.identifiers > g.limits.Identifiers || row.merges > g.limits.Merges || row.refused > g.limits.Refused {
			t.Fatalf("customer %s is above the limits %+v: %+v", id, g.limits, row)
		}
		users := map[string]bool{}
		for _, l := range c.Identifiers {
			if l.Identifier.Type == "user_id" {
				users[l.Identifier.Value] = true
			}
		}
		roots := map[string]bool{}
		for u := range users {
			roots[same.root("user_id:"+u)] = true
		}
		if len(roots) > 1 || len(row.uniques) != len(users) || len(users) > max(1, g.limits.UserIDs) {
			t.Fatalf("customer %s holds the user ids %v, its row says %v", id, users, row.uniques)
		}
	}
}

// checkMappings: one hop from any id ever given away ends at a live customer.
func checkMappings(t *rapid.T, s memory, mapping map[ID]ID) {
	for from, to := range mapping {
		row, ok, _ := readCustomer(s, "w", to)
		if !ok || row.merged {
			t.Fatalf("mapping %s -> %s ends at a customer that is not live: %+v", from, to, row)
		}
		gone, ok, _ := readCustomer(s, "w", from)
		if !ok || !gone.merged || gone.into != to {
			t.Fatalf("mapping says %s -> %s, the state says %+v", from, to, gone)
		}
	}
	for k, v := range s {
		if k[0] != spaceCustomer {
			continue
		}
		row, _ := decodeCustomer([]byte(v))
		id, _ := tailID([]byte(k))
		if _, ok := mapping[id]; row.merged && !ok {
			t.Fatalf("%s was merged into %s without a mapping", id, row.into)
		}
	}
}

// checkSettled: an operation that was applied says nothing new, by Lookup and by Apply.
func checkSettled(t *rapid.T, g Graph, s memory, n int64, words []string) {
	a, err := g.Lookup(s, said(n, words...))
	if err != nil || !a.Settled {
		t.Fatalf("%v is not settled after it was applied: %+v %v", words, a, err)
	}
	before := maps.Clone(s)
	if _, err := g.Apply(s, op(n, words...), n+1000); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, s); diff != "" {
		t.Fatalf("applying %v again changed the state:\n%s", words, diff)
	}
}

// TestOrderDoesNotMatterBelowTheLimits: any permutation of the same links gives the
// same partition into customers.
func TestOrderDoesNotMatterBelowTheLimits(t *testing.T) {
	free := map[string]int{"email": 8, "anonymous_id": 12, "device_id": 4}
	rapid.Check(t, func(rt *rapid.T) {
		g := New(wide)
		ops := someOps(free, 25).Draw(rt, "ops")
		shuffled := rapid.Permutation(ops).Draw(rt, "shuffled")
		if diff := cmp.Diff(partition(t, run(t, g, ops)), partition(t, run(t, g, shuffled))); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// wide are limits that no test reaches.
var wide = Limits{Identifiers: 1000, Merges: 1000, Refused: 10, Strong: 1000, Weak: 1000, PerMinute: 1000, PerDay: 1000, UserIDs: 1000}

// partition gives the sets of identifiers, each sorted, in order.
func partition(t testing.TB, s memory) []string {
	sets := map[ID][]string{}
	for k, v := range s {
		if k[0] == spaceIdentifier {
			row, err := decodeOwner([]byte(v))
			if err != nil {
				t.Fatal(err)
			}
			sets[row.id] = append(sets[row.id], k)
		}
	}
	var out []string
	for _, set := range sets {
		slices.Sort(set)
		out = append(out, strings.Join(set, " "))
	}
	slices.Sort(out)
	return out
}

// TestTheOldestNameSurvives plays random merges: the survivor is the one made first.
func TestTheOldestNameSurvives(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := New(DefaultLimits())
		ops := someOps(crowded, 40).Draw(rt, "ops")
		s, born := memory{}, map[ID]int64{}
		for n, words := range ops {
			res := mustApply(t, g, s, int64(n), words...)
			if res.Created {
				a, _ := g.Lookup(s, said(int64(n), words...))
				born[a.Customer] = int64(n)
			}
			for _, m := range res.Merges {
				if born[m.From] <= born[m.To] {
					rt.Fatalf("%s of %d went into the younger %s of %d", m.From, born[m.From], m.To, born[m.To])
				}
			}
		}
	})
}

func BenchmarkApplyNewCustomer(b *testing.B) {
	g, s := New(DefaultLimits()), NewBatch(openPebble(b).NewIndexedBatch())
	defer s.batch.Close()
	for n := range b.N {
		mustApply(b, g, s, int64(n), fmt.Sprintf("user_id:%d", n), fmt.Sprintf("anonymous_id:%d", n))
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "links/s")
}

func BenchmarkLookup(b *testing.B) {
	const customers = 100_000
	g, db := New(DefaultLimits()), openPebble(b)
	batch := db.NewIndexedBatch()
	s := NewBatch(batch)
	for n := range customers {
		mustApply(b, g, s, int64(n), fmt.Sprintf("user_id:%d", n), fmt.Sprintf("anonymous_id:%d", n))
	}
	if err := batch.Commit(nil); err != nil {
		b.Fatal(err)
	}
	if err := db.Flush(); err != nil {
		b.Fatal(err)
	}
	asked := make([][]Identifier, 1<<12)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range asked {
		n := rng.IntN(customers)
		asked[i] = identifiers(fmt.Sprintf("user_id:%d", n), fmt.Sprintf("anonymous_id:%d", n))
	}
	reader := NewSnapshot(db)
	b.ResetTimer()
	for n := range b.N {
		a, err := g.Lookup(reader, Statement{Workspace: "w", Identifiers: asked[n%len(asked)]})
		if err != nil || !a.Settled {
			b.Fatal(a, err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lookups/s")
}

// aliasOps draws statements with aliases between user ids and devices, trusted or not, each naming one user id first.
func aliasOps(kinds []string, maxOps int) *rapid.Generator[[][]string] {
	one := rapid.Custom(func(t *rapid.T) []string {
		words := []string{fmt.Sprintf("user_id:%d", rapid.IntRange(0, 5).Draw(t, "user"))}
		if rapid.Bool().Draw(t, "device") {
			words = append(words, fmt.Sprintf("anonymous_id:%d", rapid.IntRange(0, 9).Draw(t, "device")))
		}
		if kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind != "" {
			words = append(words, fmt.Sprintf("%s:%d", kind, rapid.IntRange(0, 9).Draw(t, "previous")))
		}
		return words
	})
	return rapid.SliceOfN(one, 1, maxOps)
}

// TestAliasesKeepTheInvariants: with aliases of both kinds every operation settles, the rows agree with each other, and a customer has
// several user ids only as trusted aliases have said.
func TestAliasesKeepTheInvariants(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := New(smallLimits(rt))
		ops := aliasOps([]string{"", "alias", "trusted"}, 60).Draw(rt, "ops")
		s, mapping := memory{}, map[ID]ID{}
		same := newSets()
		for n, words := range ops {
			for _, w := range words[1:] {
				if prev, ok := strings.CutPrefix(w, "trusted:"); ok {
					same.join(words[0], "user_id:"+prev)
				}
			}
			res := mustApply(t, g, s, int64(n), words...)
			for _, m := range res.Merges {
				mapping[m.From] = m.To
			}
			checkRows(rt, g, s, same)
			checkMappings(rt, s, mapping)
			checkSettled(rt, g, s, int64(n), words)
		}
	})
}

// TestTheOrderOfAnAliasDoesNotMatter: trusted aliases and the user ids they name, in any order, make the same customers.
func TestTheOrderOfAnAliasDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := New(wide)
		var ops [][]string
		for _, words := range aliasOps([]string{"", "trusted", "trusted"}, 25).Draw(rt, "ops") {
			ops = append(ops, append(words[:1:1], words[len(words)-1])) // the devices would make the order of log-ins matter
		}
		for i, words := range ops {
			if !strings.HasPrefix(words[1], "trusted:") {
				ops[i] = words[:1]
			}
		}
		for n := range 10 {
			ops = append(ops, []string{fmt.Sprintf("user_id:%d", n)})
		}
		shuffled := rapid.Permutation(ops).Draw(rt, "shuffled")
		if diff := cmp.Diff(users(t, run(t, g, ops)), users(t, run(t, g, shuffled))); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// users gives the user ids of each customer: an alias of a user id that came too early leaves an anonymous id of the same text.
func users(t testing.TB, s memory) []string {
	var out []string
	for _, set := range partition(t, s) {
		var of []string
		for _, k := range strings.Split(set, " ") {
			if strings.Contains(k, "user_id") {
				of = append(of, k)
			}
		}
		if out = append(out, strings.Join(of, " ")); len(of) == 0 {
			out = out[:len(out)-1]
		}
	}
	slices.Sort(out)
	return out
}

// TestNoValueTiesMoreThanARush: however events come, a user id gets no more devices within a minute than the limit and its first one.
func TestNoValueTiesMoreThanARush(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := DefaultLimits()
		l.PerMinute, l.PerDay = rapid.IntRange(1, 4).Draw(rt, "per minute"), rapid.IntRange(1, 9).Draw(rt, "per day")
		g, s := New(l), memory{}
		minutes := rapid.IntRange(1, 4).Draw(rt, "minutes")
		for n := range rapid.IntRange(1, 60).Draw(rt, "events") {
			device := fmt.Sprintf("anonymous_id:d%d", n)
			if rapid.Bool().Draw(rt, "seen before") {
				mustApply(t, g, s, int64(1000+n), device)
			}
			mustApply(t, g, s, int64(2000+n), "user_id:gast", device, fmt.Sprintf("@%d", 100+n*minutes/60))
		}
		owner, _, err := g.Owner(s, "w", Identifier{"user_id", "gast"})
		if err != nil {
			rt.Fatal(err)
		}
		c, _, err := g.Customer(s, "w", owner)
		if err != nil {
			rt.Fatal(err)
		}
		if devices := len(c.Identifiers) - 1; devices > 1+min(l.PerDay, minutes*l.PerMinute) {
			rt.Fatalf("%d devices within %d minutes, the limits are %d a minute and %d a day", devices, minutes, l.PerMinute, l.PerDay)
		}
	})
}
