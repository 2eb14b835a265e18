package neighbours

import (
	"bytes"
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/packed"
)

// A row is a map, whatever comes and goes.
func TestARowIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, want := row{}, map[int32]cell{}
		for range rapid.IntRange(0, 300).Draw(t, "steps") {
			item := rapid.Int32Range(0, 40).Draw(t, "item")
			sign := rapid.SampledFrom([]int32{1, 1, 0, -1, -1}).Draw(t, "sign")
			part := float64(sign) * 0.5
			if sign == 0 {
				part = 0.25
			}
			r.add(item, part, sign)
			c, ok := want[item]
			switch {
			case !ok && sign <= 0:
			case c.groups+sign == 0:
				delete(want, item)
			default:
				want[item] = cell{item, c.groups + sign, max(c.of+part, 0)}
			}
		}
		if r.n != len(want) || 4*r.n > 3*len(r.cells) {
			t.Fatalf("%d pairs in %d cells, want %d", r.n, len(r.cells), len(want))
		}
		for _, c := range r.sorted() {
			if want[c.item] != c {
				t.Fatalf("%+v, want %+v", c, want[c.item])
			}
		}
	})
}

func draw(t *rapid.T) []event {
	var events []event
	for range rapid.IntRange(0, 60).Draw(t, "events") {
		events = append(events, event{rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "group"), rapid.Int32Range(0, items-1).Draw(t, "item"), rapid.Int64Range(1, 20_000).Draw(t, "at")})
	}
	return events
}

func TestTakingAGroupAtOnceIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOptions(t)
		one, _ := New(o)
		all, _ := New(o)
		took, at := map[string][]int32{}, map[string][]int64{}
		now := int64(1)
		for _, e := range draw(t) {
			one.Observe(e.group, e.item, e.atMs)
			took[e.group], at[e.group] = append(took[e.group], e.item), append(at[e.group], e.atMs)
			now = max(now, e.atMs)
		}
		for group := range took {
			half := len(took[group]) / 2 // the second half comes to a group that is there
			all.Take(group, took[group][:half], at[group][:half])
			all.Take(group, took[group][half:], at[group][half:])
		}
		same(t, all, one, now, 1e-9)
	})
}

// same compares what two indexes say of every item.
func same(t *rapid.T, got, want *Index, now int64, within float64) {
	t.Helper()
	for i := range int32(items) {
		scores := map[int32]float64{}
		for _, c := range want.Similar(nil, i, 100, now, nil) {
			scores[c.Item] = c.Score
		}
		list := got.Similar(nil, i, 100, now, nil)
		for _, c := range list {
			if math.Abs(c.Score-scores[c.Item]) > within {
				t.Fatalf("item %d with %d: %v, want %v", i, c.Item, c.Score, scores[c.Item])
			}
		}
		if len(list) != len(scores) {
			t.Fatalf("item %d: %v, want %v", i, list, scores)
		}
	}
}

// What was dropped was never there.
func TestADroppedItemWasNeverThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOptions(t)
		o.Window = 100
		with, without := must(t, o), must(t, o)
		now := int64(1)
		gone := rapid.Int32Range(0, items-1).Draw(t, "gone")
		for _, e := range draw(t) {
			with.Observe(e.group, e.item, e.atMs)
			if now = max(now, e.atMs); e.group != "a" || e.item != gone {
				without.Observe(e.group, e.item, e.atMs)
			}
		}
		with.Drop("a", gone)
		with.Drop("nobody", gone)
		same(t, with, without, now, 1e-9)
	})
}

func must(t rapid.TB, o Options) *Index {
	x, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Rows and groups are bounded, and a bounded row never says more than all events do.
func TestRowsAndGroupsAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOptions(t)
		o.Nearest = 0
		whole := must(t, o)
		o.Row, o.Groups = rapid.IntRange(2, 6).Draw(t, "row"), 0
		x := must(t, o)
		o.Groups = 3
		few := must(t, o)
		now := int64(1)
		for _, e := range draw(t) {
			whole.Observe(e.group, e.item, e.atMs)
			x.Observe(e.group, e.item, e.atMs)
			few.Observe(e.group, e.item, e.atMs)
			now = max(now, e.atMs)
			if _, _, n := few.Size(); n > 3 {
				t.Fatalf("%d groups", n)
			}
			for i := range x.pairs {
				if x.pairs[i].n > o.Row {
					t.Fatalf("item %d has %d pairs", i, x.pairs[i].n)
				}
			}
		}
		if o.Row >= items-1 { // nothing was forgotten
			same(t, x, whole, now, 1e-9)
		}
		for i := range int32(items) {
			scores := map[int32]float64{}
			for _, c := range whole.Similar(nil, i, 100, now, nil) {
				scores[c.Item] = c.Score
			}
			for _, c := range x.Similar(nil, i, 100, now, nil) {
				if c.Score > scores[c.Item]+1e-9 {
					t.Fatalf("item %d with %d: %v, all events say %v", i, c.Item, c.Score, scores[c.Item])
				}
			}
		}
	})
}

