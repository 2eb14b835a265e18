package repurchase

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/freshet/freshet/pkg/testkit"
	"github.com/freshet/freshet/services/recommendation/past"
)

// retail reads the gift shop's purchases and returns of those who have a customer number, by customer and time.
func retail(t *testing.T) []past.Deed[past.Line] {
	f, err := os.Open(testkit.Data(t, "online_retail.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(z)
	r.ReuseRecord = true
	var deeds []past.Deed[past.Line]
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.DateTime, row[4])
		if err != nil || row[6] == "" {
			continue
		}
		quantity, err := strconv.ParseInt(row[3], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		deeds = append(deeds, past.Deed[past.Line]{Key: past.Line{Customer: strings.Clone(row[6]), Item: strings.Clone(row[1])}, AtMs: at.UnixMilli(),
			Quantity: max(quantity, -quantity), Return: quantity < 0})
	}
	slices.SortStableFunc(deeds, func(a, b past.Deed[past.Line]) int {
		if c := strings.Compare(a.Key.Customer, b.Key.Customer); c != 0 {
			return c
		}
		return int(a.AtMs/1000 - b.AtMs/1000)
	})
	return deeds
}

// figure is NDCG@10 and Recall@10 over the customers who buy something again.
type figure struct{ ndcg, recall float64 }

// again judges how well a score of (item, times of purchase) ranks what each customer has bought and kept by what he buys again within 30 days.
func again(deeds, kept []past.Deed[past.Line], cut int64, score func(item string, at []int64) float64) (figure, int) {
	before, behind := map[string]map[string][]int64{}, map[past.Line]bool{}
	for _, d := range kept {
		m := before[d.Key.Customer]
		if m == nil {
			m = map[string][]int64{}
			before[d.Key.Customer] = m
		}
		m[d.Key.Item] = append(m[d.Key.Item], d.AtMs)
	}
	for _, d := range deeds {
		if d.AtMs >= cut && d.AtMs < cut+30*dayMs && !d.Return {
			behind[d.Key] = true
		}
	}
	var sum figure
	n := 0
	for customer, items := range before {
		type scored struct {
			item string
			of   float64
		}
		var list []scored
		truth := 0
		for item, at := range items {
			list = append(list, scored{item, score(item, at)})
			if behind[past.Line{Customer: customer, Item: item}] {
				truth++
			}
		}
		if truth == 0 {
			continue
		}
		slices.SortFunc(list, func(a, b scored) int {
			if a.of != b.of {
				if a.of > b.of {
					return -1
				}
				return 1
			}
			return strings.Compare(a.item, b.item)
		})
		got, ideal, hits := 0.0, 0.0, 0
		for place := range min(10, truth) {
			ideal += 1 / math.Log2(float64(place+2))
		}
		for place, s := range list[:min(10, len(list))] {
			if behind[past.Line{Customer: customer, Item: s.item}] {
				got += 1 / math.Log2(float64(place+2))
				hits++
			}
		}
		n++
		sum.ndcg += got / ideal
		sum.recall += float64(hits) / float64(min(10, truth))
	}
	return figure{sum.ndcg / float64(n), sum.recall / float64(n)}, n
}

func until(deeds []past.Deed[past.Line], cut int64) []past.Deed[past.Line] {
	var out []past.Deed[past.Line]
	for _, d := range deeds {
		if d.AtMs < cut {
			out = append(out, d)
		}
	}
	return out
}

// TestOnlineRetailIsBoughtAgainWhenTheCycleSays compares, of what each customer has bought, the order of the cycles with those of plain thought: the newest first, the most often first.
// The figures are in docs/needs.md.
func TestOnlineRetailIsBoughtAgainWhenTheCycleSays(t *testing.T) {
	deeds := retail(t)
	for _, day := range []string{"2011-06-09", "2011-09-09", "2011-11-09"} {
		at, _ := time.Parse(time.DateOnly, day)
		cut := at.UnixMilli()
		kept := past.Kept(until(deeds, cut))
		c := &Cycles{cfg: DefaultConfig(), learned: Learn(kept, func(string) string { return "" }, DefaultOptions())}
		last := func(at []int64) float64 { return float64(at[len(at)-1]) }
		cycle := func(item string, at []int64) float64 {
			cycle, ok := c.learned.Items[item]
			if !ok {
				cycle = c.learned.Shop
			}
			return c.mine(cycle, at).within(max(float64(cut-at[len(at)-1])/dayMs, 0), c.cfg.HorizonDays)
		}
		newest, n := again(deeds, kept, cut, func(_ string, at []int64) float64 { return last(at) })
		often, _ := again(deeds, kept, cut, func(_ string, at []int64) float64 { return float64(len(gaps(at))) + last(at)/1e14 })
		own, _ := again(deeds, kept, cut, cycle)
		t.Logf("%s: %d customers; NDCG@10 and recall@10: newest first %.4f %.4f, most often first %.4f %.4f, cycles %.4f %.4f", day, n,
			newest.ndcg, newest.recall, often.ndcg, often.recall, own.ndcg, own.recall)
		if own.ndcg <= often.ndcg || own.ndcg <= newest.ndcg || n < 300 {
			t.Errorf("%s: the cycles are not better", day)
		}
	}
}
