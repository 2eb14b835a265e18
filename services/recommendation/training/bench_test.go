package training

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/freshet/freshet/pkg/testkit"
	recommendationv1 "github.com/freshet/freshet/proto/gen/freshet/recommendation/v1"
	"github.com/freshet/freshet/services/recommendation/ask"
	"github.com/freshet/freshet/services/recommendation/associate"
	"github.com/freshet/freshet/services/recommendation/candidate"
	"github.com/freshet/freshet/services/recommendation/catalogue"
	"github.com/freshet/freshet/services/recommendation/judge"
	"github.com/freshet/freshet/services/recommendation/popular"
	"github.com/freshet/freshet/services/recommendation/rank"
)

func unpacked(b *testing.B, name string) io.Reader {
	b.Helper()
	f, err := os.Open(testkit.Data(b, name))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		b.Fatal(err)
	}
	return z
}

// retailrocket are the newest of its visits, an hour between two, each of a visitor of his own: the file has no more.
func retailrocket(b *testing.B, newest int) (out []Touch) {
	in := bufio.NewScanner(unpacked(b, "retailrocket_sessions.jsonl.gz"))
	in.Buffer(nil, 1<<20)
	var visits [][]int
	for in.Scan() {
		var one []int
		if err := json.Unmarshal(in.Bytes(), &one); err != nil {
			b.Fatal(err)
		}
		visits = append(visits, one)
	}
	for v, visit := range visits[len(visits)-newest:] {
		for i, item := range visit {
			out = append(out, Touch{Customer: fmt.Sprint(v), Item: fmt.Sprint(item), Kind: "view", AtMs: base.UnixMilli() + int64(v)*3_600_000 + int64(i)*1000})
		}
	}
	return out
}

// onlineRetail are the gift shop's orders and what was given back; who has no customer number is anonymous. prices are the newest.
func onlineRetail(b *testing.B) (out []Touch, prices map[string]*catalogue.Item) {
	r := csv.NewReader(unpacked(b, "online_retail.csv.gz"))
	prices = map[string]*catalogue.Item{}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		at, err := time.Parse(time.DateTime, row[4])
		if err != nil {
			continue
		}
		t := Touch{Customer: row[6], Item: row[1], Kind: "buy", AtMs: at.UnixMilli(), Order: row[0], Quantity: 1_000_000}
		if t.Anonymous = t.Customer == ""; t.Anonymous {
			t.Customer = "order " + t.Order
		}
		if strings.HasPrefix(row[3], "-") {
			t.Kind = "return"
		}
		if price, err := strconv.ParseFloat(row[5], 64); err == nil && price > 0 {
			prices[t.Item] = &catalogue.Item{Proto: &recommendationv1.Item{ItemId: t.Item, PriceMicros: proto.Int64(int64(price * 1e6))}}
		}
		out = append(out, t)
	}
	slices.SortStableFunc(out, func(a, b Touch) int { return int(min(max(a.AtMs-b.AtMs, -1), 1)) })
	return out, prices
}

// before asks as training did while it had a path of its own: with the visit alone, by models of neighbours asked directly, and customers by their tastes.
type before struct {
	sources map[string]candidate.Source
	names   []string
	order   func(*rank.Pool) []rank.Ranked
}

func beforeOf(p *Parts) *before {
	return &before{
		sources: map[string]candidate.Source{"session": p.Session, "also_viewed": p.Viewed, "bought_together": p.Together, "rule": associate.NewBook(p.Rules), "again": popular.Again{}, "popular": popular.New(p.Popular)},
		names:   []string{"session", "also_viewed", "bought_together", "rule", "again", "popular"}, order: rank.Blend,
	}
}

func (o *before) pool(q *candidate.Query) *rank.Pool {
	p := rank.NewPool(rank.FromQuery(q))
	for _, name := range o.names {
		p.Name(name, 1)
	}
	asked := *q
	asked.K = wide
	for i, name := range o.names {
		p.Add(i, o.sources[name].Candidates(nil, &asked))
	}
	return p
}

