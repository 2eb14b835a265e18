package loop

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
)

// learner is a service that knows outcomes and nothing else; its clock stands.
func learner(cfg Config, at time.Time) *Service {
	return &Service{cfg: cfg, arms: newArms(cfg), now: func() time.Time { return at }}
}

func seenOrClicked(kind recommendationv1.FeedbackKind, item string, ms int64) *recommendationv1.Outcome {
	return &recommendationv1.Outcome{Workspace: "default", Scene: "home", ItemId: item, Source: "taste", Kind: kind, AtMs: ms}
}

// Draws are of the posterior: their mean is what was seen, drawn to the scene's mean where little was; the same chance gives the same draw.
func TestDraw(t *testing.T) {
	at := time.UnixMilli(1_790_000_000_000)
	s := learner(Default(), at)
	for range 1000 {
		s.arms.take(seenOrClicked(kindImpression, "good", at.UnixMilli()))
		s.arms.take(seenOrClicked(kindImpression, "bad", at.UnixMilli()))
	}
	for range 300 {
		s.arms.take(seenOrClicked(kindClick, "good", at.UnixMilli()))
	}
	src := rand.New(rand.NewPCG(1, 2))
	for item, want := range map[string]float64{"good": .3, "bad": 0, "new": .15} {
		sum := 0.0
		for range 2000 {
			x := s.Draw("default", "home", item, src)
			if !(x >= 0 && x <= 1) {
				t.Fatalf("a rate of %v", x)
			}
			sum += x
		}
		if got := sum / 2000; math.Abs(got-want) > .015 {
			t.Errorf("%s: draws are %v in the mean, want %v", item, got, want)
		}
	}
	if a, b := s.Draw("default", "home", "new", rand.NewPCG(7, 7)), s.Draw("default", "home", "new", rand.NewPCG(7, 7)); a != b {
		t.Errorf("one chance, two draws: %v, %v", a, b)
	}
	if seen, clicked := s.Rate("default", "home", "taste"); seen != 2000 || clicked != 300 {
		t.Errorf("the source: %v of %v", clicked, seen)
	}
	if a, b := s.arms.posterior("default", "nowhere", "x", at.UnixMilli()); math.Abs(a/(a+b)-usual) > 1e-9 || math.Abs(a+b-20) > 1e-9 {
		t.Errorf("a scene without a past: %v, %v", a, b)
	}
}

// After a half-life all counts half; the order in which outcomes come does not matter.
func TestCountsDecay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Int64Range(0, 10_000), 1, 20).Draw(t, "times")
		var a, b count
		want := 0.0
		for i := range times {
			a.add(times[i], 1000)
			b.add(times[len(times)-1-i], 1000)
			want += math.Exp2(-float64(20_000-times[i]) / 1000)
		}
		if x, y := a.at(20_000, 1000), b.at(20_000, 1000); math.Abs(x-want) > 1e-9*want || math.Abs(y-want) > 1e-9*want {
			t.Fatalf("%v and %v, want %v", x, y, want)
		}
	})
}

// The memory is bounded; who was seen often stays.
func TestArmsAreBounded(t *testing.T) {
	cfg := Default()
	cfg.Arms = 1000
	s := learner(cfg, time.UnixMilli(1000))
	for range 50 {
		s.arms.take(seenOrClicked(kindImpression, "often", 1000))
	}
	for i := range 5000 {
		s.arms.take(seenOrClicked(kindImpression, who(i%256)+string(rune('a'+i/256)), 1000))
	}
	if n := s.arms.len(); n > 1002 {
		t.Errorf("%d arms, more than 1000", n)
	}
	if a, b := s.arms.posterior("default", "home", "often", 1000); a+b < 70-1e-6 {
		t.Errorf("an item that was seen often is forgotten: %v", a+b)
	}
}
