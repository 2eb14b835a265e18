package recommendation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/neighbours"
	"github.com/freshet/freshet/services/recommendation/popular"
	"github.com/freshet/freshet/services/recommendation/session"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

// model asks a model of histories with the visit, or the page where there is none.
type model struct{ candidate.Source }

func (m model) Candidates(dst []candidate.Candidate, a *ask.Ask, k int) []candidate.Candidate {
	history := a.Session
	if len(history) == 0 {
		history = a.Context
	}
	return m.Source.Candidates(dst, &candidate.Query{History: history, AtMs: a.NowMs, K: k, Skip: a.Skip})
}

// BenchmarkRecommend makes lists of the home page from real models in memory: 100,000 items, a million touches of 100,000 visits, 10,000 visitors with 100 touches each.
// Identity, the network and Kafka are not in it.
func BenchmarkRecommend(b *testing.B) {
	const items, visits, visitors = 100_000, 100_000, 10_000
	w := newWorld(b, items)
	w.version = "v1"
	r := rand.New(rand.NewPCG(1, 2))
	like := rand.NewZipf(r, 1.2, 50, items-1)
	near := func(item int32) int32 { return int32((int(item) + r.IntN(40)) % items) }
	index, err := session.New(session.Default())
	if err != nil {
		b.Fatal(err)
	}
	viewedTogether, err := neighbours.New(neighbours.Default())
	if err != nil {
		b.Fatal(err)
	}
	counts := make([]int64, items)
	nowMs := start.UnixMilli()
	for v := range visits {
		item := int32(like.Uint64())
		var touched []int32
		group := fmt.Sprint(v)
		for range 10 {
			counts[item]++
			touched = append(touched, item)
			viewedTogether.Observe(group, item, nowMs-int64(visits-v))
			item = near(item)
		}
		viewedTogether.Close(group)
		index.Add(touched)
	}
	w.sources["session"], w.sources["also_viewed"], w.sources["popular"] = model{index}, model{viewedTogether}, model{popular.New(counts)}
	w.sources["trending"] = w.sources["popular"]
	for v := range visitors {
		var touches []visitor.Touch
		item := int32(like.Uint64())
		for i := range 100 {
			t := viewed(id(int(item)), time.Duration(100-i)*7*time.Minute)
			if i%10 == 0 {
				t.Kind = recommendationv1.TouchKind_TOUCH_KIND_BUY
			}
			touches, item = append(touches, t), near(item)
		}
		w.customer(fmt.Sprintf("user_id:%d", v), true, touches...)
	}
	s := w.service(func(_ *Config, d *Deps) { d.Loop = quietLoop{w} })
	for _, name := range []string{"home", "product", "feed"} {
		b.Run(name, func(b *testing.B) {
			took := make([]time.Duration, 0, b.N)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				began := time.Now()
				got, err := (&api{s: s}).Recommend(b.Context(), &recommendationv1.RecommendRequest{Id: fmt.Sprintf("user_id:%d", i%visitors), Scene: name, ContextItems: []string{id(i % 1000)}})
				if err != nil || len(got.GetRecommendations()) == 0 {
					b.Fatal(got, err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-us")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-us")
		})
	}
}

// quietLoop keeps no answers.
type quietLoop struct{ *world }

// Answered implements Loop.
func (quietLoop) Answered(*recommendationv1.Answer) {}
