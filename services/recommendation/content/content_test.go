package content

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/freshet/freshet/pkg/testkit"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/visitor"
)

func put(s *catalogue.Shelf, i *recommendationv1.Item) int32 {
	s.Put(&catalogue.Item{ID: i.GetItemId(), Proto: i})
	n, _ := s.Number(i.GetItemId())
	return n
}

// naive compares two items of a list by the formula of the package comment, with texts and maps.
func naive(all []*recommendationv1.Item, a, b, most int) float64 {
	of, n := map[string]int{}, 0
	counts := make([]map[string]float64, len(all))
	for i, item := range all {
		if item == nil {
			continue
		}
		n++
		counts[i] = map[string]float64{}
		eachWord(item, func(w string, weight float32) { counts[i][w] += float64(weight) })
		for w := range counts[i] {
			of[w]++
		}
	}
	weight := func(i int, w string) float64 {
		if of[w] > most || counts[i][w] == 0 {
			return 0
		}
		return (1 + math.Log(counts[i][w])) * math.Log(1+float64(n)/float64(of[w]))
	}
	var dot, aa, bb float64
	for w := range of {
		x, y := weight(a, w), weight(b, w)
		dot, aa, bb = dot+x*y, aa+x*x, bb+y*y
	}
	if dot == 0 {
		return 0
	}
	price := 0.5
	p, q := all[a].GetPriceMicros(), all[b].GetPriceMicros()
	if p > 0 && q > 0 && all[a].GetCurrency() == all[b].GetCurrency() {
		price = max(0, 1-math.Abs(math.Log2(float64(p)/float64(q))))
	}
	score := 1 + 0.25*price
	if len(all[a].GetCategories()) > 0 && len(all[b].GetCategories()) > 0 && all[a].Categories[0] == all[b].Categories[0] {
		score += 0.15
	}
	if all[a].GetBrand() != "" && strings.EqualFold(all[a].GetBrand(), all[b].GetBrand()) {
		score += 0.1
	}
	return dot / math.Sqrt(aa*bb) * score / 1.5
}

func drawItem(t *rapid.T, n int) *recommendationv1.Item {
	text := func(label string) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"red", "warm", "boot", "防水", "外套", "x1", "a"}), 0, 4).Draw(t, label), " ")
	}
	i := &recommendationv1.Item{ItemId: fmt.Sprint(n), Name: text("name"), Description: text("description"), Brand: rapid.SampledFrom([]string{"", "Acme", "ACME", "Umbra"}).Draw(t, "brand"),
		Currency: rapid.SampledFrom([]string{"", "EUR"}).Draw(t, "currency")}
	if rapid.Bool().Draw(t, "priced") {
		i.PriceMicros = proto.Int64(rapid.Int64Range(1, 9).Draw(t, "price"))
	}
	i.Categories = rapid.SliceOfN(rapid.SampledFrom([]string{"A", "A > B", "A > C"}), 0, 2).Draw(t, "categories")
	if rapid.Bool().Draw(t, "attributed") {
		i.Attributes = map[string]string{"colour": text("colour"), "size": "42"}
	}
	return i
}

