package session

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/interaction"
)

// plain is V-SKNN by the formulas of the package comment, through all sessions ever added, oldest first.
func plain(o Options, past [][]int32, session []int32) map[int32]float64 {
	session = session[max(0, len(session)-o.Look):]
	n := float64(len(session))
	place := map[int32]float64{}
	for i, item := range session {
		place[item] = n - float64(i)
	}
	type neighbour struct {
		age       int
		r, newest float64
	}
	var sharing []neighbour
	for age := len(past) - 1; age >= 0 && len(sharing) < o.Sample; age-- {
		s := neighbour{age: age, newest: math.Inf(1)}
		for _, item := range past[age] {
			if p, ok := place[item]; ok {
				s.r += 1 - (p-1)/n
				s.newest = min(s.newest, p)
			}
		}
		if !math.IsInf(s.newest, 1) {
			sharing = append(sharing, s)
		}
	}
	slices.SortStableFunc(sharing, func(a, b neighbour) int { // sums are made in another order than the index's: round before equal is judged
		return cmp.Compare(math.Round(b.r*1e9), math.Round(a.r*1e9))
	})
	with := map[int32]float64{}
	for _, s := range past {
		for _, item := range s {
			with[item]++
		}
	}
	scores := map[int32]float64{}
	for _, s := range sharing[:min(len(sharing), o.Neighbours)] {
		for _, item := range past[s.age] {
			scores[item] += max(0, 1-(s.newest-1)/10) * s.r * (1 + o.IDF*math.Log(float64(len(past))/with[item]))
		}
	}
	return scores
}

func drawItems(t *rapid.T, least int) []int32 {
	return rapid.SliceOfN(rapid.Int32Range(0, 11), least, 16).Draw(t, "items")
}

func drawOptions(t *rapid.T) Options {
	m := rapid.IntRange(1, 8).Draw(t, "m")
	return Options{Neighbours: rapid.IntRange(1, m).Draw(t, "k"), Sample: m, Look: rapid.SampledFrom([]int{1, 3, 16}).Draw(t, "look"),
		Longest: rapid.SampledFrom([]int{2, 16}).Draw(t, "longest"), IDF: rapid.SampledFrom([]float64{0, 1, 2.5}).Draw(t, "idf")}
}

func TestEqualToAPlainSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOptions(t)
		x, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		var past [][]int32
		for range rapid.IntRange(0, 60).Draw(t, "sessions") {
			items := drawItems(t, 0)
			x.Add(items)
			if items = interaction.Distinct(items); len(items) > 0 {
				past = append(past, items[max(0, len(items)-o.Longest):])
			}
		}
		for range 3 {
			q := &candidate.Query{History: drawItems(t, 0), K: 100, Skip: func(item int32) bool { return item == 4 }}
			want := plain(o, past, q.History)
			delete(want, 4)
			got := x.Candidates(nil, q)
			last := math.Inf(1)
			for _, c := range got {
				if math.Abs(c.Score-want[c.Item]) > 1e-9 || c.Score > last {
					t.Fatalf("%v: %v, want %v", q.History, got, want)
				}
				if !slices.Contains(q.History, c.Reason.Because) || c.Reason.Kind != candidate.Session || c.Reason.Share <= 0 {
					t.Fatalf("%v: %+v is no reason", q.History, c.Reason)
				}
				last = c.Score
				delete(want, c.Item)
			}
			for item, score := range want {
				if score > 1e-12 {
					t.Fatalf("%v: item %d with %v is missing in %v", q.History, item, score, got)
				}
			}
		}
	})
}

func TestTheIndexIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOptions(t)
		x, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 200).Draw(t, "sessions") {
			x.Add(drawItems(t, 1))
		}
		held := map[int32]int{}
		for item := range x.item {
			if len(x.item[item].at) > o.Sample {
				t.Fatalf("item %d holds %d sessions", item, len(x.item[item].at))
			}
			for _, at := range x.item[item].at {
				held[at]++
			}
		}
		for at, s := range x.past {
			if s.held != held[int32(at)] || len(s.items) > o.Longest || (s.held == 0) != slices.Contains(x.free, int32(at)) || s.held == 0 && s.items != nil {
				t.Fatalf("place %d: %+v, and %d rings hold it", at, s, held[int32(at)])
			}
		}
		if sessions, _ := x.Size(); sessions > 12*o.Sample || len(x.past) > 12*o.Sample+1 {
			t.Fatalf("%d sessions in %d places", sessions, len(x.past))
		}
	})
}

func live(t *testing.T, most int) (*Live, *Index) {
	t.Helper()
	x, err := New(Default())
	if err != nil {
		t.Fatal(err)
	}
	l, err := NewLive(x, time.Minute, most)
	if err != nil {
		t.Fatal(err)
	}
	return l, x
}