func (o *before) learn(b *testing.B, cases []judge.Case) {
	l := rank.NewLessons(o.names)
	for i := range cases {
		c := &cases[i]
		p := o.pool(&candidate.Query{History: c.History, Times: c.Times, AtMs: c.AtMs})
		if err := l.Add(p, func(item int32) int {
			if slices.Contains(c.Relevant, item) {
				return 1
			}
			return 0
		}); err != nil {
			b.Fatal(err)
		}
		p.Put()
	}
	options := rank.Default()
	options.Seed = seed
	r, err := rank.Train(b.Context(), l, options)
	if err != nil {
		b.Log(err)
		return
	}
	o.order = r.Rank
}

// Candidates implements candidate.Source.
func (o *before) Candidates(dst []candidate.Candidate, q *candidate.Query) []candidate.Candidate {
	p := o.pool(q)
	defer p.Put()
	for i, r := range o.order(p) {
		if i == q.K {
			break
		}
		dst = append(dst, candidate.Candidate{Item: r.Item, Score: r.Score})
	}
	return dst
}

// compares judges what serves beside what was judged before there was one path, on the same cases of the same models.
func compares(b *testing.B, touches []Touch, prices map[string]*catalogue.Item) {
	b.Helper()
	began, took, last := time.Now(), "", ""
	a := &attempt{Service: &Service{cfg: Default(), deps: Deps{Ranking: Ranks{Workers: 1}}}, tell: func(what string, done, of int) {
		if what != last {
			took, last = took+fmt.Sprintf("%s: %s; ", time.Since(began).Round(time.Millisecond), what), what
		}
	}}
	if prices != nil {
		a.deps.Item = func(_, id string) *catalogue.Item { return prices[id] }
	}
	for _, t := range touches {
		a.heap.add(t)
	}
	cut, err := a.heap.cut(.1, 0)
	if err != nil {
		b.Fatal(err)
	}
	a.prepare(cut)
	for _, t := range a.trials { // what is enough to compare
		t.set.Thin(3000)
		of := judge.Set{Cases: t.teaching}
		of.Thin(6000)
		t.teaching = of.Cases
	}
	if err := a.fitTo(b.Context(), cut); err != nil {
		b.Fatal(err)
	}
	b.Logf("%sfitted in %s; %v", took, time.Since(began), a.judged.Notes)
	if file := a.judged.Extra[RankerFile]; file != nil {
		r, err := rank.Decode(file)
		if err != nil {
			b.Fatal(err)
		}
		told := ""
		for i, gain := range r.Gains() {
			if gain > 0 {
				told += fmt.Sprintf(" %s %.3g", r.Features()[i], gain)
			}
		}
		b.Logf("%d trees:%s", r.Trees(), told)
	}
	for _, t := range a.trials {
		old := judge.Model{Name: "before", Source: a.judged.Taste}
		if t.Protocol == nextItem {
			was := beforeOf(a.judged)
			was.learn(b, t.teaching)
			old.Source = was
		}
		list, _, err := a.listed(t.Protocol, a.judged)
		if err != nil {
			b.Fatal(err)
		}
		models := []judge.Model{old, a.heap.judged("list", list), a.heap.judged("blend", blended(a))}
		if t.Protocol == nextItem {
			models = append(models, a.heap.judged("without taste", without(b, a, candidate.Taste.String())))
		}
		for _, s := range a.judged.sources() {
			models = append(models, a.heap.judged(s.Name, s.Source))
		}
		rows, err := judge.Judge(b.Context(), t.set, models, judge.Options{Seed: seed})
		if err != nil {
			b.Fatal(err)
		}
		told := fmt.Sprintf("%s, %d cases, %d taught", t.Protocol, len(t.set.Cases), len(t.teaching))
		was := slices.IndexFunc(rows, func(r judge.Row) bool { return r.Name == old.Name })
		for i := range rows {
			r := &rows[i]
			if !slices.Contains([]string{"list", "before", "blend", "without taste", "session", "again", "taste"}, r.Name) {
				continue
			}
			d, err := t.set.Difference(r, &rows[was], judge.Options{Seed: seed})
			if err != nil {
				b.Fatal(err)
			}
			told += fmt.Sprintf("; %s Recall@20 %.4f (%.4f to %.4f) NDCG@10 %.4f; against before %+.4f (%+.4f to %+.4f)", r.Name, r.Recall.Value, r.Recall.Low, r.Recall.High, r.NDCG.Value, d.Value, d.Low, d.High)
		}
		b.Log(told)
	}
}

