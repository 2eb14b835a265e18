package content

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/catalogue"
)

// shop makes a shelf of n items with names and descriptions of words as frequent as in a language.
func shop(n int) *catalogue.Shelf {
	r := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(r, 1.1, 20, 50_000)
	text := func(words int) string {
		var b strings.Builder
		for range words {
			fmt.Fprintf(&b, "word%d ", zipf.Uint64())
		}
		return b.String()
	}
	s := catalogue.NewShelf("w", n)
	for i := range n {
		id := fmt.Sprintf("sku-%07d", i)
		s.Put(&catalogue.Item{ID: id, Proto: &recommendationv1.Item{
			ItemId: id, Name: text(6), Description: text(30), Brand: fmt.Sprint("brand", r.IntN(500)), PriceMicros: proto.Int64(r.Int64N(1e9)),
			Categories: []string{fmt.Sprintf("c%d > d%d > e%d", r.IntN(10), r.IntN(10), r.IntN(10))}, Attributes: map[string]string{"colour": text(1)},
		}})
	}
	return s
}

// BenchmarkContent is a shop of 100,000 items: the first build, one after a change, and an answer.
func BenchmarkContent(b *testing.B) {
	s := shop(100_000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	x := New(s, Options{})
	x.Refresh()
	runtime.GC()
	runtime.ReadMemStats(&after)
	held := float64(after.HeapAlloc-before.HeapAlloc) / (1 << 20)
	b.Run("first build", func(b *testing.B) {
		for b.Loop() {
			New(s, Options{}).Refresh()
		}
		b.ReportMetric(held, "MiB-held")
	})
	b.Run("after a change", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			s.Put(&catalogue.Item{ID: "sku-0000000", Proto: &recommendationv1.Item{ItemId: "sku-0000000", Name: fmt.Sprint("word", n)}})
			x.Refresh()
		}
	})
	for _, c := range []struct {
		name     string
		k, items int32
	}{{"similar", 100, 99_999}, {"similar, kept", 50, 1000}} {
		b.Run(c.name, func(b *testing.B) {
			for n := int32(1); b.Loop(); n = (n+7919)%c.items + 1 {
				x.Similar(nil, n, int(c.k), nil)
			}
		})
	}
}
