package bundle_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/als"
	"github.com/freshet/freshet/services/recommendation/associate"
	"github.com/freshet/freshet/services/recommendation/bundle"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/ease"
	"github.com/freshet/freshet/services/recommendation/learn"
)

const items = 30

// touches are those of so many visits of a small shop.
func touches(visits int, seed uint64) (list []*recommendationv1.Touch) {
	r := rand.New(rand.NewPCG(seed, 1))
	at := int64(1_700_000_000_000)
	for v := range visits {
		at += 3_600_000
		for range 2 + r.IntN(4) {
			at += 1000
			t := &recommendationv1.Touch{Workspace: "shop", CustomerId: fmt.Sprint(r.IntN(visits/2 + 1)), ItemId: fmt.Sprint("item", r.IntN(items)), AtMs: at, ReceivedMs: at}
			if t.Kind = recommendationv1.TouchKind_TOUCH_KIND_VIEW; r.IntN(3) == 0 {
				t.Kind, t.OrderId = recommendationv1.TouchKind_TOUCH_KIND_BUY, fmt.Sprint("o", v)
			}
			list = append(list, t)
		}
	}
	return list
}

// parts are models of touches. Factors above 0 take ALS, else EASE.
func parts(t testing.TB, list []*recommendationv1.Touch, factors int) bundle.Parts {
	t.Helper()
	l, err := learn.New(learn.Default())
	if err != nil {
		t.Fatal(err)
	}
	shelf := catalogue.NewShelf("shop", 1000)
	histories := map[string][]int32{}
	for _, one := range list {
		n, _ := shelf.Ensure(one.GetItemId())
		l.Touch(one, n)
		histories[one.GetCustomerId()] = append(histories[one.GetCustomerId()], n)
	}
	l.Finish()
	p := bundle.Parts{Span: bundle.Span{FromMs: 1, Touches: int64(len(list)), Visitors: int64(len(histories))}, Extra: map[string][]byte{"ranker.bin": []byte("trees")}}
	for n := range int32(shelf.Len()) {
		p.Items = append(p.Items, shelf.Item(n).ID)
	}
	l.Fill(&p)
	var all [][]int32
	for _, name := range slices.Sorted(maps.Keys(histories)) {
		all = append(all, histories[name])
	}
	o := als.Default()
	if o.Factors = factors; factors > 0 {
		p.Taste, err = als.Fit(context.Background(), all, shelf.Len(), o)
	} else {
		p.Taste, err = ease.Fit(context.Background(), all, shelf.Len(), ease.Default())
	}
	if err != nil {
		t.Fatal(err)
	}
	sets, err := associate.Mine(context.Background(), all, associate.Options{MinSupport: .01, MaxLen: 3, MaxSets: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	if p.Rules, err = associate.Rules(sets, len(all), associate.RuleOptions{}); err != nil {
		t.Fatal(err)
	}
	p.Baskets = len(all)
	return p
}

func write(t testing.TB, p bundle.Parts) map[string][]byte {
	t.Helper()
	files, err := bundle.Write(p)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// models are the parts that can be asked.
func models(p *bundle.Parts) map[string]candidate.Source {
	return map[string]candidate.Source{"session": p.Session, "viewed": p.Viewed, "bought": p.Bought, "together": p.Together, "taste": p.Taste, "rules": associate.NewBook(p.Rules)}
}

// With the same items in the same order everything is the same, to the bit, and so is what is written of it.
func TestABundleIsReadAsItWasWritten(t *testing.T) {
	for _, factors := range []int{0, 8} {
		p := parts(t, touches(60, 1), factors)
		files := write(t, p)
		shelf := catalogue.NewShelf("shop", 1000)
		got, err := bundle.Read(files, shelf)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Items, p.Items) || got.Span != p.Span || got.Baskets != p.Baskets || len(got.Rules) != len(p.Rules) || len(p.Rules) == 0 || !slices.Equal(got.Popular, p.Popular) {
			t.Fatalf("%+v", got)
		}
		for name, want := range models(&p) {
			for item := range int32(len(p.Items)) {
				q := &candidate.Query{History: []int32{item, (item + 7) % int32(len(p.Items))}, K: 20}
				a, b := models(got)[name].Candidates(nil, q), want.Candidates(nil, q)
				if !slices.Equal(a, b) {
					t.Fatalf("%s: %v, want %v", name, a, b)
				}
			}
		}
		again := write(t, *got)
		for name := range files {
			if !bytes.Equal(again[name], files[name]) {
				t.Errorf("file %s is another one", name)
			}
		}
		if len(again) != len(files) || len(files) != 10 {
			t.Errorf("%d files, then %d", len(files), len(again))
		}
	}
}

// A shelf that has other items, in another order: answers are the same, item by item.
func TestNumbersAreTheReadersOwn(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := parts(t, touches(40, rapid.Uint64Range(1, 5).Draw(rt, "seed")), rapid.SampledFrom([]int{0, 4}).Draw(rt, "factors"))
		shelf := catalogue.NewShelf("shop", 1000)
		for _, n := range rapid.Permutation(slices.Collect(func(yield func(int) bool) {
			for i := range 2 * items {
				if !yield(i) {
					return
				}
			}
		})).Draw(rt, "order")[:items] {
			shelf.Ensure(fmt.Sprint("item", n))
		}
		got, err := bundle.Read(write(t, p), shelf)
		if err != nil {
			rt.Fatal(err)
		}
		for name, model := range models(&p) {
			item := rapid.IntRange(0, len(p.Items)-1).Draw(rt, "item")
			there, _ := shelf.Number(p.Items[item])
			want := map[string]float64{}
			for _, c := range model.Candidates(nil, &candidate.Query{History: []int32{int32(item)}, K: 1000}) {
				want[p.Items[c.Item]] = c.Score
			}
			list := models(got)[name].Candidates(nil, &candidate.Query{History: []int32{there}, K: 1000})
			if len(list) != len(want) {
				rt.Fatalf("%s: %v, want %v", name, list, want)
			}
			for _, c := range list {
				if id := shelf.Item(c.Item).ID; want[id] != c.Score {
					rt.Fatalf("%s: %s has %v, want %v", name, id, c.Score, want[id])
				}
			}
		}
	})
}

