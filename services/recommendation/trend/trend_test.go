package trend

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/freshet/freshet/services/recommendation/candidate"
)

type event struct {
	item   int32
	weight float64
	at     int64
	scopes []string
}

func options() Options {
	return Options{Short: time.Hour, Long: 24 * time.Hour, Prior: 2, Items: 100, Scopes: 10}
}

func must(t rapid.TB, o Options) *Trend {
	x, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// oracle gives the scores of the package comment's formulas over all events.
func oracle(o Options, events []event, now int64, scopes []string) map[int32]float64 {
	out := map[int32]float64{}
	for _, scope := range scopes {
		s, l := map[int32]float64{}, map[int32]float64{}
		for _, e := range events {
			if slices.Contains(e.scopes, scope) {
				s[e.item] += e.weight * math.Pow(2, -float64(now-e.at)/float64(o.Short.Milliseconds()))
				l[e.item] += e.weight * math.Pow(2, -float64(now-e.at)/float64(o.Long.Milliseconds()))
			}
		}
		for item := range s {
			usual := l[item] * float64(o.Short) / float64(o.Long)
			if more := s[item] - usual; more > 0 {
				out[item] += more / math.Sqrt(usual+o.Prior)
			}
		}
	}
	return out
}

func draw(t *rapid.T) []event {
	all := []string{All, Country("DE"), Segment("vip")}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) event {
		return event{rapid.Int32Range(0, 9).Draw(t, "item"), float64(rapid.IntRange(1, 10).Draw(t, "weight")), rapid.Int64Range(1, 200*3_600_000).Draw(t, "at"), all[:rapid.IntRange(1, 3).Draw(t, "scopes")]}
	}), 0, 60).Draw(t, "events")
}

func TestScoresAreTheFormulas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, events := must(t, options()), draw(t)
		now := int64(0)
		for _, e := range events {
			x.Observe(e.item, e.weight, e.at, e.scopes...)
			now = max(now, e.at)
		}
		now += rapid.Int64Range(0, 48*3_600_000).Draw(t, "later")
		scopes := []string{All, Country("DE"), Segment("vip"), "c/nowhere"}[:rapid.IntRange(1, 4).Draw(t, "asked")]
		want := oracle(options(), events, now, scopes)
		got := x.Candidates(nil, 100, now, nil, scopes...)
		last := math.Inf(1)
		for _, c := range got {
			if math.Abs(c.Score-want[c.Item]) > 1e-9*max(1, want[c.Item]) || c.Score > last || c.Reason.Kind != candidate.Trending {
				t.Fatalf("%+v, want %v", got, want)
			}
			last = c.Score
			delete(want, c.Item)
		}
		for item, score := range want {
			if score > 1e-9 {
				t.Fatalf("item %d with %v is missing in %v", item, score, got)
			}
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := options()
		o.Items, o.Scopes = 3, 2
		x, whole := must(t, o), must(t, options())
		for _, e := range draw(t) {
			x.Observe(e.item, e.weight, e.at, e.scopes...)
			whole.Observe(e.item, e.weight, e.at, e.scopes...)
			for name, s := range x.scopes {
				if len(s.list) > 6 || len(s.at) != len(s.list) {
					t.Fatalf("scope %q has %d items, %d numbers", name, len(s.list), len(s.at))
				}
			}
		}
		if len(x.scopes) > 2 || len(whole.scopes) > 2 != (x.Refused() > 0) {
			t.Fatalf("%d scopes, %d refused", len(x.scopes), x.Refused())
		}
		short := math.Exp2(float64(x.landmark-whole.landmark) / float64(o.Short.Milliseconds()))
		for name, s := range x.scopes {
			for item, at := range s.at {
				if is, of := s.list[at].short*short, whole.scopes[name].list[whole.scopes[name].at[item]].short; is > of*(1+1e-9) {
					t.Fatalf("item %d of %q: %v is more than %v", item, name, is, of)
				}
			}
		}
	})
}

func TestTheSameEventsGiveTheSameList(t *testing.T) {
	o := options()
	o.Items = 20
	var lists [2][]candidate.Candidate
	for i := range lists {
		x, r := must(t, o), rand.New(rand.NewPCG(1, 1))
		for at := range 20_000 {
			x.Observe(int32(200*math.Pow(r.Float64(), 3)), 1, int64(at)*10_000, All)
		}
		lists[i] = x.Candidates(nil, 10, 0, nil, All)
	}
	if !slices.Equal(lists[0], lists[1]) || len(lists[0]) != 10 {
		t.Errorf("%v, then %v", lists[0], lists[1])
	}
}

// An old favourite that is taken as always does not trend; what is taken more than usual does, at once; what is refused is not there.
func TestAnEventCountsAtOnce(t *testing.T) {
	x := must(t, options())
	hour := int64(3_600_000)
	for h := range int64(300) {
		x.Observe(1, 5, h*hour, All)
	}
	now := 300 * hour
	for range 3 {
		x.Observe(2, 5, now, All, Country("DE"))
	}
	got := x.Candidates(nil, 5, now, nil, All)
	if len(got) == 0 || got[0].Item != 2 {
		t.Errorf("%+v", got)
	}
	if got := x.Candidates(nil, 5, now, func(i int32) bool { return i == 2 }, All, Country("DE")); len(got) > 1 || len(got) == 1 && got[0].Item != 1 {
		t.Errorf("refused, and yet %+v", got)
	}
	if got := x.Candidates(nil, 5, now, nil, Country("FR")); got != nil {
		t.Errorf("nobody was there: %+v", got)
	}
}

func TestManyHalfLives(t *testing.T) {
	x := must(t, options())
	for day := range int64(3650) { // ten years of half-lives of an hour
		x.Observe(1, 1, day*24*3_600_000, All)
	}
	x.Observe(2, 1, 3650*24*3_600_000, All)
	got := x.Candidates(nil, 5, 0, nil, All)
	if len(got) == 0 || got[0].Item != 2 || math.IsNaN(got[0].Score) || math.IsInf(got[0].Score, 0) {
		t.Errorf("%+v", got)
	}
	if _, err := New(Options{Short: time.Hour, Long: time.Hour, Prior: 1, Items: 1, Scopes: 1}); err == nil {
		t.Error("two equal half-lives are taken")
	}
}

func BenchmarkCandidates(b *testing.B) {
	x, r := must(b, Default()), rand.New(rand.NewPCG(1, 1))
	for at := range 200_000 {
		x.Observe(int32(100_000*math.Pow(r.Float64(), 3)), 1, int64(at)*1000, All, Country(fmt.Sprint(at%30)))
	}
	var dst []candidate.Candidate
	for b.Loop() {
		dst = x.Candidates(dst[:0], 50, 0, nil, All, Country("1"))
	}
}