// without is a ranker that one source is kept from.
func without(b *testing.B, a *attempt, name string) ask.Source {
	sources := slices.DeleteFunc(a.judged.sources(), func(s rank.Named) bool { return s.Name == name })
	cases := a.taught(false)
	file, err := Ranks{Workers: 1}.Train(b.Context(), sources, a.facts(), len(cases), func(i int) (*ask.Ask, []int32) { return a.heap.ask(cases[i].Place, cases[i].AtMs), cases[i].Relevant }, func(int, int) {})
	if err != nil {
		b.Fatal(err)
	}
	s, err := Ranks{}.Over(sources, a.facts(), file)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func blended(a *attempt) ask.Source {
	s, _ := Ranks{}.Over(a.judged.sources(), a.facts(), nil)
	return s
}

// BenchmarkOnePathOnRetailrocket and the next say what one path for training and serving costs or brings.
func BenchmarkOnePathOnRetailrocket(b *testing.B) {
	touches := retailrocket(b, 40_000)
	for b.Loop() {
		compares(b, touches, nil)
	}
}

func BenchmarkOnePathOnOnlineRetail(b *testing.B) {
	touches, prices := onlineRetail(b)
	for b.Loop() {
		compares(b, touches, prices)
	}
}

// smallShop is a shop of 1,500 items and 4,000 customers in half a year: of each touch the next is one of what is alike.
func smallShop() (out []Touch) {
	r := rand.New(rand.NewPCG(3, 5))
	like := rand.NewZipf(r, 1.1, 30, 1499)
	for v := range 15_000 {
		at := base.UnixMilli() + int64(v)*80*24*3_600_000/15_000
		who, place := r.IntN(4000), int(like.Uint64())
		for step := range 2 + r.IntN(6) {
			t := Touch{Customer: fmt.Sprint("c", who), Item: fmt.Sprint("i", place), Kind: "view", AtMs: at + int64(step)*1000}
			if out = append(out, t); step > 1 && r.IntN(4) == 0 {
				t.Kind, t.Order = "buy", fmt.Sprint("o", v)
				out = append(out, t)
			}
			if place = (place/10)*10 + r.IntN(10); r.IntN(5) == 0 {
				place = int(like.Uint64())
			}
		}
	}
	return out
}

// BenchmarkTrainingOfASmallShop is a training from the first touch to the models that are kept; what each step took stands in the log.
func BenchmarkTrainingOfASmallShop(b *testing.B) {
	touches := smallShop()
	for b.Loop() {
		a := &attempt{Service: &Service{cfg: Default(), deps: Deps{Ranking: Ranks{Workers: 1}, Now: time.Now}}}
		for _, t := range touches {
			a.heap.add(t)
		}
		began, told, last := time.Now(), fmt.Sprintf("%d touches, %d items; ", len(touches), a.heap.items.Len()), ""
		a.tell = func(what string, _, _ int) {
			if what != last {
				told, last = told+fmt.Sprintf("%s: %s; ", time.Since(began).Round(time.Millisecond), what), what
			}
		}
		if err := a.divide(0); err != nil {
			b.Fatal(err)
		}
		for _, step := range []func(context.Context) error{func(ctx context.Context) error { return a.fitTo(ctx, a.cutMs) }, a.judge, a.fitAll} {
			if err := step(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		b.Logf("%send: %s", told, time.Since(began))
	}
}