func TestAFullShelfLosesOnlyWhatDoesNotFit(t *testing.T) {
	p := parts(t, touches(60, 1), 0)
	shelf := catalogue.NewShelf("shop", len(p.Items)-5)
	got, err := bundle.Read(write(t, p), shelf)
	if err != nil {
		t.Fatal(err)
	}
	for name, model := range models(got) {
		for item := range int32(shelf.Len()) {
			q := &candidate.Query{History: []int32{item}, K: 1000}
			want := models(&p)[name].Candidates(nil, &candidate.Query{History: q.History, K: 1000, Skip: func(i int32) bool { return int(i) >= shelf.Len() }})
			if list := model.Candidates(nil, q); len(list) != len(want) && name != "rules" {
				t.Errorf("%s of %d: %v, want %v", name, item, list, want)
			}
		}
	}
}

func TestADamagedFileIsNamed(t *testing.T) {
	files := write(t, parts(t, touches(30, 1), 0))
	if _, err := bundle.Write(bundle.Parts{Extra: map[string][]byte{bundle.ItemsFile: nil}}); err == nil {
		t.Error("an extra file takes the name of another")
	}
	for name, data := range files {
		for i := 0; i < 8*len(data); i += 1 + 8*len(data)/200 {
			bad := slices.Clone(data)
			bad[i/8] ^= 1 << (i % 8)
			spoiled := maps.Clone(files)
			spoiled[name] = bad
			_, err := bundle.Read(spoiled, catalogue.NewShelf("shop", 1000))
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Fatalf("bit %d of %s is changed: %v", i, name, err)
			}
		}
		less := maps.Clone(files)
		delete(less, name)
		if _, err := bundle.Read(less, catalogue.NewShelf("shop", 1000)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}