func TestEqualToComparingWithEveryItem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shelf, all := catalogue.NewShelf("w", 100), []*recommendationv1.Item{}
		most := rapid.IntRange(2, 6).Draw(t, "most")
		x := New(shelf, Options{MostPostings: most})
		for n := range rapid.IntRange(2, 12).Draw(t, "items") {
			if rapid.IntRange(0, 5).Draw(t, "only numbered") == 0 {
				shelf.Ensure(fmt.Sprint(n))
				all = append(all, nil)
				continue
			}
			all = append(all, drawItem(t, n))
			put(shelf, all[n])
		}
		x.Refresh()
		for range rapid.IntRange(0, 3).Draw(t, "changes") { // an index that follows is the one that is built at once
			n := rapid.IntRange(0, len(all)-1).Draw(t, "which")
			all[n] = drawItem(t, n)
			put(shelf, all[n])
			if rapid.Bool().Draw(t, "look") {
				x.Refresh()
			}
		}
		x.Refresh()
		for a := range all {
			got := map[int32]float64{}
			list := x.Similar(nil, int32(a), len(all), func(item int32) bool { return item == 1 })
			for n, c := range list {
				got[c.Item] = c.Score
				if n > 0 && candidate.Better(c, list[n-1]) {
					t.Fatalf("%v is behind %v", c, list[n-1])
				}
			}
			for b := range all {
				want := 0.0
				if a != b && b != 1 && all[a] != nil && all[b] != nil {
					want = naive(all, a, b, most)
				}
				if math.Abs(got[int32(b)]-want) > 1e-5 {
					t.Fatalf("%v and %v: %v, want %v", all[a], all[b], got[int32(b)], want)
				}
			}
		}
	})
}

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"Winter-Boot, 42":                 "winter boot 42",
		"男士防水冲锋衣":                         "男士 士防 防水 水冲 冲锋 锋衣",
		"鞋":                               "鞋",
		"索尼WH-1000耳机":                     "索尼 wh 1000 耳机",
		"ＷＨ１０００ ｶﾒﾗ":                      "wh1000 カメ メラ",
		"<p class='x'>Warm &amp; dry</p>": "warm amp dry",
		"3 < 5 x":                         "3 5",
		"Äpfel Café cafe\u0301":           "äpfel café café",
		strings.Repeat("x", 41):           "",
		"":                                "",
	} {
		var got []string
		words(text, func(w string) { got = append(got, w) })
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// A shop in Chinese: the coat is most like the other coat, the earphones like the earphones.
func TestChinese(t *testing.T) {
	shelf := catalogue.NewShelf("w", 100)
	names := []string{"男士防水冲锋衣 户外登山", "女士防水冲锋衣 秋冬", "男士登山鞋 徒步", "无线蓝牙耳机 降噪", "蓝牙耳机 运动防水", "儿童故事书"}
	for _, name := range names {
		put(shelf, &recommendationv1.Item{ItemId: name, Name: name})
	}
	x := New(shelf, Options{})
	x.Refresh()
	for a, want := range map[int32]int32{0: 1, 1: 0, 2: 0, 3: 4, 4: 3} {
		if got := x.Similar(nil, a, 1, nil); len(got) != 1 || got[0].Item != want || got[0].Reason.Kind != candidate.Content || got[0].Reason.Because != a {
			t.Errorf("%s: %v, want %s", names[a], got, names[want])
		}
	}
	if got := x.Similar(nil, 5, 3, nil); len(got) != 0 {
		t.Errorf("a book is like %v", got)
	}
}

func TestCandidatesNameWhatTheyResemble(t *testing.T) {
	shelf := catalogue.NewShelf("w", 100)
	var n []int32
	for _, name := range []string{"red boot", "warm boot red", "blue lamp", "lamp blue glass", "green chair", "chair green wood"} {
		n = append(n, put(shelf, &recommendationv1.Item{ItemId: name, Name: name}))
	}
	x := New(shelf, Options{})
	x.Refresh()
	none := func(int32) bool { return false }
	known := &visitor.View{Personal: true}
	cases := map[string]struct {
		a    *ask.Ask
		want string // item of because, best first
	}{
		"the page":                   {&ask.Ask{Context: n[0:1]}, "1 of 0"},
		"the visit":                  {&ask.Ask{Session: []int32{n[0], n[2]}}, "3 of 2, 1 of 0"},
		"the past counts less":       {&ask.Ask{Session: n[0:1], History: n[2:3], Visitor: known}, "1 of 0, 3 of 2"},
		"the past of who forbids it": {&ask.Ask{History: n[2:3], Visitor: &visitor.View{}}, ""},
		"nobody":                     {&ask.Ask{}, ""},
		"not what was asked with":    {&ask.Ask{Context: []int32{n[0], n[1], n[4]}}, "5 of 4"},
		"an item that it knows not":  {&ask.Ask{Context: []int32{99, -1, n[0]}}, "1 of 0"},
	}
	for name, c := range cases {
		if c.a.Skip == nil {
			c.a.Skip = none
		}
		var got []string
		for _, r := range x.Source().Candidates(nil, c.a, 10) {
			got = append(got, fmt.Sprintf("%d of %d", r.Item, r.Reason.Because))
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
	refusing := &ask.Ask{Context: n[0:1], Skip: func(i int32) bool { return i == n[1] }}
	if got := x.Candidates(nil, refusing, 10); len(got) != 0 || len(x.Candidates(nil, cases["the page"].a, 0)) != 0 {
		t.Errorf("what is refused, or not asked for, is proposed: %v", got)
	}
}

func TestOnlyDescriptionsBuild(t *testing.T) {
	shelf := catalogue.NewShelf("w", 100)
	x := New(shelf, Options{})
	i := func(edit func(*recommendationv1.Item)) *recommendationv1.Item {
		i := &recommendationv1.Item{ItemId: "a", Name: "red boot", PriceMicros: proto.Int64(5)}
		edit(i)
		return i
	}
	for _, step := range []struct {
		what string
		edit func(*recommendationv1.Item)
		want int
	}{
		{"a new item", func(*recommendationv1.Item) {}, 1},
		{"its stock", func(i *recommendationv1.Item) { i.Stock = proto.Int64(0) }, 1},
		{"the same once more", func(i *recommendationv1.Item) { i.Stock = proto.Int64(0) }, 1},
		{"its price", func(i *recommendationv1.Item) { i.PriceMicros = proto.Int64(6) }, 2},
		{"its name", func(i *recommendationv1.Item) { i.Name = "blue boot" }, 3},
	} {
		put(shelf, i(step.edit))
		if x.Refresh(); x.builds != step.want {
			t.Errorf("%s: %d builds, want %d", step.what, x.builds, step.want)
		}
	}
}

func TestAnswersWhileItIsBuilt(t *testing.T) {
	shelf := catalogue.NewShelf("w", 10_000)
	x := New(shelf, Options{Every: time.Millisecond})
	a := put(shelf, &recommendationv1.Item{ItemId: "a", Name: "red boot"})
	put(shelf, &recommendationv1.Item{ItemId: "b", Name: "red boot"})
	x.Refresh()
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { _ = x.Run(ctx) })
	for range 2 {
		all.Go(func() {
			for ctx.Err() == nil {
				if got := x.Similar(nil, a, 10_000, nil); len(got) == 0 || got[len(got)-1].Score < 0.5 {
					t.Errorf("an answer of %d", len(got))
				}
			}
		})
	}
	for n := range 500 {
		put(shelf, &recommendationv1.Item{ItemId: fmt.Sprint(n), Name: "red boot"})
	}
	testkit.Eventually(t, time.Minute, func() error {
		if n := len(x.Similar(nil, a, 10_000, nil)); n < 501 {
			return fmt.Errorf("%d items are found", n)
		}
		return nil
	})
	stop()
	all.Wait()
	if got := x.Similar(nil, a, 3, nil); !slices.IsSortedFunc(got, func(a, b candidate.Candidate) int { return int(a.Item - b.Item) }) {
		t.Errorf("equal scores are in no order: %v", got)
	}
}