func ask(x *Index, session []int32) (items []int32) {
	for _, c := range x.Candidates(nil, &candidate.Query{History: session, K: 10}) {
		items = append(items, c.Item)
	}
	return items
}

func TestATouchCountsAtOnce(t *testing.T) {
	l, x := live(t, 100)
	for _, s := range [][]int32{{1, 2}, {1, 2}, {3, 4}, {3, 4}, {5}} { // 5 is known alone, so that IDF is above 0
		x.Add(s)
	}
	l.Touch("a", 1, 1000)
	if got := ask(x, l.Session("a")); !slices.Equal(got, []int32{1, 2}) {
		t.Errorf("after 1: %v", got)
	}
	l.Touch("a", 3, 2000)
	if got := ask(x, l.Session("a")); !slices.Equal(got, []int32{3, 4, 1, 2}) {
		t.Errorf("after 1, 3: %v", got)
	}
	l.Touch("a", 9, 3000)
	if got := ask(x, []int32{9}); got != nil {
		t.Errorf("a session under way is in the index: %v", got)
	}
	l.Touch("b", 1, 3000+59_999)
	if got := ask(x, []int32{9}); got != nil {
		t.Errorf("a session that has not paused long enough is in the index: %v", got)
	}
	if n := l.Sweep(3000 + 60_000); n != 1 {
		t.Errorf("%d sessions are open", n)
	}
	if got := ask(x, []int32{9}); len(got) != 3 || !slices.Contains(got, 3) || l.Session("a") != nil {
		t.Errorf("after its end: %v", got)
	}
	l.End("b")
	l.End("b")
	if n, _ := x.Size(); n != 7 {
		t.Errorf("%d sessions in the index", n)
	}
}

func TestLiveIsBounded(t *testing.T) {
	l, x := live(t, 2)
	for i := range 5 {
		l.Touch(fmt.Sprint(i), int32(i), 1)
	}
	if n := l.Sweep(1); n != 2 || l.Session("3") == nil || l.Session("2") != nil {
		t.Errorf("%d open", n)
	}
	if n, _ := x.Size(); n != 3 {
		t.Errorf("%d ended", n)
	}
	for range 10_000 {
		l.Touch("bot", 1, 1)
	}
	if n := len(l.Session("bot")); n > 4*Default().Longest {
		t.Errorf("a session of %d touches", n)
	}
}

func TestReadersAndAWriter(t *testing.T) {
	l, x := live(t, 50)
	var all sync.WaitGroup
	for w := range 3 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 1))
			for i := range 3000 {
				key := fmt.Sprint(r.IntN(100))
				if w == 0 {
					l.Touch(key, int32(r.IntN(500)), int64(i*1000))
					continue
				}
				last := math.Inf(1)
				for _, c := range x.Candidates(nil, &candidate.Query{History: []int32{int32(r.IntN(500)), int32(r.IntN(500))}, K: 20}) {
					if c.Score > last {
						t.Error("out of order")
						return
					}
					last = c.Score
				}
			}
		})
	}
	all.Wait()
}

func TestOptionsAreChecked(t *testing.T) {
	for want, edit := range map[string]func(*Options){
		"0 neighbours":    func(o *Options) { o.Neighbours = 0 },
		"501 neighbours":  func(o *Options) { o.Neighbours = 501 },
		"a sample of 0":   func(o *Options) { o.Sample = 0 },
		"a look at 0":     func(o *Options) { o.Look = 0 },
		"up to 0 items":   func(o *Options) { o.Longest = 0 },
		"weight of NaN":   func(o *Options) { o.IDF = math.NaN() },
		"weight of -1":    func(o *Options) { o.IDF = -1 },
		"a sample of 1e9": func(o *Options) { o.Sample = 1e9 },
	} {
		o := Default()
		edit(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), strings.ReplaceAll(want, "1e9", "1000000000")) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := NewLive(nil, 0, 1); err == nil {
		t.Error("no pause was taken")
	}
}

// BenchmarkCandidates asks an index of 200,000 sessions of 5 items of 100,000, skewed as shops are.
func BenchmarkCandidates(b *testing.B) {
	x, _ := New(Default())
	r := rand.New(rand.NewPCG(1, 1))
	item := func() int32 { return int32(100_000 * math.Pow(r.Float64(), 3)) }
	for range 200_000 {
		x.Add([]int32{item(), item(), item(), item(), item()})
	}
	for _, n := range []int{1, 4, 20} {
		b.Run(fmt.Sprintf("session of %d", n), func(b *testing.B) {
			var dst []candidate.Candidate
			q := &candidate.Query{K: 20, History: make([]int32, n)}
			for b.Loop() {
				for i := range q.History {
					q.History[i] = item()
				}
				dst = x.Candidates(dst[:0], q)
			}
		})
	}
}