// A file is the index: it gives the same bytes again, and both go on alike.
func TestAFileIsTheIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOptions(t)
		o.Row, o.Groups = rapid.SampledFrom([]int{0, 4}).Draw(t, "row"), rapid.SampledFrom([]int{0, 3}).Draw(t, "groups")
		x := must(t, o)
		events := draw(t)
		for _, e := range events[:len(events)/2] {
			x.Observe(e.group, e.item, e.atMs)
		}
		data := x.Encode()
		y, err := Decode(data, packed.Same(items))
		if err != nil {
			t.Fatal(err)
		}
		if again := y.Encode(); !bytes.Equal(data, again) {
			t.Fatalf("%x, then %x", data, again)
		}
		for _, e := range events[len(events)/2:] {
			x.Observe(e.group, e.item, e.atMs)
			y.Observe(e.group, e.item, e.atMs)
		}
		if !bytes.Equal(x.Encode(), y.Encode()) {
			t.Fatal("they go on differently")
		}
		places := packed.Places{6, 5, 4, packed.None, 2, 1, 0}
		z, err := Decode(data, places)
		if err != nil {
			t.Fatal(err)
		}
		x, _ = Decode(data, packed.Same(items))
		for i, n := range places {
			if n == packed.None {
				continue
			}
			want := map[int32]float64{}
			for _, c := range x.Similar(nil, int32(i), 100, 0, nil) {
				if places[c.Item] != packed.None {
					want[places[c.Item]] = c.Score
				}
			}
			got := z.Similar(nil, n, 100, 0, nil)
			if len(got) != len(want) || slices.ContainsFunc(got, func(c candidate.Candidate) bool { return want[c.Item] != c.Score }) {
				t.Fatalf("item %d: %v, want %v", n, got, want)
			}
		}
	})
}

// BenchmarkMillion teaches visits of 5 of 100,000 items, skewed as shops are, and says what a million touches take of memory.
func BenchmarkMillion(b *testing.B) {
	o := Default()
	o.Row = 1000
	for b.Loop() {
		x, _ := New(o)
		r := lcg(1)
		for g := range 200_000 {
			list := make([]int32, 5)
			for i := range list {
				u := r.float()
				list[i] = int32(100_000 * u * u * u)
			}
			x.Take("", list, nil)
			x.Close("")
			_ = g
		}
		_, pairs, _ := x.Size()
		cells := 0
		for i := range x.pairs {
			cells += len(x.pairs[i].cells)
		}
		b.ReportMetric(float64(pairs), "pairs")
		b.ReportMetric(float64(16*cells+40*len(x.pairs))/(1<<20), "MiB")
		b.ReportMetric(float64(len(x.Encode()))/(1<<20), "MiB-file")
	}
}

// lcg draws numbers.
type lcg uint64

func (l *lcg) float() float64 {
	*l = *l*6364136223846793005 + 1442695040888963407
	return float64(*l>>11) / (1 << 53)
}

// The strongest are those that sorting puts first.
func TestPartIsWhatSortingGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []strong
		for item, is := range rapid.SliceOfN(rapid.IntRange(0, 9), 0, 60).Draw(t, "strengths") {
			all = append(all, strong{cell{item: int32(item), groups: 1}, float64(is)})
		}
		want := slices.Clone(all)
		slices.SortFunc(want, func(a, b strong) int { return cmp.Or(cmp.Compare(b.is, a.is), cmp.Compare(a.item, b.item)) })
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		n := rapid.IntRange(0, len(all)).Draw(t, "n")
		part(all, n)
		got := slices.Clone(all[:n])
		slices.SortFunc(got, func(a, b strong) int { return cmp.Or(cmp.Compare(b.is, a.is), cmp.Compare(a.item, b.item)) })
		if !slices.Equal(got, want[:n]) {
			t.Fatalf("the first %d are %v, want %v", n, got, want[:n])
		}
	})
}
